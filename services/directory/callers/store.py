"""Changes in who may act. The other services poll them, so the query has to be cheap."""

from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts.callers import CallerChanges, HeldAppointment

FACTS_MAX = 1000
"""Maximum number of facts read for one answer. Each names an appointment, a person with some, or an API client."""


async def changes_since(tx: Tx, *, after: str) -> CallerChanges:
    """Return what has changed since a watermark (`<written_by>.<position>`, or "0.0" for everything).

    The journal gives the changed records, the tables their state. Everything committed is returned at once; facts
    written beside a running transaction are returned again, because the watermark stays before it. So no fact is
    skipped, and a long transaction does not delay the end of an appointment, as it would with
    `chassis.journal.outbox.read`.
    """
    written_by, position = after.split(".")
    rows = await tx.fetch(
        """
        SELECT snapshot.xmin::text AS xmin, fact.aggregate, fact.aggregate_id, fact.position,
            fact.written_by::text AS written_by, fact.written_by < snapshot.xmin AS settled
        FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin) AS snapshot
        LEFT JOIN LATERAL (
            SELECT aggregate, aggregate_id, written_by, position FROM journal
            WHERE (journal.written_by, journal.position) > ($1::text::xid8, $2)
            ORDER BY journal.written_by, journal.position LIMIT $3
        ) AS fact ON true
        ORDER BY fact.written_by, fact.position
        """,
        written_by,
        int(position),
        FACTS_MAX + 1,
    )
    facts = [row for row in rows if row["aggregate_id"] is not None][:FACTS_MAX]
    more = len(rows) > FACTS_MAX and bool(facts[-1]["settled"])
    people = {row["aggregate_id"] for row in facts if row["aggregate"] == "person"}
    appointments = {row["aggregate_id"] for row in facts if row["aggregate"] in {"appointment", "client"}}
    return CallerChanges(
        holdings=await _holdings(tx, appointments, people) if facts else [],
        people=sorted(people),
        after=f"{facts[-1]['written_by']}.{facts[-1]['position']}" if more else f"{rows[0]['xmin']}.0",
        more=more,
    )


async def _holdings(tx: Tx, appointments: set[UUID], people: set[UUID]) -> list[HeldAppointment]:
    rows = await tx.fetch(
        """
        SELECT appointment_id, person_id, appointment.organization, role, starts AS from, ends AS until,
            status = 'ended' OR disabled_at IS NOT NULL OR erased_at IS NOT NULL AS ended,
            appointment.revision + person.revision AS version, NULL AS scopes, regions, topics, head
        FROM appointment JOIN person USING (person_id)
        WHERE made_at IS NOT NULL AND (appointment_id = ANY ($1::uuid[]) OR person_id = ANY ($2::uuid[]))
        UNION ALL
        SELECT client_id, client_id, organization, role, (registered_at AT TIME ZONE 'UTC')::date, ends,
            ended_at IS NOT NULL, revision, scopes, '{}', '{}', false
        FROM client WHERE client_id = ANY ($1::uuid[])
        """,
        list(appointments),
        list(people),
    )
    return msgspec.convert([dict(row) for row in rows], list[HeldAppointment])
