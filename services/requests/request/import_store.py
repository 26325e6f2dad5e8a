"""Queries of imports."""

from collections.abc import Sequence
from uuid import UUID

from chassis.db.database import Tx
from contracts.values import Caller


async def existing(tx: Tx, caller: Caller, request_ids: Sequence[UUID]) -> list[UUID]:
    """Return those of these requests that the caller sees."""
    rows = await tx.fetch(
        """
        SELECT request_id
        FROM request CROSS JOIN LATERAL seen(request_id, state, status, circulation, submitted_at, channel, $1, $2)
        WHERE request_id = ANY ($3)
        """,
        caller.organization,
        caller.role,
        list(request_ids),
    )
    return [row["request_id"] for row in rows]
