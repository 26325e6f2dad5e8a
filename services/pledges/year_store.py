"""What was committed for which year, and can be allocated, as at a moment.

By the fund's last closing before it, and by the facts since.

What a fact changes of which year is certain once it is recorded (`years.changes`), so that it is added up once.
"""

from datetime import UTC, datetime

from asyncpg import Record

from chassis.db import Tx
from services.pledges import store
from services.pledges.closings import CLOSED_FUNDS
from services.pledges.years import OfYears, of_years

_CLOSINGS = """
    SELECT as_at, years, committed_usd_minor, written_off_usd_minor, allocatable_usd_minor FROM closing_of_years"""
NEVER = datetime.min.replace(tzinfo=UTC)


async def committed(tx: Tx, fund: str, *, as_at: datetime) -> OfYears:
    """Of what had been recorded by then, for the system itself. It never changes where `as_at` is final."""
    closing = await tx.fetchrow(
        _CLOSINGS + " WHERE fund = $1 AND as_at <= $2 ORDER BY as_at DESC LIMIT 1",
        fund,
        as_at,
    )
    after, told = _closing(closing) if closing else (NEVER, OfYears())
    async for facts in store.committing(tx, fund, after=after, until=as_at):
        told.add(of_years(facts, after=after, as_at=as_at))
    return told


async def closings_of(tx: Tx, fund: str) -> list[tuple[datetime, OfYears]]:
    """All of a fund with their moments, the first one first; for the system itself."""
    return [_closing(row) for row in await tx.fetch(_CLOSINGS + " WHERE fund = $1 ORDER BY as_at", fund)]


async def keep_closing(tx: Tx) -> int:
    """Write what is committed for which year by the next closing of each fund that has one more; returns of how many.

    To be called again until it returns 0.
    """
    rows = await tx.fetch(
        """
        SELECT fund.fund, due.as_at FROM fund CROSS JOIN LATERAL (
            SELECT min(closing.as_at) AS as_at FROM closing WHERE closing.fund = fund.fund AND closing.as_at > (
                SELECT coalesce(max(years.as_at), '-infinity') FROM closing_of_years years WHERE years.fund = fund.fund)
        ) AS due
        WHERE due.as_at IS NOT NULL ORDER BY random() LIMIT $1
        """,
        CLOSED_FUNDS,
    )
    for row in rows:
        told = await committed(tx, row["fund"], as_at=row["as_at"])
        years = sorted(told.committed.keys() | told.written_off.keys() | told.allocatable.keys())
        await tx.execute(
            """
            INSERT INTO closing_of_years (fund, as_at, years, committed_usd_minor, written_off_usd_minor,
                allocatable_usd_minor)
            VALUES ($1, $2, $3, $4::text[]::numeric[], $5::text[]::numeric[], $6::text[]::numeric[])
            -- Another process was quicker.
            ON CONFLICT DO NOTHING
            """,
            row["fund"],
            row["as_at"],
            years,
            [str(told.committed[year]) for year in years],
            [str(told.written_off[year]) for year in years],
            [str(told.allocatable[year]) for year in years],
        )
    return len(rows)


def _closing(row: Record) -> tuple[datetime, OfYears]:
    told = OfYears()
    figures = (row["committed_usd_minor"], row["written_off_usd_minor"], row["allocatable_usd_minor"])
    for year, committed, written_off, allocatable in zip(row["years"], *figures, strict=True):
        told.committed[year], told.written_off[year] = int(committed), int(written_off)
        told.allocatable[year] = int(allocatable)
    return row["as_at"], told
