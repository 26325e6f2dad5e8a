"""Rows of follow-ups. Reads for a caller apply `may_see`, the policy in SQL, in their WHERE clause."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.refusals import Missing
from contracts.values import Caller
from services.delivery.follow_ups.model import FollowUp

DUE_MAX = 100


async def get(tx: Tx, follow_up_id: UUID, caller: Caller) -> FollowUp:
    """Return the follow-up. Raises Missing unless the caller may see it."""
    row = await tx.fetchrow(
        "SELECT * FROM follow_up WHERE follow_up_id = $1 AND reads_along(state, provider, false, $2, $3)",
        follow_up_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return follow_up_of(row)


async def of_delivery(tx: Tx, delivery_id: UUID, caller: Caller) -> list[FollowUp]:
    """List the follow-ups of a delivery that the caller may see, by month."""
    rows = await tx.fetch(
        """
        SELECT * FROM follow_up WHERE delivery_id = $1 AND reads_along(state, provider, false, $2, $3)
        ORDER BY month, side DESC
        """,
        delivery_id,
        caller.organization,
        caller.role,
    )
    return [follow_up_of(row) for row in rows]


async def next_asked(tx: Tx, answered: FollowUp) -> UUID | None:
    """Return the next open question to the same side about the same request, after the last one the first.

    One notice is sent for all that are asked on one day.
    """
    found: UUID | None = await tx.fetchval(
        """
        SELECT follow_up_id FROM follow_up
        WHERE request_id = $1 AND organization = $2 AND role = $3 AND status = 'asked' AND follow_up_id <> $4
        ORDER BY (month, follow_up_id) < ($5, $4), month, follow_up_id LIMIT 1
        """,
        answered.request_id,
        answered.organization,
        answered.role,
        answered.follow_up_id,
        answered.month,
    )
    return found


async def get_as_service(tx: Tx, follow_up_id: UUID) -> FollowUp | None:
    """Return the follow-up, read as the service and locked until the transaction ends."""
    row = await tx.fetchrow("SELECT * FROM follow_up WHERE follow_up_id = $1 FOR UPDATE", follow_up_id)
    return follow_up_of(row) if row else None


async def due(tx: Tx, now: datetime) -> list[FollowUp]:
    """Lock and list the follow-ups for which the clock has a move to make; skip those locked by others."""
    rows = await tx.fetch(
        "SELECT * FROM follow_up WHERE next_at <= $1 ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED", now, DUE_MAX
    )
    return [follow_up_of(row) for row in rows]


async def due_in_seconds(tx: Tx, now: datetime) -> float | None:
    """Return the seconds until the next follow-up is due; None if none will be."""
    found: float | None = await tx.fetchval(
        "SELECT extract(epoch FROM min(next_at) - $1::timestamptz)::float8 FROM follow_up WHERE next_at > $1", now
    )
    return found


_SAVE = Write(
    parts={
        "follow_up_saved": """
            INSERT INTO follow_up SELECT * FROM json_populate_record(NULL::follow_up, $1::text::json)
            ON CONFLICT (follow_up_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                next_at = excluded.next_at, asked_at = excluded.asked_at, reminded_at = excluded.reminded_at,
                lapsed_at = excluded.lapsed_at, answered_at = excluded.answered_at, result = excluded.result,
                language = excluded.language
        """
    }
)


async def save(tx: Tx, follow_up: FollowUp) -> None:
    row = msgspec.structs.asdict(follow_up) | {"next_at": follow_up.next_at}
    await tx.queue(_SAVE, msgspec.json.encode(row).decode())


_SAVE_TEXT = Write(
    parts={
        "follow_up_text_saved": """
            INSERT INTO follow_up_text (follow_up_id, salt, text) VALUES ($1, $2, $3)
            ON CONFLICT (follow_up_id) DO UPDATE SET salt = excluded.salt, text = excluded.text
        """
    }
)
_DROP_TEXT = Write(parts={"follow_up_text_dropped": "DELETE FROM follow_up_text WHERE follow_up_id = $1"})


async def save_text(tx: Tx, follow_up_id: UUID, salt: bytes, text: str) -> None:
    """Replace the text of the previous answer."""
    await tx.queue(_SAVE_TEXT, follow_up_id, salt, text)


async def drop_text(tx: Tx, follow_up_id: UUID) -> None:
    await tx.queue(_DROP_TEXT, follow_up_id)


async def texts_of(tx: Tx, follow_up_ids: Sequence[UUID]) -> dict[UUID, str]:
    rows = await tx.fetch(
        "SELECT follow_up_id, text FROM follow_up_text WHERE follow_up_id = ANY ($1::uuid[])", follow_up_ids
    )
    return {row["follow_up_id"]: row["text"] for row in rows}


def follow_up_of(row: Record) -> FollowUp:
    """Convert a row of `follow_up` to a follow-up."""
    return msgspec.convert(dict(row), FollowUp)
