"""Queries on the money that confirmed matches lack: rows made from the facts of the pledges service."""

from collections.abc import Collection
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from services.notifications.hits.model import KnownRequirement


async def open_requirement(tx: Tx, requirement_id: UUID, request_id: UUID, line_id: UUID, usd_minor: int) -> None:
    """Store the amount that a match lacks, unless an allocation to it was stored before."""
    await tx.execute(
        """
        INSERT INTO known_requirement (requirement_id, request_id, line_id, lacking_usd_minor, cancelled)
        VALUES ($1, $2, $3, $4, false) ON CONFLICT DO NOTHING
        """,
        requirement_id,
        request_id,
        line_id,
        usd_minor,
    )


async def set_lacking(tx: Tx, requirement_id: UUID, request_id: UUID, line_id: UUID, usd_minor: int) -> None:
    """Store the amount that is lacking after an allocation; facts of two aggregates come in any order."""
    await tx.execute(
        """
        INSERT INTO known_requirement (requirement_id, request_id, line_id, lacking_usd_minor, cancelled)
        VALUES ($1, $2, $3, $4, false)
        ON CONFLICT (requirement_id) DO UPDATE SET lacking_usd_minor = excluded.lacking_usd_minor
        """,
        requirement_id,
        request_id,
        line_id,
        usd_minor,
    )


async def cancel(tx: Tx, requirement_id: UUID) -> None:
    await tx.execute("UPDATE known_requirement SET cancelled = true WHERE requirement_id = $1", requirement_id)


async def requirements(tx: Tx, requirement_ids: Collection[UUID]) -> dict[UUID, KnownRequirement]:
    if not requirement_ids:
        return {}
    rows = await tx.fetch("SELECT * FROM known_requirement WHERE requirement_id = ANY ($1::uuid[])", requirement_ids)
    return {row["requirement_id"]: msgspec.convert(dict(row), KnownRequirement) for row in rows}
