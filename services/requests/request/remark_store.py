"""Texts beside a request: comments on its moves, its reference if UNODC filed it, and the reason of its closing."""

from uuid import UUID

from chassis.db.database import Tx
from chassis.db.writes import Write
from services.requests.request.model import Request


async def save_received_reference(tx: Tx, request: Request, reference: str) -> None:
    """Store the reference of the note, mail or meeting by which a request that UNODC filed came."""
    await tx.queue(_RECEIVED, request.request_id, request.state, reference)


async def received_reference(tx: Tx, request_id: UUID) -> str | None:
    """Return the reference by which a request came; None if it was erased."""
    row = await tx.fetchrow("SELECT reference FROM received_text WHERE request_id = $1", request_id)
    return str(row["reference"]) if row else None


_RECEIVED = Write(parts={"received": "INSERT INTO received_text (request_id, state, reference) VALUES ($1, $2, $3)"})
_REMARK = Write(parts={"remarked": "INSERT INTO remark (request_id, state, revision, comment) VALUES ($1, $2, $3, $4)"})


async def save_remark(tx: Tx, request: Request, comment: str) -> None:
    await tx.queue(_REMARK, request.request_id, request.state, request.revision, comment)


async def save_departure(tx: Tx, request: Request, salt: bytes, departure: str) -> None:
    """Store why the outcome departs from the State's evaluations, in place of the reason of an earlier closing.

    The reason is empty if the outcome does not depart.
    """
    await tx.queue(_DEPARTURE, request.request_id, request.state, salt, departure)


async def has_delivered(tx: Tx, request_id: UUID, provider: str) -> bool:
    """Check whether the provider has completed a delivery of the request, and so may read how it was closed."""
    query = """
        SELECT EXISTS (SELECT FROM line_match WHERE request_id = $1 AND provider = $2 AND status = 'completed')
    """
    return bool(await tx.fetchval(query, request_id, provider))


async def departure(tx: Tx, request_id: UUID) -> str:
    row = await tx.fetchrow("SELECT departure FROM closing_text WHERE request_id = $1", request_id)
    return str(row["departure"]) if row else ""


_DEPARTURE = Write(
    parts={
        "departed": """
            INSERT INTO closing_text (request_id, state, salt, departure) VALUES ($1, $2, $3, $4)
            ON CONFLICT (request_id) DO UPDATE SET salt = excluded.salt, departure = excluded.departure
        """
    }
)


async def remarks(tx: Tx, request_id: UUID) -> dict[int, str]:
    rows = await tx.fetch("SELECT revision, comment FROM remark WHERE request_id = $1", request_id)
    return {row["revision"]: row["comment"] for row in rows}
