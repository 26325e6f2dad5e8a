"""Queries on alerts. Owners read by person and appointment."""

from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts.refusals import Missing
from contracts.values import Caller
from services.notifications.alerts.model import Alert


async def get(tx: Tx, alert_id: UUID, caller: Caller, *, lock: bool = False) -> Alert:
    """Return an alert of the caller's current appointment. Raises Missing for any other."""
    query = (
        """
        SELECT * FROM alert
        WHERE alert_id = $1 AND person_id = $2 AND organization = $3 AND role = $4 FOR UPDATE
        """
        if lock
        else """
        SELECT * FROM alert WHERE alert_id = $1 AND person_id = $2 AND organization = $3 AND role = $4
        """
    )
    row = await tx.fetchrow(query, alert_id, caller.person_id, caller.organization, caller.role)
    if row is None:
        raise Missing("not-found")
    return msgspec.convert(dict(row), Alert)


async def get_as_service(tx: Tx, alert_id: UUID) -> Alert | None:
    """Return the alert of any owner, locked; None if there is none."""
    row = await tx.fetchrow("SELECT * FROM alert WHERE alert_id = $1 FOR UPDATE", alert_id)
    return msgspec.convert(dict(row), Alert) if row else None


async def of_caller(tx: Tx, caller: Caller) -> list[Alert]:
    """Return all alerts of the caller's current appointment, oldest first."""
    rows = await tx.fetch(
        "SELECT * FROM alert WHERE person_id = $1 AND organization = $2 AND role = $3 ORDER BY alert_id",
        caller.person_id,
        caller.organization,
        caller.role,
    )
    return [msgspec.convert(dict(row), Alert) for row in rows]


async def of_person(tx: Tx, person_id: UUID) -> list[Alert]:
    """Return all alerts of a person, in every appointment, locked."""
    rows = await tx.fetch("SELECT * FROM alert WHERE person_id = $1 ORDER BY alert_id FOR UPDATE", person_id)
    return [msgspec.convert(dict(row), Alert) for row in rows]


async def one_at_a_time(tx: Tx, caller: Caller) -> None:
    """Serialize creations for this appointment until the transaction ends, so that they can be counted."""
    name = f"alerts of {caller.person_id} {caller.organization}:{caller.role}"
    await tx.fetchval("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)


async def save(tx: Tx, one: Alert) -> None:
    await tx.execute(
        """
        INSERT INTO alert (alert_id, person_id, organization, role, subject, kinds, topics, articles, paragraphs,
            regions, states, usd_minor_min, usd_minor_max, frequency, paused, paused_until, created_at, revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        ON CONFLICT (alert_id) DO UPDATE SET kinds = excluded.kinds, topics = excluded.topics,
            articles = excluded.articles, paragraphs = excluded.paragraphs, regions = excluded.regions,
            states = excluded.states, usd_minor_min = excluded.usd_minor_min,
            usd_minor_max = excluded.usd_minor_max, frequency = excluded.frequency, paused = excluded.paused,
            paused_until = excluded.paused_until, revision = excluded.revision
        """,
        one.alert_id,
        one.person_id,
        one.organization,
        one.role,
        one.subject,
        one.kinds,
        one.topics,
        one.articles,
        one.paragraphs,
        one.regions,
        one.states,
        one.usd_minor_min,
        one.usd_minor_max,
        one.frequency,
        one.paused,
        one.paused_until,
        one.created_at,
        one.revision,
    )


async def delete(tx: Tx, alert_id: UUID) -> None:
    await tx.execute("DELETE FROM alert WHERE alert_id = $1", alert_id)
