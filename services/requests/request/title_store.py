"""The titles of requests, for lists of other services."""

import msgspec

from chassis.db.database import Tx
from contracts.words import RequestTitle, TitleQuery


async def titles(tx: Tx, asked: TitleQuery) -> list[RequestTitle]:
    """Return the titles that the role may read in the organization; titles of other requests are absent."""
    rows = await tx.fetch(
        """
        SELECT r.request_id, t.title FROM request AS r JOIN request_text AS t USING (request_id)
            CROSS JOIN LATERAL seen(r.request_id, r.state, r.status, r.circulation, r.submitted_at, r.channel,
                $2, $3) AS s
        WHERE r.request_id = ANY ($1::uuid[]) AND s.words
        """,
        list(asked.request_ids),
        asked.organization,
        asked.role,
    )
    return [msgspec.convert(dict(row), RequestTitle) for row in rows]
