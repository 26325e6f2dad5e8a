"""The events of requests, attachments and mails that a caller may stream.

`seen` in the statement is the policy in SQL.
"""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from chassis.db.database import Tx
from chassis.journal.event_feed import by_caller
from contracts.facts import Event
from contracts.values import Caller


async def visible_events(
    tx: Tx, callers: Sequence[Caller], events: Sequence[Event]
) -> Mapping[Caller, Collection[UUID]]:
    """Return the events that each caller may see: of visible requests, clocks and mails, and of readable files."""
    rows = await tx.fetch(
        """
        SELECT ARRAY(SELECT request_id
                FROM request, seen(request_id, state, status, circulation, submitted_at, channel,
                    who.organization, who.role)
                WHERE request_id = ANY ($3::uuid[])
                UNION ALL
                SELECT attachment_id FROM attachment JOIN request USING (request_id),
                    seen(request_id, request.state, request.status, request.circulation, request.submitted_at,
                        request.channel, who.organization, who.role) AS shown
                WHERE attachment_id = ANY ($3::uuid[]) AND shown.words
                    AND (purpose = 'request' OR NOT is_outside(who.role))
                UNION ALL
                SELECT clock_id FROM clock
                WHERE clock_id = ANY ($3::uuid[]) AND CASE
                    WHEN is_outside(who.role) THEN
                        who.role = 'provider_officer' AND clock.organization = who.organization
                    WHEN oversees(who.role) THEN true
                    ELSE who.role IN ('focal_point', 'official') AND clock.state = who.organization END
                UNION ALL
                SELECT translation_id FROM translation JOIN request USING (request_id),
                    seen(request_id, request.state, request.status, request.circulation, request.submitted_at,
                        request.channel, who.organization, who.role) AS shown
                WHERE translation_id = ANY ($3::uuid[]) AND shown.words
                UNION ALL
                SELECT public_summary_id FROM public_summary JOIN request USING (request_id),
                    seen(request_id, request.state, request.status, request.circulation, request.submitted_at,
                        request.channel, who.organization, who.role)
                WHERE public_summary_id = ANY ($3::uuid[]) AND NOT is_outside(who.role)
                UNION ALL
                SELECT mail_id FROM mail
                WHERE mail_id = ANY ($3::uuid[]) AND sees_mail(status, organization, who.organization, who.role)) AS ids
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS who(organization, role, number) ORDER BY number
        """,
        [caller.organization for caller in callers],
        [caller.role for caller in callers],
        [event.aggregate_id for event in events],
    )
    return by_caller(callers, events, [row["ids"] for row in rows])
