"""Who is told, as it does, that something has come into the own inbox."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from chassis.db.database import Tx
from chassis.journal.event_feed import of_records
from contracts.conversion import from_attributes
from contracts.facts import Event
from contracts.notifications import NotificationOwed
from contracts.values import Caller, Role


class ArrivalData(Struct, frozen=True, kw_only=True):
    """Which notification, in which appointment, and what may be looked up."""

    notification_id: UUID
    organization: str
    role: Role
    request_id: UUID | None
    match_id: UUID | None


class Arrival(Struct, frozen=True, kw_only=True):
    """One notification as the stream tells it; `type` is its notice, its words are in the inbox."""

    type: str
    timestamp: datetime
    data: ArrivalData


def told(event: Event) -> Arrival | None:
    """What is said of an event: nothing but where it owes a person a notification."""
    owed = event.fact()
    if not isinstance(owed, NotificationOwed) or owed.webhook_id is not None:
        return None
    return Arrival(
        type=owed.notice,
        timestamp=owed.owed_at,
        data=from_attributes(ArrivalData, owed),
    )


async def seen(tx: Tx, callers: Sequence[Caller], events: Sequence[Event]) -> Mapping[Caller, Collection[UUID]]:
    """Which of these events are of notifications that each caller finds in the own inbox."""
    rows = await tx.fetch(
        """
        SELECT ARRAY(SELECT notification_id FROM notification
            WHERE notification_id = ANY ($2::uuid[]) AND person_id = who.person_id AND webhook_id IS NULL) AS ids
        FROM unnest($1::uuid[]) WITH ORDINALITY AS who(person_id, number) ORDER BY number
        """,
        [caller.person_id for caller in callers],
        [event.aggregate_id for event in events],
    )
    return of_records(callers, events, [row["ids"] for row in rows])
