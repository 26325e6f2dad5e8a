"""Whether the parts of a process answer now: database, directory, broker; and whether its clock is right."""

import asyncio
from collections.abc import Sequence

import asyncpg

from chassis import clock
from chassis.auth.tokens import LEEWAY_SECONDS
from chassis.db.database import Database, OutcomeUnknown
from chassis.service import Running
from contracts.refusals import Unavailable

SECONDS = 3.0
"""Time limit of an answer; the prober has one, too, and a negative answer is more useful than none."""


async def readiness(running: Sequence[Running]) -> dict[str, bool]:
    """Return for each part of each service whether it is ready."""
    offsets, stores = await asyncio.gather(
        asyncio.gather(*(clock_offset_seconds(one.db) for one in running)),
        asyncio.gather(*(one.bus.jetstream_answers(*one.service.probe, seconds=SECONDS) for one in running)),
    )
    parts: dict[str, bool] = {}
    for one, offset, answers in zip(running, offsets, stores, strict=True):
        parts[f"{one.name}: database"] = offset is not None
        # Nothing is known about the clock while PostgreSQL, with which it is compared, does not answer.
        parts[f"{one.name}: clock"] = is_right(offset or 0)
        parts[f"{one.name}: directory"] = not one.callers.stale()
        parts[f"{one.name}: broker"] = answers and not one.bus.permission_violations
    return parts


def is_right(offset_seconds: float) -> bool:
    """Check whether tokens of another machine are accepted by a clock that is ahead so far; behind if negative."""
    return abs(offset_seconds) <= LEEWAY_SECONDS


async def clock_offset_seconds(db: Database) -> float | None:
    """Return how far the clock is ahead of PostgreSQL's; None if PostgreSQL does not answer, or is in recovery."""
    try:
        async with asyncio.timeout(SECONDS), db.for_reading().transaction() as tx:
            row = await tx.fetchrow("SELECT pg_is_in_recovery() AS standby, clock_timestamp() AS now")
    except (Unavailable, OutcomeUnknown, TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return None
    return None if row is None or row["standby"] else float((clock.now() - row["now"]).total_seconds())
