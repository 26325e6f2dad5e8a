"""Filter of the events of the directory that a caller may stream; `may_see` in the statement is the policy in SQL."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from chassis.db.database import Tx
from chassis.journal.event_feed import by_caller
from contracts.facts import Event
from contracts.values import Caller


async def visible_events(
    tx: Tx, callers: Sequence[Caller], events: Sequence[Event]
) -> Mapping[Caller, Collection[UUID]]:
    """Return the events that each caller may see: of visible people, appointments, clients, and all organizations."""
    rows = await tx.fetch(
        """
        SELECT ARRAY(SELECT person_id FROM person
                WHERE person_id = ANY ($4::uuid[])
                  AND may_see_of(person_id, organization, who.organization, who.role, who.person_id)
                UNION ALL SELECT appointment_id FROM appointment
                WHERE appointment_id = ANY ($4::uuid[])
                  AND may_see_of(person_id, organization, who.organization, who.role, who.person_id)
                UNION ALL SELECT client_id FROM client
                WHERE client_id = ANY ($4::uuid[])
                  AND may_see_of(client_id, organization, who.organization, who.role, who.person_id)) AS ids
        FROM unnest($1::text[], $2::text[], $3::uuid[])
            WITH ORDINALITY AS who(organization, role, person_id, number) ORDER BY number
        """,
        [caller.organization for caller in callers],
        [caller.role for caller in callers],
        [caller.person_id for caller in callers],
        [event.aggregate_id for event in events],
    )
    public = [event.aggregate_id for event in events if event.aggregate == "organization"]
    return by_caller(callers, events, [[*row["ids"], *public] for row in rows])
