"""Retention: personal data are deleted some days after their record has ended, unless the record is on hold.

Each service says which kinds it holds (`Service.retention`); the origins of calls every service has. The job runs once
a day in each service, and by `entraide retention run`.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from msgspec import Struct

from chassis import clock
from chassis.audit.log import delete_origins_before
from chassis.db.database import Database, Tx

Prune = Callable[[Tx, datetime, datetime], Awaitable[Mapping[str, int]]]
"""`(tx, before, now)`: deletes what ended before `before` and is not on hold; returns the deleted rows by table."""

RUN_SECONDS = 86_400.0
ORIGINS = "origins"
"""The addresses from which calls were made, of which the audit log keeps the salted hashes."""

REASONS = ("audit", "dispute", "evaluation", "inquiry", "protection")
"""Why a record is on hold; `protection` is that of a person whom the deletion would endanger."""

log = structlog.get_logger()


class Pruned(Struct, frozen=True, kw_only=True):
    """What was deleted of one kind; `days` is None if the kind is kept without end."""

    service: str
    kind: str
    days: int | None
    deleted: Mapping[str, int]


async def prune(
    tx: Tx,
    service: str,
    kinds: Mapping[str, Prune],
    days: Mapping[str, int | None],
    *,
    ahead: timedelta = timedelta(),
) -> list[Pruned]:
    """Delete what is past its period `ahead` of now, by kind. `days` are `Settings.retention_days`. Idempotent."""
    found, now = [], clock.now() + ahead
    for kind, delete in {ORIGINS: _prune_origins, **kinds}.items():
        period = days[kind]
        deleted = await delete(tx, now - timedelta(days=period), now) if period is not None else {}
        rows = {table: count for table, count in deleted.items() if count}
        found.append(Pruned(service=service, kind=kind, days=period, deleted=rows))
    return found


async def run_job(db: Database, service: str, kinds: Mapping[str, Prune], days: Mapping[str, int | None]) -> None:
    """Prune in one transaction, and log what was deleted."""
    async with db.transaction() as tx:
        done = await prune(tx, service, kinds, days)
    for one in done:
        if one.deleted:
            log.warning("deleted after its period of retention", kind=one.kind, days=one.days, rows=one.deleted)


async def _prune_origins(tx: Tx, before: datetime, _now: datetime) -> Mapping[str, int]:
    return {"audit_origin": await delete_origins_before(tx, before)}


# -- holds ------------------------------------------------------------------------------------------------------------


class Hold(Struct, frozen=True, kw_only=True):
    """A record whose personal data stay, and why."""

    record_id: UUID
    reason: str
    held_at: datetime


async def hold(tx: Tx, record_id: UUID, reason: str) -> None:
    """Keep the personal data of a record until the hold is released. Repeating it changes the reason only."""
    await tx.execute(
        """
        INSERT INTO retention_hold (record_id, reason) VALUES ($1, $2)
        ON CONFLICT (record_id) DO UPDATE SET reason = excluded.reason
        """,
        record_id,
        reason,
    )


async def release(tx: Tx, record_id: UUID) -> bool:
    """End a hold; return False if there is none."""
    query = "DELETE FROM retention_hold WHERE record_id = $1 RETURNING true"
    return await tx.fetchval(query, record_id) is True


async def holds(tx: Tx) -> list[Hold]:
    """Return all holds, oldest first."""
    rows = await tx.fetch("SELECT record_id, reason, held_at FROM retention_hold ORDER BY held_at, record_id")
    return [Hold(record_id=row["record_id"], reason=row["reason"], held_at=row["held_at"]) for row in rows]
