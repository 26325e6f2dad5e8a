"""What somebody wrote beside a move of an offering or a match, by the revision that the move led to."""

from collections.abc import Sequence
from uuid import UUID

from chassis.db import Tx
from chassis.writes import Write

_SAVE = Write(parts={"remarked": "INSERT INTO remark (about_id, revision, comment) VALUES ($1, $2, $3)"})


async def save(tx: Tx, about_id: UUID, revision: int, comment: str) -> None:
    await tx.write(_SAVE, about_id, revision, comment)


async def latest(tx: Tx, about: Sequence[tuple[UUID, int]]) -> dict[UUID, str]:
    """What was written beside the last move of each, given as id and revision."""
    rows = await tx.fetch(
        """
        SELECT about_id, comment FROM remark JOIN unnest($1::uuid[], $2::integer[]) AS given(about_id, revision)
        USING (about_id, revision)
        """,
        [about_id for about_id, _ in about],
        [revision for _, revision in about],
    )
    return {row["about_id"]: row["comment"] for row in rows}
