"""Comments on moves, by the revision that the move led to; visible to all who see the delivery."""

from collections.abc import Sequence
from uuid import UUID

from chassis.db.database import Tx
from chassis.db.writes import Write

_SAVE = Write(parts={"remarked": "INSERT INTO remark (delivery_id, revision, comment) VALUES ($1, $2, $3)"})


async def save(tx: Tx, delivery_id: UUID, revision: int, comment: str) -> None:
    await tx.write(_SAVE, delivery_id, revision, comment)


async def comments_of(tx: Tx, about: Sequence[tuple[UUID, int]]) -> dict[UUID, str]:
    """Comments on these moves, each given as id and revision."""
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
