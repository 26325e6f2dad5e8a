"""Which events of records a caller may stream; `may_see` in the statement is the policy."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from chassis.db.database import Tx
from contracts.facts import Event
from contracts.values import Caller
from services.sherloc.policy import EVENTS_FOR_ALL


async def seen(tx: Tx, callers: Sequence[Caller], events: Sequence[Event]) -> Mapping[Caller, Collection[UUID]]:
    """The events each caller may see: all of the own records that it sees, and of others' what was published."""
    rows = await tx.fetch(
        """
        SELECT
            ARRAY(SELECT legislation_id FROM legislation
                WHERE legislation_id = ANY ($3::uuid[]) AND may_see(legislation, who.organization, who.role)
                UNION ALL SELECT practice_id FROM practice
                WHERE practice_id = ANY ($3::uuid[]) AND may_see(practice, who.organization, who.role)) AS shown,
            ARRAY(SELECT legislation_id FROM legislation
                WHERE legislation_id = ANY ($3::uuid[])
                  AND is_party_to(state, who.organization, who.role)
                UNION ALL SELECT practice_id FROM practice
                WHERE practice_id = ANY ($3::uuid[]) AND may_see(practice, who.organization, who.role)
                  AND (oversees(who.role) OR is_author(practice, who.organization, who.role))) AS own
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS who(organization, role, number) ORDER BY number
        """,
        [caller.organization for caller in callers],
        [caller.role for caller in callers],
        [event.aggregate_id for event in events],
    )
    return {
        caller: {event.id for event in events if _receives(event, set(row["shown"]), set(row["own"]))}
        for caller, row in zip(callers, rows, strict=True)
    }


def _receives(event: Event, shown: Collection[UUID], own: Collection[UUID]) -> bool:
    if event.aggregate_id in own:
        return True
    return event.aggregate_id in shown and event.type.split(".")[2] in EVENTS_FOR_ALL
