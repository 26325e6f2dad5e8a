"""Numbers of available offerings that a caller sees, in total and by pillar."""

from msgspec import Struct

from chassis.db.database import Tx


class OfferingCounts(Struct, frozen=True, kw_only=True):
    """Number of available `offerings` that the caller sees, and of those that name each pillar.

    An offering may name several pillars.
    """

    offerings: int
    by_pillar: dict[str, int]


async def available(tx: Tx) -> OfferingCounts:
    """Count the available offerings; row-level security of `offering` selects those that the caller sees."""
    rows = await tx.fetch(
        """
        SELECT pillar, count(DISTINCT offering_id) AS offerings FROM offering
            CROSS JOIN LATERAL unnest('{""}'::text[] || pillars) AS pillar
        WHERE status = 'available' GROUP BY pillar
        """
    )
    found = {row["pillar"]: row["offerings"] for row in rows}
    return OfferingCounts(offerings=found.pop("", 0), by_pillar=found)
