"""Queries on figures."""

from datetime import date, datetime

from msgspec import Struct

from chassis.db.database import Tx
from services.reports.figures.counting import Cell

CONSUMER = "reports"


class Freshness(Struct, frozen=True, kw_only=True):
    """How fresh figures are of what one service said: its newest fact that counts, and when its journal was last read.

    Facts arrive within seconds; the journal is read each minute, in case one was lost.
    """

    owner: str
    newest: datetime | None
    read_at: datetime | None


async def cells(tx: Tx, scope: str, figure: str, dimension: str, as_of: date) -> dict[Cell, list[int]]:
    """Records and amount of each value, status and bucket as of a day."""
    rows = await tx.fetch(
        """
        SELECT value, status, bucket, sum(records)::bigint AS records, sum(amount)::bigint AS amount
        FROM (
            SELECT value, status, bucket, records, amount FROM figure_month
            WHERE scope = $1 AND figure = $2 AND dimension = $3 AND month < $5
            UNION ALL
            SELECT value, status, bucket, records, amount FROM figure_day
            WHERE scope = $1 AND figure = $2 AND dimension = $3 AND day BETWEEN $5 AND $4
        ) AS change
        GROUP BY value, status, bucket HAVING sum(records) <> 0 OR sum(amount) <> 0
        """,
        scope,
        figure,
        dimension,
        as_of,
        as_of.replace(day=1),
    )
    return {(row["value"], row["status"], row["bucket"]): [row["records"], row["amount"]] for row in rows}


async def freshness(tx: Tx, owners: tuple[str, ...]) -> list[Freshness]:
    rows = await tx.fetch(
        """
        SELECT asked.owner, f.newest, w.read_at FROM unnest($2::text[]) WITH ORDINALITY AS asked(owner, place)
        LEFT JOIN freshness AS f ON f.owner = asked.owner
        LEFT JOIN watermark AS w ON w.consumer = $1 AND w.owner = asked.owner
        ORDER BY place
        """,
        CONSUMER,
        list(owners),
    )
    return [Freshness(owner=row["owner"], newest=row["newest"], read_at=row["read_at"]) for row in rows]


async def complete(tx: Tx) -> bool:
    """Whether no rebuild is under way, or was left unfinished."""
    return not await tx.fetchval("SELECT incomplete FROM folding")
