"""How many available offerings a caller sees, and how many of them are about each pillar."""

from msgspec import Struct

from chassis.db.database import Tx


class OfferingCounts(Struct, frozen=True, kw_only=True):
    """Of the available `offerings` that the caller sees, how many name each pillar; an offering may name several."""

    offerings: int
    by_pillar: dict[str, int]


async def available(tx: Tx) -> OfferingCounts:
    """Row-level security of `offering` selects what the caller sees."""
    rows = await tx.fetch(
        """
        SELECT pillar, count(DISTINCT offering_id) AS offerings FROM offering
            CROSS JOIN LATERAL unnest('{""}'::text[] || pillars) AS pillar
        WHERE status = 'available' GROUP BY pillar
        """
    )
    found = {row["pillar"]: row["offerings"] for row in rows}
    return OfferingCounts(offerings=found.pop("", 0), by_pillar=found)
