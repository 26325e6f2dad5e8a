"""Queries on how fresh and complete figures are, and on whose a caller may see."""

from datetime import datetime

from msgspec import Struct

from chassis.db.database import Tx
from contracts.refusals import Missing

CONSUMER = "reports"


class Freshness(Struct, frozen=True, kw_only=True):
    """How fresh figures are of what one service said: its newest fact that counts, and when its journal was last read.

    Facts arrive within seconds; the journal is read each minute, in case one was lost.
    """

    owner: str
    newest: datetime | None
    read_at: datetime | None


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


async def check_state(tx: Tx, state: str) -> None:
    """Raises Missing if row-level security hides the rows of this State from the caller: its figures are in memory."""
    if not await tx.fetchval("SELECT may_see($1::text, caller_organization(), caller_role())", state):
        raise Missing("not-found")


async def complete(tx: Tx) -> bool:
    """Whether no rebuild is under way, or was left unfinished."""
    return not await tx.fetchval("SELECT incomplete FROM folding")
