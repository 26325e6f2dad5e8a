"""Rows of registered requests, as the requests service reports them; a State has strategies and results for these."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.db.database import Tx
from contracts.facts import Event
from contracts.refusals import Conflict, Missing
from contracts.requests import RequestClosed, RequestDeclined, RequestRegistered, RequestReopened, RequestWithdrawn
from contracts.values import Caller


async def on_registered(tx: Tx, event: Event, fact: RequestRegistered) -> None:
    await remember(tx, fact.request_id, fact.state)


async def remember(tx: Tx, request_id: UUID, state: str) -> None:
    """Insert the request if it is unknown.

    A confirmed match does this too, because facts of two services arrive in any order.
    """
    await tx.execute(
        "INSERT INTO known_request (request_id, state) VALUES ($1, $2) ON CONFLICT DO NOTHING", request_id, state
    )


async def on_closed(tx: Tx, event: Event, fact: RequestClosed) -> None:
    """Record that the request is closed, which settles the results of its deliveries."""
    await tx.execute(
        """
        INSERT INTO known_request (request_id, state, closed_at) VALUES ($1, $2, $3)
        ON CONFLICT (request_id) DO UPDATE SET closed_at = excluded.closed_at
        """,
        fact.request_id,
        fact.state,
        fact.closed_at,
    )


async def on_reopened(tx: Tx, event: Event, fact: RequestReopened) -> None:
    """Record that the request is open again, so that the results of its deliveries can be reported again."""
    await tx.execute("UPDATE known_request SET closed_at = NULL WHERE request_id = $1", fact.request_id)


async def on_withdrawn(tx: Tx, event: Event, fact: RequestWithdrawn) -> None:
    await _end(tx, fact.request_id, fact.withdrawn_at)


async def on_declined(tx: Tx, event: Event, fact: RequestDeclined) -> None:
    await _end(tx, fact.request_id, fact.declined_at)


async def _end(tx: Tx, request_id: UUID, at: datetime) -> None:
    """Record that the request has ended. A request that was not registered has no row, and none is inserted."""
    await tx.execute("UPDATE known_request SET ended_at = $2 WHERE request_id = $1", request_id, at)


async def locked_state(tx: Tx, request_id: UUID, caller: Caller) -> str:
    """Lock the request and return its State. Raises Missing unless the caller may see it, Conflict if it has ended."""
    row = await tx.fetchrow(
        "SELECT state, ended_at FROM known_request WHERE request_id = $1 AND sees_request(state, $2, $3) FOR UPDATE",
        request_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    if row["ended_at"] is not None:
        raise Conflict("request-ended", ended_at=row["ended_at"])
    return str(row["state"])


async def closed_at(tx: Tx, request_id: UUID) -> datetime | None:
    """Return the time at which the request was closed; None if it is not closed."""
    found: datetime | None = await tx.fetchval("SELECT closed_at FROM known_request WHERE request_id = $1", request_id)
    return found


async def closed_among(tx: Tx, request_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of the requests that are closed."""
    rows = await tx.fetch(
        "SELECT request_id FROM known_request WHERE request_id = ANY ($1::uuid[]) AND closed_at IS NOT NULL",
        request_ids,
    )
    return {row["request_id"] for row in rows}


async def require_not_closed(tx: Tx, request_id: UUID) -> None:
    """Raise Conflict once the request is closed."""
    if (since := await closed_at(tx, request_id)) is not None:
        raise Conflict("request-closed", closed_at=since)
