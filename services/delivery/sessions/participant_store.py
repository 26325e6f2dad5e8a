"""Counts of participants. Row-level security limits them to both sides of their delivery and coordinators."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from chassis.db.writes import Write
from services.delivery.sessions.participants import Count

Counts = tuple[Count, ...]
_SAVE = Write(
    parts={
        "counts_saved": """
            INSERT INTO participant_count (session_id, delivery_id, salt, counts)
            SELECT $1, delivery_id, $2, counts::json
            FROM unnest($3::uuid[], $4::text[]) AS given(delivery_id, counts)
            ON CONFLICT (session_id, delivery_id) DO UPDATE SET salt = excluded.salt, counts = excluded.counts
        """
    }
)


async def save(tx: Tx, session_id: UUID, counts: Mapping[UUID, Counts], salt: bytes) -> None:
    """Replace the previous counts of these deliveries; the journal references the counts by their salted hash."""
    encoded = [msgspec.json.encode(each).decode() for each in counts.values()]
    await tx.queue(_SAVE, session_id, salt, list(counts), encoded)


async def of_sessions(tx: Tx, session_ids: Sequence[UUID]) -> dict[tuple[UUID, UUID], Counts]:
    """Return the counts that the caller may read, by session and delivery."""
    rows = await tx.fetch(
        """
        SELECT session_id, delivery_id, counts::text FROM participant_count
        WHERE session_id = ANY ($1::uuid[]) ORDER BY session_id, delivery_id
        """,
        session_ids,
    )
    return {(row["session_id"], row["delivery_id"]): msgspec.json.decode(row["counts"], type=Counts) for row in rows}
