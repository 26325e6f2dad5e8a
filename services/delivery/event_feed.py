"""Events that a caller may stream; `may_see` in the statement is the policy."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from chassis.db.database import Tx
from chassis.journal.event_feed import by_caller
from contracts.facts import Event
from contracts.values import Caller


async def visible_events(
    tx: Tx, callers: Sequence[Caller], events: Sequence[Event]
) -> Mapping[Caller, Collection[UUID]]:
    """Return the events that each caller may see: of visible deliveries, their records, strategies and experts."""
    rows = await tx.fetch(
        """
        SELECT ARRAY(SELECT delivery_id FROM delivery
                WHERE delivery_id = ANY ($3::uuid[]) AND reads_along(state, provider, false, who.organization, who.role)
                UNION ALL
                SELECT a.agreement_id FROM agreement AS a JOIN delivery AS d USING (delivery_id)
                WHERE a.agreement_id = ANY ($3::uuid[])
                  AND reads_along(d.state, d.provider, false, who.organization, who.role)
                UNION ALL
                SELECT file_id FROM file
                WHERE file_id = ANY ($3::uuid[]) AND reads_along(state, provider, private, who.organization, who.role)
                UNION ALL
                SELECT message_id FROM message
                WHERE message_id = ANY ($3::uuid[])
                  AND reads_along(state, provider, private, who.organization, who.role)
                UNION ALL
                SELECT session_id FROM session
                WHERE session_id = ANY ($3::uuid[]) AND sees_session(states, provider, who.organization, who.role)
                UNION ALL
                SELECT r.result_id FROM result AS r JOIN delivery AS d USING (delivery_id)
                WHERE r.result_id = ANY ($3::uuid[])
                  AND reads_along(d.state, d.provider, false, who.organization, who.role)
                UNION ALL
                SELECT action_point_id FROM action_point
                WHERE action_point_id = ANY ($3::uuid[])
                  AND sees_action_point(strategy_id, request_id, state, provider, who.organization, who.role)
                UNION ALL
                SELECT strategy_id FROM strategy
                WHERE strategy_id = ANY ($3::uuid[]) AND sees_strategy(state, request_id, who.organization, who.role)
                UNION ALL
                SELECT s.screening_id FROM screening AS s JOIN delivery AS d USING (delivery_id)
                WHERE s.screening_id = ANY ($3::uuid[])
                  AND reads_along(d.state, d.provider, false, who.organization, who.role)
                UNION ALL
                SELECT follow_up_id FROM follow_up
                WHERE follow_up_id = ANY ($3::uuid[])
                  AND reads_along(state, provider, false, who.organization, who.role)
                UNION ALL
                SELECT effect_id FROM effect
                WHERE effect_id = ANY ($3::uuid[]) AND reads_along(state, provider, false, who.organization, who.role)
                UNION ALL
                SELECT expert_id FROM expert
                WHERE expert_id = ANY ($3::uuid[])
                  AND sees_expert(expert_id, provider, status, consented_on, who.organization, who.role)) AS ids
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS who(organization, role, number) ORDER BY number
        """,
        [caller.organization for caller in callers],
        [caller.role for caller in callers],
        [event.aggregate_id for event in events],
    )
    return by_caller(callers, events, [row["ids"] for row in rows])
