"""Parked events, which could not be applied: list, release and discard them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from chassis.db.database import Tx

PAGE = 500


class Parked(msgspec.Struct, frozen=True, kw_only=True):
    """A parked event and the reason."""

    consumer: str
    event_id: UUID
    owner: str
    aggregate_id: UUID | None
    version: int | None
    reason: str
    behind: int
    """Number of later events of the aggregate that wait behind it."""


async def list_parked(tx: Tx) -> list[Parked]:
    """List all parked events, oldest first. Reads in pages, so that no statement takes long."""
    found: list[Parked] = []
    after: tuple[datetime | None, str, UUID] = (None, "", UUID(int=0))
    while True:
        rows = await tx.fetch(
            """
            SELECT consumer, event_id, owner, aggregate_id, version, reason, received_at,
                   (SELECT count(*) FROM inbox AS later WHERE later.consumer = inbox.consumer
                    AND later.aggregate_id = inbox.aggregate_id AND later.status = 'waiting') AS behind
            FROM inbox
            WHERE status = 'parked'
              AND ($1::timestamptz IS NULL OR (received_at, consumer, event_id) > ($1, $2::text, $3::uuid))
            ORDER BY received_at, consumer, event_id LIMIT $4
            """,
            *after,
            PAGE,
        )
        found += [msgspec.convert(dict(row), Parked) for row in rows]
        if len(rows) < PAGE:
            return found
        after = (rows[-1]["received_at"], rows[-1]["consumer"], rows[-1]["event_id"])


class Oldest(msgspec.Struct, frozen=True, kw_only=True):
    """A parked event, or a message that is not one, as shown to operators."""

    event_id: UUID
    owner: str
    type: str | None
    aggregate_id: UUID | None
    version: int | None
    reason: str
    behind: int
    received_at: datetime

    @property
    def moves(self) -> tuple[str, ...]:
        return ("discard_parked",) if self.aggregate_id is None else ("release_parked",)


async def oldest_parked(tx: Tx, *, limit: int) -> list[Oldest]:
    """The parked events and messages that were received first."""
    rows = await tx.fetch(
        """
        SELECT event_id, owner, aggregate_id, version, reason, received_at,
               CASE WHEN aggregate_id IS NOT NULL THEN event::json ->> 'type' END AS type,
               (SELECT count(*) FROM inbox AS later WHERE later.consumer = inbox.consumer
                AND later.aggregate_id = inbox.aggregate_id AND later.status = 'waiting') AS behind
        FROM inbox WHERE status = 'parked' ORDER BY received_at, consumer, event_id LIMIT $1
        """,
        limit,
    )
    return [msgspec.convert(dict(row), Oldest) for row in rows]


async def count_parked(tx: Tx) -> int:
    return int(await tx.fetchval("SELECT count(*) FROM inbox WHERE status = 'parked'"))


async def state_of(tx: Tx, event_id: UUID) -> Literal["parked", "waiting", "applied"] | None:
    """The status of a received event; None if there is none, such as a discarded message."""
    status: Literal["parked", "waiting", "applied"] | None = await tx.fetchval(
        "SELECT status FROM inbox WHERE event_id = $1", event_id
    )
    return status


async def release_parked(tx: Tx, event_id: UUID) -> bool:
    """Release a parked event, to be applied within a minute. Return False if no such event is parked."""
    done = await tx.fetchval(
        """
        UPDATE inbox SET status = 'waiting', reason = NULL
        WHERE event_id = $1 AND status = 'parked' AND aggregate_id IS NOT NULL RETURNING true
        """,
        event_id,
    )
    return bool(done)


async def discard_unreadable(tx: Tx, event_id: UUID) -> bool:
    """Delete a parked message that is not an event; return False if there is none. Events are never discarded."""
    done = await tx.fetchval(
        "DELETE FROM inbox WHERE event_id = $1 AND status = 'parked' AND aggregate_id IS NULL RETURNING true", event_id
    )
    return bool(done)
