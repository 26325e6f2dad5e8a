"""A dispatch is attempted until it ends, and ends once."""

from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.decisions import denied
from contracts.facts import Fact
from contracts.notifications import (
    Due,
    NotificationDeferred,
    NotificationExpired,
    NotificationOwed,
    SubscriptionRegistered,
)
from contracts.refusals import Conflict, Invalid
from contracts.values import Caller, Language, Role
from services.notifications import policy
from services.notifications.notices import model
from services.notifications.notices.model import (
    MOVES,
    Accepted,
    Channel,
    Failed,
    Notification,
    Outcome,
    Rejected,
    RetryIntervals,
    Status,
    check_address,
    evolve,
    subscription_id_of,
)
from services.notifications.policy import Action
from tests.builders import NOON, a_caller

MAIL = UUID(int=1)
INBOX = UUID(int=2)
PACE = RetryIntervals()


def queued(**changes: Any) -> Notification:
    values: dict[str, Any] = {
        "notification_id": uuid4(),
        "cause_id": uuid4(),
        "notice": "requests.request.opened.v1",
        "person_id": a_caller().person_id,
        "organization": "KEN",
        "role": Role.FOCAL_POINT,
        "reference": "TA-2026-00001",
        "link": f"/v1/requests/{uuid4()}",
        "dispatches": (
            Due(dispatch_id=INBOX, channel=Channel.INBOX),
            Due(dispatch_id=MAIL, channel=Channel.MAIL),
        ),
        "owed_at": NOON,
    }
    return evolve(None, NotificationOwed(**values | changes))


def settled(notification: Notification, outcome: Outcome, pace: RetryIntervals = PACE) -> Notification:
    return evolve(notification, notification.settle(MAIL, outcome, pace, now=NOON))


OUTCOMES: dict[Status, Outcome] = {
    Status.DELIVERED: Accepted(),
    Status.REFUSED: Rejected("550"),
    Status.OWED: Failed("451"),
}


@pytest.mark.parametrize("source", Status)
@pytest.mark.parametrize("target", Status)
def test_dispatch_changes_status_from_owed_only(source: Status, target: Status) -> None:
    pace = RetryIntervals(retries_max=0) if target is Status.EXPIRED else PACE
    before = queued()
    if source is not Status.OWED:
        to_source = OUTCOMES.get(source, Failed("451"))
        before = settled(before, to_source, RetryIntervals(retries_max=0) if source is Status.EXPIRED else PACE)
    outcome = OUTCOMES.get(target, Failed("451"))

    if target in MOVES[source]:
        assert target is settled(before, outcome, pace).dispatch(MAIL).status
    else:
        with pytest.raises(Conflict) as no:
            settled(before, outcome, pace)
        assert "dispatch-ended" == no.value.slug


def test_each_channel_ends_separately() -> None:
    after = settled(queued(), Rejected("550"))

    assert Status.REFUSED is after.dispatch(MAIL).status
    assert "550" == after.dispatch(MAIL).reason
    assert Status.OWED is after.dispatch(INBOX).status


def test_notification_is_read_once() -> None:
    notification = queued()
    fact = notification.read(now=NOON)
    assert fact is not None
    after = evolve(notification, fact)

    assert NOON == after.read_at
    assert after.read(now=NOON + timedelta(days=1)) is None


@given(
    retry_seconds=st.integers(1, 86_400),
    retries_max=st.integers(0, 60),
    delays=st.lists(st.integers(0, 3600), min_size=61, max_size=61),
)
def test_failing_mail_is_retried_and_then_expires(retry_seconds: int, retries_max: int, delays: list[int]) -> None:
    pace = RetryIntervals(retry_seconds=retry_seconds, retries_max=retries_max)
    notification = queued()
    at = [NOON]
    assert NOON == notification.dispatch(MAIL).next_at, "the first attempt is due at once"
    while notification.dispatch(MAIL).status is Status.OWED:
        fact = notification.settle(MAIL, Failed("451"), pace, now=at[-1])
        notification = evolve(notification, fact)
        if isinstance(fact, NotificationDeferred):
            # A sender may be late, but never early.
            at.append(fact.next_at + timedelta(seconds=delays[len(at)]))

    assert isinstance(fact, NotificationExpired)
    assert 1 + retries_max == len(at) == notification.dispatch(MAIL).attempts
    assert all(later - earlier >= timedelta(seconds=retry_seconds) for earlier, later in pairwise(at))


