"""What matches already exist of the lines and offerings that cohorts are made of."""

from collections.abc import Sequence
from uuid import UUID

from chassis.db.database import Tx
from services.matching.cohorts.model import Begun


async def begun_with(tx: Tx, line_ids: Sequence[UUID]) -> Begun:
    """Return the matches of these lines that are more than suggested, by line and offering."""
    rows = await tx.fetch(
        """
        SELECT line_id, offering_id, status IN ('nominated', 'interested', 'shortlisted') AS presentable, covers
        FROM match WHERE line_id = ANY ($1::uuid[]) AND status NOT IN ('suggested', 'expired')
        """,
        list(line_ids),
    )
    return {(row["line_id"], row["offering_id"]): (row["presentable"], row["covers"]) for row in rows}
