"""Queries on checks. Each read for a caller is filtered by `may_see`, the policy in SQL."""

from datetime import datetime
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.refusals import Missing
from contracts.values import Caller
from services.sherloc.checks.model import LegislationCheck

LIST_MAX = 200
DUE_MAX = 300
"""Maximum number of States asked at a time; there are fewer States."""


class DueCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A State that is to be asked."""

    state: str
    due_at: datetime


async def get(tx: Tx, legislation_check_id: UUID, caller: Caller) -> LegislationCheck:
    """Return the check. Raises Missing unless this caller may see it."""
    row = await tx.fetchrow(
        "SELECT * FROM legislation_check WHERE legislation_check_id = $1 AND is_party_to(state, $2, $3)",
        legislation_check_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return check_of(row)


async def page(tx: Tx, caller: Caller, *, state: str | None, before: UUID | None, limit: int) -> list[LegislationCheck]:
    """List the checks that this caller may see, newest first."""
    rows = await tx.fetch(
        """
        SELECT * FROM legislation_check
        WHERE is_party_to(state, $1, $2) AND ($3::text IS NULL OR state = $3)
          AND ($4::uuid IS NULL OR legislation_check_id < $4)
        ORDER BY legislation_check_id DESC LIMIT $5
        """,
        caller.organization,
        caller.role,
        state,
        before,
        limit,
    )
    return [check_of(row) for row in rows]


async def get_as_service(tx: Tx, legislation_check_id: UUID) -> LegislationCheck | None:
    """Return the check for the service itself, or None, and lock it until the transaction ends."""
    row = await tx.fetchrow(
        "SELECT * FROM legislation_check WHERE legislation_check_id = $1 FOR UPDATE", legislation_check_id
    )
    return check_of(row) if row else None


async def lock(tx: Tx) -> None:
    """Prevent other processes from asking States until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('legislation checks', 0))")


async def due(tx: Tx, now: datetime) -> list[DueCheck]:
    """List the States that are to be asked; call `lock` first."""
    rows = await tx.fetch(
        "SELECT state, due_at FROM due_check WHERE due_at <= $1 ORDER BY due_at, state LIMIT $2", now, DUE_MAX
    )
    return [msgspec.convert(dict(row), DueCheck) for row in rows]


async def due_in_seconds(tx: Tx, now: datetime) -> float | None:
    """Return the seconds until the next check is due, or None if no State has a record."""
    found: float | None = await tx.fetchval(
        """
        SELECT greatest(extract(epoch FROM min(due_at) - $1::timestamptz), 0)::float8 FROM due_check HAVING count(*) > 0
        """,
        now,
    )
    return found


async def published_count(tx: Tx, state: str) -> int:
    """Return the number of a State's records that are on SHERLOC."""
    found: int = await tx.fetchval(
        "SELECT count(*) FROM legislation WHERE state = $1 AND status IN ('published', 'verified')", state
    )
    return found


_SAVE = Write(
    parts={
        "legislation_check_saved": """
            INSERT INTO legislation_check SELECT * FROM json_populate_record(NULL::legislation_check, $1::text::json)
            ON CONFLICT (legislation_check_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                result = excluded.result, confirmed = excluded.confirmed, answered_at = excluded.answered_at
        """
    }
)


async def save(tx: Tx, check: LegislationCheck) -> None:
    await tx.queue(_SAVE, msgspec.json.encode(check).decode())


def check_of(row: Record) -> LegislationCheck:
    """Convert a row of `legislation_check` into a check."""
    return msgspec.convert(dict(row), LegislationCheck)