def test_mail_expires_after_four_hours_by_default() -> None:
    assert 4 * 3600 == PACE.retry_seconds * PACE.retries_max


@given(st.lists(st.sampled_from([Accepted(), Rejected("550"), Failed("451"), "read"]), max_size=20))
def test_revision_counts_facts_and_final_status_is_final(steps: list[Any]) -> None:
    notification = queued()
    count, ended = 1, None
    for step in steps:
        fact: Fact | None
        try:
            fact = notification.read(now=NOON) if step == "read" else notification.settle(MAIL, step, PACE, now=NOON)
        except Conflict:
            assert ended is notification.dispatch(MAIL).status
            continue
        if fact is not None:
            notification, count = evolve(notification, fact), count + 1
        if notification.dispatch(MAIL).status is not Status.OWED:
            ended = notification.dispatch(MAIL).status

    assert count == notification.revision


# -- subscriptions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example\r\nBcc: everybody@example.org",
        "a\n@b.example",
        "a@b.example\n",
        "a@b.example>\r\nRCPT TO:<c@d.example",
        "a b@c.example",
        "a@b@c.example",
        "Name <a@b.example>",
        "a@b.example,c@d.example",
        '"a"@b.example',
        "a@nowhere",
        "a@-b.example",
        "a@b..example",
        "@b.example",
        "a@",
        "",
        "a",
        "é@b.example",
        "a@bücher.example",
        "a\x00@b.example",
        "=?utf-8?q?a=0d=0aBcc=3ac?=@b.example",
        "=?utf-8?q?c=40d.example=2c?=@b.example",
        "=?utf-8?b?_?=@b.example",
        "a" * 65 + "@b.example",
        "a@" + "b." * 130 + "example",
    ],
)
def test_invalid_mail_address_is_rejected(address: str) -> None:
    with pytest.raises(Invalid) as no:
        check_address(address, (Channel.MAIL,))

    assert "address-invalid" == no.value.slug


@given(st.text(max_size=80))
def test_accepted_address_cannot_inject_headers_or_commands(text: str) -> None:
    try:
        check_address(text, ())
    except Invalid:
        return
    assert text.isascii()
    assert text.isprintable()
    assert not set(text) & set(' \r\n<>,;:"()')


@pytest.mark.parametrize("address", ["w.kamau@ken.example", "a+b@c-d.unodc.example", "o'neil@x.example"])
def test_ordinary_address_is_accepted(address: str) -> None:
    check_address(address, (Channel.MAIL,))


def test_mail_requires_an_address_and_the_inbox_does_not() -> None:
    check_address(None, (Channel.INBOX,))
    with pytest.raises(Invalid) as no:
        check_address(None, (Channel.INBOX, Channel.MAIL))

    assert "address-missing" == no.value.slug


def test_each_appointment_of_a_person_has_its_own_subscription() -> None:
    provider = a_caller("NOR:provider_officer")
    donor = Caller(person_id=provider.person_id, organization="NOR", role=Role.DONOR_OFFICER)

    assert subscription_id_of(provider) != subscription_id_of(donor)
    assert subscription_id_of(provider) == subscription_id_of(a_caller("NOR:provider_officer"))


def test_service_cannot_subscribe_and_person_sees_only_own_notifications() -> None:
    service = Caller(person_id=uuid4(), organization="UNODC", role=Role.SERVICE)
    assert denied("not-for-your-role") == policy.decide(service, Action.REGISTER_SUBSCRIPTION)

    for action in (Action.LIST_NOTIFICATIONS, Action.SHOW_NOTIFICATION, Action.READ_NOTIFICATION):
        assert policy.decide(a_caller(), action, queued()).allowed
        assert policy.decide(a_caller("UGA:focal_point"), action, queued()).hidden
        assert policy.decide(a_caller("UNODC:administrator"), action, queued()).hidden


def test_registration_replaces_the_previous_one() -> None:
    fact = SubscriptionRegistered(
        subscription_id=uuid4(),
        person_id=uuid4(),
        organization="KEN",
        role=Role.FOCAL_POINT,
        language=Language.EN,
        channels=("inbox",),
        registered_at=NOON,
    )
    first = model.evolve_subscription(None, fact)
    second = model.evolve_subscription(first, fact)

    assert (1, 2) == (first.revision, second.revision)
