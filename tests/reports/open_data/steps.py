"""Steps of tests about the monthly issue of the public figures."""

from datetime import UTC, datetime

from chassis.db.database import Database
from services.reports.figures.figure_reader import FigureReader
from services.reports.figures.store import OWNERS
from services.reports.open_data.planner import issue_figures

APRIL, MAY = (datetime(2026, month, 1, 0, 5, tzinfo=UTC) for month in (4, 5))


async def read(db: Database, at: datetime, *owners: str) -> None:
    """Record that the reports service read the journals of these owners at a moment."""
    async with db.transaction() as tx:
        for owner in owners or OWNERS:
            await tx.execute(
                """
                INSERT INTO watermark (consumer, owner, after, read_at) VALUES ('reports', $1, '', $2)
                ON CONFLICT (consumer, owner) DO UPDATE SET read_at = excluded.read_at
                """,
                owner,
                at,
            )


async def issued(db: Database, now: datetime) -> None:
    """Issue the figures of the month that ended before this moment."""
    await read(db, now)
    await issue_figures(db, FigureReader(db).published, now=now)
