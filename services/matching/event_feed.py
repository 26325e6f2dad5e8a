"""Visibility of events of offerings, matches, joint deliveries, packages, rounds and rankings, by `may_see` in SQL."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from chassis.db.database import Tx
from contracts.facts import Event
from contracts.refusals import Unavailable
from contracts.values import Caller
from services.matching import policy
from services.matching.lines import consent_store


async def visible_events(
    tx: Tx, callers: Sequence[Caller], events: Sequence[Event]
) -> Mapping[Caller, Collection[UUID]]:
    """Return the events that each caller may receive. Callers whose rights depend on stale consents are left out."""
    knowing = [caller for caller in callers if await _is_known(tx, caller)]
    rows = await tx.fetch(
        """
        SELECT ARRAY(SELECT offering_id FROM offering
                WHERE offering_id = ANY ($3::uuid[]) AND sees_offering(provider, status, who.organization, who.role)
                UNION ALL SELECT offering_translation_id FROM offering_translation JOIN offering USING (offering_id)
                WHERE offering_translation_id = ANY ($3::uuid[])
                  AND sees_offering(offering.provider, offering.status, who.organization, who.role)
                UNION ALL SELECT line_id FROM line_ranking
                WHERE line_id = ANY ($3::uuid[]) AND oversees(who.role)
                UNION ALL SELECT match_id FROM match
                WHERE match_id = ANY ($3::uuid[])
                  AND sees_match(request_id, state, provider, presented_at, interested_at, confirmed_at,
                      who.organization, who.role)
                UNION ALL SELECT joint_delivery_id FROM joint_delivery
                WHERE joint_delivery_id = ANY ($3::uuid[]) AND oversees(who.role)
                UNION ALL SELECT package_id FROM package
                WHERE package_id = ANY ($3::uuid[])
                  AND sees_package(request_id, state, unit, provider, donor, confirmed_at, who.organization, who.role)
                UNION ALL SELECT round_id FROM round
                WHERE round_id = ANY ($3::uuid[]) AND oversees(who.role)) AS ids,
            ARRAY(SELECT offering_id FROM offering
                WHERE offering_id = ANY ($3::uuid[]) AND provider = who.organization) AS own
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS who(organization, role, number) ORDER BY number
        """,
        [caller.organization for caller in knowing],
        [caller.role for caller in knowing],
        [event.aggregate_id for event in events],
    )
    return {
        caller: {
            event.id
            for event in events
            if event.aggregate_id in row["ids"]
            and policy.may_receive(caller, event.type, own=event.aggregate_id in row["own"])
        }
        for caller, row in zip(knowing, rows, strict=True)
    }


async def _is_known(tx: Tx, caller: Caller) -> bool:
    try:
        await consent_store.check_consents_current_for(tx, caller)
    except Unavailable:
        return False
    return True
