"""Filter of the events of SHERLOC's desk that a caller may stream; `may_see` in the statement is the policy."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from chassis.db.database import Tx
from contracts.facts import Event
from contracts.values import Caller
from services.sherloc.meetings.model import EVENTS_FOR_ALL as MEETING_EVENTS_FOR_ALL
from services.sherloc.policy import EVENTS_FOR_ALL
from services.sherloc.review_progress.model import EVENTS_FOR_ALL as PROGRESS_EVENTS_FOR_ALL

FOR_ALL: Mapping[str, Collection[str]] = {
    "legislation": EVENTS_FOR_ALL,
    "contribution": EVENTS_FOR_ALL,
    "practice": EVENTS_FOR_ALL,
    "review_progress": PROGRESS_EVENTS_FOR_ALL,
    "meeting": MEETING_EVENTS_FOR_ALL,
}
"""Maps each aggregate to the events that callers receive who see the record and are not a party to it."""


async def visible_events(
    tx: Tx, callers: Sequence[Caller], events: Sequence[Event]
) -> Mapping[Caller, Collection[UUID]]:
    """Return the events that each caller may see.

    These are all events of records to which the caller is a party, of extensions and of outreach activities, and those
    in FOR_ALL of other records that the caller sees.
    """
    rows = await tx.fetch(
        """
        SELECT
            ARRAY(SELECT legislation_id FROM legislation
                WHERE legislation_id = ANY ($3::uuid[])
                  AND may_see_legislation(state, portal_status, who.organization, who.role)
                UNION ALL SELECT contribution_id FROM contribution
                WHERE contribution_id = ANY ($3::uuid[])
                  AND may_see_contribution(state, status, who.organization, who.role)
                UNION ALL SELECT review_progress_id FROM review_progress
                WHERE review_progress_id = ANY ($3::uuid[])
                  AND may_see_progress(state, status, who.organization, who.role)
                UNION ALL SELECT meeting_id FROM meeting
                WHERE meeting_id = ANY ($3::uuid[]) AND may_see_meetings(who.role)
                UNION ALL SELECT practice_id FROM practice
                WHERE practice_id = ANY ($3::uuid[])
                  AND may_see_practice(state, provider, status, submitted_at, who.organization, who.role)) AS shown,
            ARRAY(SELECT legislation_id FROM legislation
                WHERE legislation_id = ANY ($3::uuid[])
                  AND is_party_to(state, who.organization, who.role)
                UNION ALL SELECT contribution_id FROM contribution
                WHERE contribution_id = ANY ($3::uuid[])
                  AND is_party_to(state, who.organization, who.role)
                UNION ALL SELECT contribution_export_id FROM contribution_export
                WHERE contribution_export_id = ANY ($3::uuid[])
                  AND may_read_exports(who.organization, who.role)
                UNION ALL SELECT review_progress_id FROM review_progress
                WHERE review_progress_id = ANY ($3::uuid[]) AND is_party_to(state, who.organization, who.role)
                UNION ALL SELECT meeting_id FROM meeting WHERE meeting_id = ANY ($3::uuid[]) AND oversees(who.role)
                UNION ALL SELECT extension_id FROM extension
                WHERE extension_id = ANY ($3::uuid[]) AND is_appointed(who.role)
                UNION ALL SELECT outreach_activity_id FROM outreach_activity
                WHERE outreach_activity_id = ANY ($3::uuid[])
                  AND is_appointed(who.role)
                UNION ALL
                SELECT legislation_check_id FROM legislation_check
                WHERE legislation_check_id = ANY ($3::uuid[])
                  AND is_party_to(state, who.organization, who.role)
                UNION ALL
                SELECT legislation_proposal_id FROM legislation_proposal
                WHERE legislation_proposal_id = ANY ($3::uuid[])
                  AND is_party_to(state, who.organization, who.role)
                UNION ALL SELECT practice_id FROM practice
                WHERE practice_id = ANY ($3::uuid[])
                  AND may_see_practice(state, provider, status, submitted_at, who.organization, who.role)
                  AND (oversees(who.role) OR is_author(state, provider, who.organization, who.role))) AS own
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
    return event.aggregate_id in shown and event.type.split(".")[2] in FOR_ALL[event.aggregate]
