"""Rows of closed requests, as the requests service says."""

from datetime import datetime
from uuid import UUID

from chassis.db.database import Tx
from contracts.facts import Event
from contracts.refusals import Conflict
from contracts.requests import RequestClosed, RequestReopened


async def on_closed(tx: Tx, event: Event, fact: RequestClosed) -> None:
    """Results of its deliveries are settled."""
    await tx.execute(
        "INSERT INTO closed_request (request_id, closed_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        fact.request_id,
        fact.closed_at,
    )


async def on_reopened(tx: Tx, event: Event, fact: RequestReopened) -> None:
    """Results of its deliveries are reported again."""
    await tx.execute("DELETE FROM closed_request WHERE request_id = $1", fact.request_id)


async def closed_at(tx: Tx, request_id: UUID) -> datetime | None:
    """When the request was closed; None if it is not."""
    found: datetime | None = await tx.fetchval("SELECT closed_at FROM closed_request WHERE request_id = $1", request_id)
    return found


async def require_not_closed(tx: Tx, request_id: UUID) -> None:
    """Raises Conflict once the request is closed."""
    if (since := await closed_at(tx, request_id)) is not None:
        raise Conflict("request-closed", closed_at=since)
