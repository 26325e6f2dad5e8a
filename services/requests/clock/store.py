"""Queries on clocks and on the calendar of holidays."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from chassis.db.writes import Write
from services.requests.clock.calendar import Calendar
from services.requests.clock.model import Clock
from services.requests.request.model import Request

DUE_MAX = 100

_NEW = Write(
    parts={
        "clocked": """
            INSERT INTO clock (clock_id, step, request_id, match_id, line_id, state, organization, role, since, due_at,
                remind_at, next_at, paused_at, reminded_at, overdue_at, stopped_at, revision, priority)
            SELECT clock_id, step, request_id, match_id, line_id, state, organization, role, since, due_at,
                remind_at, next_at, paused_at, reminded_at, overdue_at, stopped_at, revision, priority
            FROM json_populate_recordset(NULL::clock, $1::text::json)
        """,
    }
)
_CHANGED = _NEW.with_conflict_clause(
    clocked="""
        ON CONFLICT (clock_id) DO UPDATE SET due_at = excluded.due_at, remind_at = excluded.remind_at,
            next_at = excluded.next_at, paused_at = excluded.paused_at, reminded_at = excluded.reminded_at,
            overdue_at = excluded.overdue_at, stopped_at = excluded.stopped_at, revision = excluded.revision
    """
)


async def save(tx: Tx, clocks: Sequence[Clock], priority: str | None = None) -> None:
    """Insert or update clocks; `priority` is that of the request of new clocks."""
    rows = [{**msgspec.structs.asdict(one), "next_at": one.next_at, "priority": priority} for one in clocks]
    statement = _NEW if all(one.revision == 1 for one in clocks) else _CHANGED
    await tx.queue(statement, msgspec.json.encode(rows).decode())


async def save_priority(tx: Tx, request: Request) -> None:
    """Store the priority that triage gave the request with its clocks, so that lists can be sorted by it."""
    await tx.execute(
        "UPDATE clock SET priority = $2 WHERE request_id = $1 AND stopped_at IS NULL",
        request.request_id,
        request.priority,
    )


async def priority_of(tx: Tx, request_id: UUID) -> str | None:
    found: str | None = await tx.fetchval("SELECT priority FROM request WHERE request_id = $1", request_id)
    return found


async def get_as_service(tx: Tx, clock_id: UUID) -> Clock | None:
    row = await tx.fetchrow("SELECT * FROM clock WHERE clock_id = $1", clock_id)
    return msgspec.convert(dict(row), Clock) if row else None


async def running(tx: Tx, request_id: UUID) -> list[Clock]:
    """Return the clocks of a request that have not stopped, locked."""
    rows = await tx.fetch(
        """
        SELECT * FROM clock WHERE request_id = $1 AND stopped_at IS NULL ORDER BY clock_id FOR UPDATE
        """,
        request_id,
    )
    return [msgspec.convert(dict(row), Clock) for row in rows]


async def of_request(tx: Tx, request_id: UUID) -> list[Clock]:
    """Return all clocks of a request that the caller may see, in the order in which they started."""
    rows = await tx.fetch("SELECT * FROM clock WHERE request_id = $1 ORDER BY since, clock_id", request_id)
    return [msgspec.convert(dict(row), Clock) for row in rows]


async def due(tx: Tx, now: datetime) -> list[tuple[Clock, UUID | None]]:
    """Return clocks with a due reminder or end, each with the request's assignee.

    They are locked; clocks locked by other transactions are skipped.
    """
    rows = await tx.fetch(
        """
        SELECT clock.*, (SELECT assignee FROM request WHERE request.request_id = clock.request_id) AS assignee
        FROM clock WHERE next_at <= $1 ORDER BY next_at LIMIT $2 FOR UPDATE OF clock SKIP LOCKED
        """,
        now,
        DUE_MAX,
    )
    return [(msgspec.convert(dict(row), Clock), row["assignee"]) for row in rows]


async def due_in_seconds(tx: Tx, now: datetime) -> float | None:
    """Return the seconds until the next reminder or end of a clock; None if there is none."""
    found: float | None = await tx.fetchval(
        "SELECT extract(epoch FROM min(next_at) - $1::timestamptz)::float8 FROM clock WHERE next_at > $1", now
    )
    return found


# -- the calendar -----------------------------------------------------------------------------------------------------


async def calendar(tx: Tx, year: int, *, lock: bool = False) -> Calendar:
    """Return the calendar of a year, without holidays and in revision 0 if none were entered."""
    query = "SELECT * FROM calendar WHERE year = $1 FOR UPDATE" if lock else "SELECT * FROM calendar WHERE year = $1"
    row = await tx.fetchrow(query, year)
    return msgspec.convert(dict(row), Calendar) if row else Calendar(year=year)


async def save_calendar(tx: Tx, one: Calendar) -> None:
    await tx.execute(
        """
        INSERT INTO calendar (year, holidays, revision) VALUES ($1, $2, $3)
        ON CONFLICT (year) DO UPDATE SET holidays = excluded.holidays, revision = excluded.revision
        """,
        one.year,
        list(one.holidays),
        one.revision,
    )


async def holidays(tx: Tx) -> frozenset[date]:
    """Return all holidays that were entered."""
    return frozenset(await tx.fetchval("SELECT coalesce(array_agg(day), '{}') FROM calendar, unnest(holidays) AS day"))
