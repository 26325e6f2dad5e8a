"""Comments on moves of offerings and matches, by the revision that the move led to.

By row-level security, a comment on an evaluation is visible to the `side` that wrote it and to UNODC.
"""

from collections.abc import Sequence
from uuid import UUID

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.values import Side

_SAVE = Write(parts={"remarked": "INSERT INTO remark (about_id, revision, comment, side) VALUES ($1, $2, $3, $4)"})


async def save(tx: Tx, about_id: UUID, revision: int, comment: str, side: Side | None = None) -> None:
    await tx.queue(_SAVE, about_id, revision, comment, side)


async def comments_of(tx: Tx, about: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], str]:
    """Return the comments on these moves, each given as id and revision."""
    rows = await tx.fetch(
        """
        SELECT about_id, revision, comment
        FROM remark JOIN unnest($1::uuid[], $2::integer[]) AS given(about_id, revision) USING (about_id, revision)
        """,
        [about_id for about_id, _ in about],
        [revision for _, revision in about],
    )
    return {(row["about_id"], row["revision"]): row["comment"] for row in rows}
