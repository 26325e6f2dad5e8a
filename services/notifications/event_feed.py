"""The event stream of a person's new notifications."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from chassis.db.database import Tx
from chassis.journal.event_feed import by_caller
from contracts.conversion import from_attributes
from contracts.facts import Event
from contracts.notifications import NotificationOwed
from contracts.registry import decode_fact
from contracts.values import Caller, Role


class ArrivalData(Struct, frozen=True, kw_only=True):
    """The id of a notification, its appointment, and the records that it concerns."""

    notification_id: UUID
    organization: str
    role: Role
    request_id: UUID | None
    match_id: UUID | None


class Arrival(Struct, frozen=True, kw_only=True):
    """One notification in the stream; `type` is its notice, its text is in the inbox."""

    type: str
    timestamp: datetime
    data: ArrivalData


def item_of(event: Event) -> Arrival | None:
    """Return the stream item of an event; None unless it is a new notification of a person."""
    owed = decode_fact(event)
    if not isinstance(owed, NotificationOwed) or owed.webhook_id is not None:
        return None
    return Arrival(
        type=owed.notice,
        timestamp=owed.owed_at,
        data=from_attributes(ArrivalData, owed),
    )


async def visible_events(
    tx: Tx, callers: Sequence[Caller], events: Sequence[Event]
) -> Mapping[Caller, Collection[UUID]]:
    """Return the events of notifications in each caller's own inbox."""
    rows = await tx.fetch(
        """
        SELECT ARRAY(SELECT notification_id FROM notification
            WHERE notification_id = ANY ($2::uuid[]) AND person_id = who.person_id AND webhook_id IS NULL) AS ids
        FROM unnest($1::uuid[]) WITH ORDINALITY AS who(person_id, number) ORDER BY number
        """,
        [caller.person_id for caller in callers],
        [event.aggregate_id for event in events],
    )
    return by_caller(callers, events, [row["ids"] for row in rows])
