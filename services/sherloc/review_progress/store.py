"""The query of the table for the Conference; `may_see_progress` is the policy in SQL."""

import msgspec

from chassis.db.database import Tx
from services.sherloc.review_progress.model import ReviewProgress

TABLE_MAX = 2000
"""Maximum number of rows of the table; greater than the number of States multiplied by that of clusters."""


async def shown_records(tx: Tx) -> list[ReviewProgress]:
    """List the records that their States agreed to show, by State and cluster."""
    rows = await tx.fetch(
        """
        SELECT * FROM review_progress
        WHERE may_see_progress(state, status, caller_organization(), caller_role()) AND status = 'shown'
        ORDER BY state, cluster LIMIT $1
        """,
        TABLE_MAX,
    )
    return [msgspec.convert(dict(row), ReviewProgress) for row in rows]
