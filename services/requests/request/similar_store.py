"""Requests of the same State that are similar to a draft."""

from collections.abc import Sequence
from uuid import UUID

from chassis.db.database import Tx
from contracts.requests import DraftLine, Line
from contracts.values import Caller

SIMILAR_MAX = 10


async def similar(tx: Tx, caller: Caller, lines: Sequence[Line | DraftLine]) -> list[UUID]:
    """The State's own requests in progress with the kind and topic of one of these lines."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT request.request_id
        FROM request CROSS JOIN LATERAL seen(request_id, request, $1, $2) JOIN request_line USING (request_id)
        WHERE request.state = $1 AND kind = ANY ($3::text[]) AND topics && $4::text[]
          AND status NOT IN ('closed', 'not_accepted', 'lapsed', 'withdrawn')
        ORDER BY request_id DESC LIMIT $5
        """,
        caller.organization,
        caller.role,
        [line.kind for line in lines if line.kind],
        [topic for line in lines for topic in line.topics],
        SIMILAR_MAX,
    )
    return [row["request_id"] for row in rows]
