"""Rows of screenings. A caller who may see a delivery may see its screenings."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.refusals import Missing
from contracts.screenings import ScreeningKind
from contracts.values import Caller
from services.delivery.screenings.model import Screening, screening_id_of


async def get(tx: Tx, screening_id: UUID, caller: Caller) -> Screening:
    """Return the screening. Raises Missing unless the caller may see its delivery."""
    row = await tx.fetchrow(
        """
        SELECT * FROM screening AS s WHERE screening_id = $1 AND EXISTS (
            SELECT FROM delivery AS d WHERE d.delivery_id = s.delivery_id
              AND reads_along(d.state, d.provider, false, $2, $3))
        """,
        screening_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return _screening(row)


async def of_delivery(tx: Tx, delivery_id: UUID) -> list[Screening]:
    """List the screenings of a delivery that the caller may see."""
    rows = await tx.fetch("SELECT * FROM screening WHERE delivery_id = $1 ORDER BY screening", delivery_id)
    return [_screening(row) for row in rows]


async def get_as_service(tx: Tx, screening_id: UUID) -> Screening | None:
    """Return the screening, read as the service and locked until the transaction ends."""
    row = await tx.fetchrow("SELECT * FROM screening WHERE screening_id = $1 FOR UPDATE", screening_id)
    return _screening(row) if row else None


async def is_completed(tx: Tx, delivery_id: UUID, kind: ScreeningKind) -> bool:
    """Check, as the service, whether the delivery's screening of this kind is completed."""
    query = "SELECT EXISTS (SELECT FROM screening WHERE screening_id = $1 AND status = 'completed')"
    return bool(await tx.fetchval(query, screening_id_of(delivery_id, kind)))


_SAVE = Write(
    parts={
        "screening_saved": """
            INSERT INTO screening SELECT * FROM json_populate_record(NULL::screening, $1::text::json)
            ON CONFLICT (screening_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                answers = excluded.answers, answered_at = excluded.answered_at, completed_at = excluded.completed_at
        """
    }
)
_SAVE_COMMENTS = Write(
    parts={
        "screening_comments": """
            INSERT INTO screening_text (screening_id, salt, comments) VALUES ($1, $2, $3::text::json)
            ON CONFLICT (screening_id) DO UPDATE SET salt = excluded.salt, comments = excluded.comments
        """
    }
)


async def save(tx: Tx, screening: Screening) -> None:
    await tx.queue(_SAVE, msgspec.json.encode(screening).decode())


async def save_comments(tx: Tx, screening_id: UUID, comments: Mapping[str, str], salt: bytes) -> None:
    """Save the comments, given by question; the journal references them by their salted hash."""
    await tx.queue(_SAVE_COMMENTS, screening_id, salt, msgspec.json.encode(comments).decode())


async def comments_of(tx: Tx, screening_ids: Sequence[UUID]) -> dict[UUID, dict[str, str]]:
    rows = await tx.fetch(
        "SELECT screening_id, comments FROM screening_text WHERE screening_id = ANY ($1::uuid[])", screening_ids
    )
    return {row["screening_id"]: msgspec.json.decode(row["comments"]) for row in rows}


def _screening(row: Record) -> Screening:
    columns: dict[str, Any] = dict(row)
    columns["answers"] = msgspec.json.decode(columns["answers"])
    return msgspec.convert(columns, Screening)
