"""Queries on the freshness and completeness of figures, and on the States whose figures a caller may see."""

from datetime import datetime

from msgspec import Struct

from chassis.db.database import Tx
from contracts.refusals import Missing

CONSUMER = "reports"
OWNERS = ("requests", "matching", "delivery", "pledges", "sherloc")
"""The services whose facts are counted."""


class Freshness(Struct, frozen=True, kw_only=True):
    """Time of the newest counted fact of a service, and time at which its journal was last read.

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
    """Raise Missing if row-level security hides the rows of this State from the caller.

    The check is explicit because the figures are in memory.
    """
    if not await tx.fetchval("SELECT may_see($1::text, caller_organization(), caller_role())", state):
        raise Missing("not-found")


async def complete(tx: Tx) -> bool:
    """Check that no rebuild is running or was left unfinished."""
    return not await tx.fetchval("SELECT incomplete FROM folding")
