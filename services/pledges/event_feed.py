"""Visibility of events of funds, pledges and allocations; `may_see` in the statement is the policy in SQL."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from chassis.db.database import Tx
from chassis.journal.event_feed import by_caller
from contracts.facts import Event
from contracts.values import Caller

FOR_EVERYBODY = frozenset({"fund", "rate_table", "period", "activity"})


async def visible_events(
    tx: Tx, callers: Sequence[Caller], events: Sequence[Event]
) -> Mapping[Caller, Collection[UUID]]:
    """Return the ids of the events that each caller may see. Events of public records are for all callers."""
    rows = await tx.fetch(
        """
        SELECT ARRAY(SELECT pledge_id FROM pledge
                WHERE pledge_id = ANY ($3::uuid[]) AND reads_of_donor(donor, who.organization, who.role)
                UNION ALL SELECT requirement_id FROM requirement
                WHERE requirement_id = ANY ($3::uuid[])
                  AND sees_requirement(state, provider, who.organization, who.role)
                UNION ALL SELECT allocation_id FROM allocation
                WHERE allocation_id = ANY ($3::uuid[])
                  AND sees_allocation(work_package, activity_id, state, provider, who.organization, who.role)
                UNION ALL SELECT import_id FROM flow_import
                WHERE import_id = ANY ($3::uuid[]) AND reads_all(who.organization, who.role)
                UNION ALL SELECT in_kind_contribution_id FROM in_kind_contribution
                WHERE in_kind_contribution_id = ANY ($3::uuid[])
                    AND reads_of_donor(donor, who.organization, who.role)
                UNION ALL SELECT proposal_id FROM proposal
                WHERE proposal_id = ANY ($3::uuid[]) AND reads_all(who.organization, who.role)) AS ids
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS who(organization, role, number) ORDER BY number
        """,
        [caller.organization for caller in callers],
        [caller.role for caller in callers],
        [event.aggregate_id for event in events],
    )
    public = [event.aggregate_id for event in events if event.aggregate in FOR_EVERYBODY]
    return by_caller(callers, events, [[*row["ids"], *public] for row in rows])
