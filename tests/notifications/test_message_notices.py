"""Recipients of notices of messages in the thread of a delivery."""

from uuid import UUID, uuid4

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from contracts.messages import MessageSent
from contracts.values import Language
from tests.builders import NOON, a_caller, an_event
from tests.notifications.steps import Client, appointed, notifications_of, subscribe

COORDINATOR = "UNODC:coordinator"
FOCAL_POINT = "KEN:focal_point"
PROVIDER = "NOR:provider_officer"


def a_message(*contacts: str, side: str | None = "provider", series_id: UUID | None = None) -> MessageSent:
    message_id = uuid4()
    return MessageSent(
        **{name: uuid4() for name in ("delivery_id", "request_id", "author_id")},
        message_id=message_id,
        state="KEN",
        provider="NOR",
        private=False,
        organization="NOR",
        side=side,
        language=Language.EN,
        files=(),
        series_id=series_id or message_id,
        texts_hash="0",
        sent_at=NOON,
        contacts=tuple(a_caller(one).person_id for one in contacts),
    )


async def test_named_contact_is_notified_of_messages_beside_those_who_act_for_the_side(
    api: Client, inbox: Inbox, db: Database
) -> None:
    official, auditor, stranger = "KEN:official", "UNODC:auditor", "UGA:official"
    await subscribe(api, FOCAL_POINT, official, PROVIDER, COORDINATOR)
    for who in (FOCAL_POINT, official, auditor, stranger):
        await appointed(db, who)
    first = a_message(FOCAL_POINT, official, auditor, stranger)
    await inbox.receive(an_event(first, 1))
    await inbox.receive(an_event(a_message(official, series_id=first.series_id), 1))

    for who in (FOCAL_POINT, official):
        (notified,) = await notifications_of(api, who)
        assert (first.type, f"/v1/deliveries/{first.delivery_id}") == (notified["notice"], notified["link"])
        assert {"inbox", "mail"} == {one["channel"] for one in notified["dispatches"]}
    for who in (PROVIDER, COORDINATOR, auditor, stranger):
        assert [] == await notifications_of(api, who)


async def test_contact_who_has_left_is_not_notified_of_messages(api: Client, inbox: Inbox, db: Database) -> None:
    await appointed(db, "KEN:official", ended=True)
    await inbox.receive(an_event(a_message("KEN:official", side=None), 1))

    assert [] == await notifications_of(api, "KEN:official")
