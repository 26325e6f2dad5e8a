"""Comments on moves, by the revision that the move led to; visible to all who see the delivery."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from chassis.db.database import Tx
from chassis.db.writes import Write

_SAVE = Write(
    parts={
        "remarked": """
            INSERT INTO remark (delivery_id, revision, move, remarked_at, comment) VALUES ($1, $2, $3, $4, $5)
        """
    }
)


class Remark(Struct, frozen=True, kw_only=True):
    """A comment on a move, which led to this revision."""

    revision: int
    move: str
    remarked_at: datetime
    comment: str


async def save(tx: Tx, delivery_id: UUID, revision: int, move: str, comment: str, *, now: datetime) -> None:
    """Save a comment; `move` is the last part of its fact's name, such as `begun`."""
    await tx.queue(_SAVE, delivery_id, revision, move, now, comment)


async def of_delivery(tx: Tx, delivery_id: UUID) -> tuple[Remark, ...]:
    """List all comments, the first one first."""
    rows = await tx.fetch(
        "SELECT revision, move, remarked_at, comment FROM remark WHERE delivery_id = $1 ORDER BY revision", delivery_id
    )
    return tuple(msgspec.convert(dict(row), Remark) for row in rows)


async def comments_of(tx: Tx, about: Sequence[tuple[UUID, int]]) -> dict[UUID, str]:
    """Return the comments on these moves by delivery; each move is given as delivery id and revision."""
    rows = await tx.fetch(
        """
        SELECT delivery_id, comment
        FROM remark JOIN unnest($1::uuid[], $2::integer[]) AS given(delivery_id, revision)
            USING (delivery_id, revision)
        """,
        [delivery_id for delivery_id, _ in about],
        [revision for _, revision in about],
    )
    return {row["delivery_id"]: row["comment"] for row in rows}
