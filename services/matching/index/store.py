"""Reads for the in-memory index: pages of available offerings, and changes."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from chassis.db.database import Tx
from services.matching.offerings.model import Offering
from services.matching.offerings.store import with_periods

PAGE_MAX = 4096
KEPT = timedelta(minutes=10)


async def page(tx: Tx, after: UUID) -> list[Offering]:
    """List the available offerings with ids above `after`, by id."""
    rows = await tx.fetch(
        """
        SELECT offering.*, (
            SELECT coalesce(json_agg(json_build_array(starts, ends, units, taken) ORDER BY starts), '[]') FROM capacity
            WHERE capacity.offering_id = offering.offering_id) AS periods
        FROM offering WHERE status = 'available' AND offering_id > $1 ORDER BY offering_id LIMIT $2
        """,
        after,
        PAGE_MAX,
    )
    return [with_periods(row) for row in rows]


async def changes_since(tx: Tx, since: datetime) -> dict[int, UUID]:
    """Return the offerings that have changed, by the number of the change."""
    rows = await tx.fetch("SELECT change_id, offering_id FROM offering_change WHERE changed_at > $1", since)
    return {row["change_id"]: row["offering_id"] for row in rows}


async def delete_old_changes(tx: Tx) -> None:
    await tx.execute("DELETE FROM offering_change WHERE changed_at < now() - $1::interval", KEPT)


async def now(tx: Tx) -> datetime:
    """Return the database's time, which also marks changes."""
    found: datetime = await tx.fetchval("SELECT clock_timestamp()")
    return found


async def available(tx: Tx, offering_ids: Collection[UUID]) -> list[Offering]:
    """List those of these offerings that are available."""
    rows = await tx.fetch(
        """
        SELECT offering.*, (
            SELECT coalesce(json_agg(json_build_array(starts, ends, units, taken) ORDER BY starts), '[]') FROM capacity
            WHERE capacity.offering_id = offering.offering_id) AS periods
        FROM offering WHERE status = 'available' AND offering_id = ANY ($1::uuid[])
        """,
        list(offering_ids),
    )
    return [with_periods(row) for row in rows]
