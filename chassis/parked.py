"""Events set aside because they could not take effect: listed, and released, by an operator."""

from uuid import UUID

import msgspec

from chassis.db import Tx


class Parked(msgspec.Struct, frozen=True, kw_only=True):
    """An event set aside, and why."""

    consumer: str
    event_id: UUID
    owner: str
    aggregate_id: UUID | None
    version: int | None
    reason: str
    behind: int
    """How many later events of the aggregate wait behind it."""


async def list_parked(tx: Tx, *, limit: int = 500) -> list[Parked]:
    rows = await tx.fetch(
        """
        SELECT consumer, event_id, owner, aggregate_id, version, reason,
               (SELECT count(*) FROM inbox AS later WHERE later.consumer = inbox.consumer
                AND later.aggregate_id = inbox.aggregate_id AND later.status = 'waiting') AS behind
        FROM inbox WHERE status = 'parked' ORDER BY received_at LIMIT $1
        """,
        limit,
    )
    return [msgspec.convert(dict(row), Parked) for row in rows]


async def release_parked(tx: Tx, event_id: UUID) -> bool:
    """Let a parked event try again within a second or so. False when no such event is parked."""
    done = await tx.fetchval(
        """
        UPDATE inbox SET status = 'waiting', reason = NULL
        WHERE event_id = $1 AND status = 'parked' AND aggregate_id IS NOT NULL RETURNING true
        """,
        event_id,
    )
    return bool(done)


async def discard_unreadable(tx: Tx, event_id: UUID) -> bool:
    """Forget a parked message that is not an event. What was an event is never discarded."""
    done = await tx.fetchval(
        "DELETE FROM inbox WHERE event_id = $1 AND status = 'parked' AND aggregate_id IS NULL RETURNING true", event_id
    )
    return bool(done)
