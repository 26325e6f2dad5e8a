"""Queries on review progress. Each read for a caller is filtered by `may_see`, the policy in SQL."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.refusals import Missing
from contracts.values import Caller
from services.sherloc.review_progress.model import ReviewProgress

LIST_MAX = 200
TABLE_MAX = 2000
"""Maximum number of rows of the table; greater than the number of States multiplied by that of clusters."""


async def get(tx: Tx, review_progress_id: UUID, caller: Caller) -> ReviewProgress:
    """Return the record. Raises Missing unless this caller may see it."""
    row = await tx.fetchrow(
        "SELECT * FROM review_progress WHERE review_progress_id = $1 AND may_see_progress(state, status, $2, $3)",
        review_progress_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return progress_of(row)


async def page(
    tx: Tx, caller: Caller, *, state: str | None, cluster: str | None, before: UUID | None, limit: int
) -> list[ReviewProgress]:
    """List the records that this caller may see, by id in descending order."""
    rows = await tx.fetch(
        """
        SELECT * FROM review_progress
        WHERE may_see_progress(state, status, $1, $2) AND ($3::text IS NULL OR state = $3)
          AND ($4::text IS NULL OR cluster = $4) AND ($5::uuid IS NULL OR review_progress_id < $5)
        ORDER BY review_progress_id DESC LIMIT $6
        """,
        caller.organization,
        caller.role,
        state,
        cluster,
        before,
        limit,
    )
    return [progress_of(row) for row in rows]


async def shown_records(tx: Tx, caller: Caller) -> list[ReviewProgress]:
    """List the records that their States agreed to show, by State and cluster."""
    rows = await tx.fetch(
        """
        SELECT * FROM review_progress WHERE may_see_progress(state, status, $1, $2) AND status = 'shown'
        ORDER BY state, cluster LIMIT $3
        """,
        caller.organization,
        caller.role,
        TABLE_MAX,
    )
    return [progress_of(row) for row in rows]


async def lock(tx: Tx, review_progress_id: UUID) -> None:
    """Prevent other transactions from creating the record until this one ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))", str(review_progress_id))


async def get_as_service(tx: Tx, review_progress_id: UUID) -> ReviewProgress | None:
    """Return the record for the service itself, or None, and lock it until the transaction ends."""
    row = await tx.fetchrow(
        "SELECT * FROM review_progress WHERE review_progress_id = $1 FOR UPDATE", review_progress_id
    )
    return progress_of(row) if row else None


_SAVE = Write(
    parts={
        "review_progress_saved": """
            INSERT INTO review_progress SELECT * FROM json_populate_record(NULL::review_progress, $1::text::json)
            ON CONFLICT (review_progress_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                progress = excluded.progress, language = excluded.language, changed_at = excluded.changed_at
        """
    }
)
_SAVE_TEXT = Write(
    parts={
        "review_progress_text": """
            INSERT INTO review_progress_text (review_progress_id, salt, text) VALUES ($1, $2, $3)
            ON CONFLICT (review_progress_id) DO UPDATE SET salt = excluded.salt, text = excluded.text
        """
    }
)
_DELETE_TEXT = Write(
    parts={"review_progress_text_deleted": "DELETE FROM review_progress_text WHERE review_progress_id = $1"}
)


async def save(tx: Tx, record: ReviewProgress) -> None:
    await tx.queue(_SAVE, msgspec.json.encode(record).decode())


async def save_text(tx: Tx, review_progress_id: UUID, text: str, salt: bytes) -> None:
    """Save the text of a record in place of the earlier one."""
    await tx.queue(_SAVE_TEXT, review_progress_id, salt, text)


async def delete_text(tx: Tx, review_progress_id: UUID) -> None:
    await tx.queue(_DELETE_TEXT, review_progress_id)


async def texts_of(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, str]:
    rows = await tx.fetch(
        "SELECT review_progress_id, text FROM review_progress_text WHERE review_progress_id = ANY ($1::uuid[])", ids
    )
    return {row["review_progress_id"]: row["text"] for row in rows}


def progress_of(row: Record) -> ReviewProgress:
    """Convert a row of `review_progress` into a record."""
    return msgspec.convert(dict(row), ReviewProgress)
