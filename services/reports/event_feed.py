"""Events of reports that a caller may stream; `may_see` in the statement is the policy."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from chassis.db.database import Tx
from chassis.journal.event_feed import by_caller
from contracts.facts import Event
from contracts.values import Caller


async def visible_events(
    tx: Tx, callers: Sequence[Caller], events: Sequence[Event]
) -> Mapping[Caller, Collection[UUID]]:
    """Return the events that each caller may see: those of visible reports."""
    rows = await tx.fetch(
        """
        SELECT ARRAY(SELECT report_id FROM report
                WHERE report_id = ANY ($3::uuid[]) AND sees_report(state, status, who.organization, who.role)) AS ids
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS who(organization, role, number) ORDER BY number
        """,
        [caller.organization for caller in callers],
        [caller.role for caller in callers],
        [event.aggregate_id for event in events],
    )
    return by_caller(callers, events, [row["ids"] for row in rows])
