"""Queries on lines of requests and completed deliveries, received from their services.

Facts of the two services arrive in any order; a delivery waits for its line.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts.requests import RequestSubmitted
from services.sherloc.proposals.model import Completed


async def lock(tx: Tx, request_id: UUID) -> None:
    """Prevent other transactions from receiving this request and its deliveries until this one ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))", str(request_id))


async def save(tx: Tx, fact: RequestSubmitted) -> None:
    """Save the lines of a request as last submitted."""
    await tx.executemany(
        """
        INSERT INTO requested_line (line_id, state, kind, articles) VALUES ($1, $2, $3, $4)
        ON CONFLICT (line_id) DO UPDATE SET kind = excluded.kind, articles = excluded.articles
        """,
        [(one.line_id, fact.state, one.kind, list(one.articles)) for one in fact.lines],
    )


async def line(tx: Tx, line_id: UUID) -> tuple[str, tuple[str, ...]] | None:
    """Return the kind and the articles of a line, or None before it is received."""
    row = await tx.fetchrow("SELECT kind, articles FROM requested_line WHERE line_id = $1", line_id)
    return (row["kind"], tuple(row["articles"])) if row else None


async def wait(tx: Tx, completed: Completed) -> None:
    """Store a delivery until its line is received."""
    await tx.execute(
        """
        INSERT INTO waiting_delivery (delivery_id, request_id, line_id, state, completed_on)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
        """,
        completed.delivery_id,
        completed.request_id,
        completed.line_id,
        completed.state,
        completed.completed_on,
    )


async def take_waiting(tx: Tx, line_ids: Sequence[UUID]) -> list[Completed]:
    """Delete and return the deliveries that waited for these lines."""
    rows = await tx.fetch("DELETE FROM waiting_delivery WHERE line_id = ANY ($1::uuid[]) RETURNING *", line_ids)
    return [msgspec.convert(dict(row), Completed) for row in rows]
