"""Tests of messages: every cell of the table of statuses and moves, the authors, and the series of a message."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from contracts.messages import MessageSent
from contracts.refusals import Conflict, Forbidden, Invalid
from contracts.values import Caller, Language, Role
from services.delivery import policy
from services.delivery.contacts.model import DeliveryContact, SideContacts
from services.delivery.deliveries.model import THREAD_DAYS, DeliveryStatus
from services.delivery.files.model import FilePurpose, FileStatus
from services.delivery.policy import Action
from services.delivery.thread import model
from services.delivery.thread.evolve import evolve
from services.delivery.thread.model import MESSAGES_MAX, Before, MessageStatus, NewMessage
from tests.builders import NOON
from tests.delivery.files.builders import a_file
from tests.delivery.steps import a_delivery

NO_CONTACTS = SideContacts()
PRIVATE = {"state_private_at": NOON, "provider_private_at": NOON}


def sent(
    role: Role = Role.FOCAL_POINT,
    *,
    delivery: Any = None,
    before: Before | None = None,
    files: Any = (),
    contacts: SideContacts = NO_CONTACTS,
    now: datetime = NOON,
    **changes: Any,
) -> MessageSent:
    values: dict[str, Any] = {"message_id": uuid4(), "author_id": uuid4(), "organization": "KEN", "private": False}
    named = values | {"language": Language.FR, "files": tuple(one.file_id for one in files), "role": role} | changes
    delivery = delivery or a_delivery()
    of_delivery = [replace(one, delivery_id=delivery.delivery_id) for one in files]
    message = NewMessage(**named)
    return model.send(
        delivery,
        message,
        files=of_delivery,
        contacts=contacts,
        before=before or Before(),
        texts_hash="hash",
        now=now,
    )


@pytest.mark.parametrize("status", MessageStatus)
def test_each_cell_of_the_table(status: MessageStatus) -> None:
    before = replace(evolve(None, sent()), status=status)
    if status is MessageStatus.WITHDRAWN:
        with pytest.raises(Conflict, match="message-withdrawn"):
            before.withdraw(now=NOON)
        return
    after = evolve(before, before.withdraw(now=NOON))
    assert (MessageStatus.WITHDRAWN, 2, NOON) == (after.status, after.revision, after.withdrawn_at)


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("role", Role)
def test_who_sees_and_withdraws_a_message(role: Role, private: bool) -> None:
    message = evolve(None, sent(private=private, delivery=replace(a_delivery(), **PRIVATE)))
    organization = "NOR" if role is Role.PROVIDER_OFFICER else "KEN"
    caller = Caller(person_id=uuid4(), organization=organization, role=role)
    of_sides = role in {Role.FOCAL_POINT, Role.OFFICIAL, Role.PROVIDER_OFFICER}
    along = not private and role in {Role.COORDINATOR, Role.AUDITOR, Role.SERVICE}

    assert (of_sides or along) == policy.decide(caller, Action.SHOW_MESSAGE, message).allowed
    assert not policy.decide(caller, Action.WITHDRAW_MESSAGE, message).allowed
    author = replace(caller, person_id=message.author_id)
    assert (of_sides or along) == policy.decide(author, Action.WITHDRAW_MESSAGE, message).allowed


def test_thread_is_open_for_ninety_days_after_the_end() -> None:
    ended = replace(a_delivery(), status=DeliveryStatus.TERMINATED, terminated_at=NOON)
    last = NOON + timedelta(days=THREAD_DAYS)
    assert sent(delivery=ended, now=last).sent_at == last
    with pytest.raises(Conflict, match="thread-closed"):
        sent(delivery=ended, now=last + timedelta(seconds=1))


def test_private_messages_need_both_sides() -> None:
    with pytest.raises(Conflict, match="private-topic-not-open"):
        sent(private=True, delivery=replace(a_delivery(), state_private_at=NOON))
    opened = replace(a_delivery(), **PRIVATE)
    assert sent(private=True, delivery=opened).private
    with pytest.raises(Forbidden):
        sent(Role.COORDINATOR, private=True, delivery=opened)


def test_messages_are_limited() -> None:
    with pytest.raises(Conflict, match="too-many-messages"):
        sent(before=Before(messages=MESSAGES_MAX))


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": FilePurpose.MATERIAL},
        {"private": True},
        {"role": Role.PROVIDER_OFFICER},
        {"status": FileStatus.INFECTED},
        None,
    ],
)
def test_files_of_a_message_are_those_that_its_side_added_for_it(changes: dict[str, Any] | None) -> None:
    if changes is None:
        assert 1 == len(sent(files=[a_file()]).files)
        return
    status = changes.pop("status", FileStatus.CLEAN)
    with pytest.raises(Invalid, match="message-file-unsuitable"):
        sent(files=[replace(a_file(**changes), status=status)])


SERIES_ID = UUID(int=7)


@pytest.mark.parametrize(
    ("before", "goes_on"),
    [
        (Before(), False),
        (Before(series_id=SERIES_ID, begun_at=NOON - timedelta(minutes=59)), True),
        (Before(series_id=SERIES_ID, begun_at=NOON - timedelta(minutes=60)), False),
        (Before(series_id=SERIES_ID, begun_at=NOON - timedelta(minutes=1), is_read=True), False),
    ],
)
def test_other_side_is_notified_once_of_a_series(before: Before, goes_on: bool) -> None:
    message = sent(before=before)
    assert (SERIES_ID if goes_on else message.message_id) == message.series_id


def a_contact(person_id: UUID | None) -> DeliveryContact:
    return DeliveryContact(name="A sample.", email="person@example.org", person_id=person_id)


def test_contacts_with_an_account_of_the_sides_that_did_not_write_are_notified() -> None:
    ours, theirs, author = uuid4(), uuid4(), uuid4()
    contacts = SideContacts(
        state=(a_contact(ours), a_contact(None)), provider=(a_contact(theirs), a_contact(theirs), a_contact(author))
    )

    for role, expected in (
        (Role.FOCAL_POINT, (theirs,)),
        (Role.PROVIDER_OFFICER, (ours,)),
        (Role.COORDINATOR, (ours, theirs)),
    ):
        assert expected == sent(role, contacts=contacts, author_id=author).contacts
