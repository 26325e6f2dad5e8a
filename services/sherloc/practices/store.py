"""Queries on practices. Each read for a caller is filtered by `may_see`, the policy in SQL."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.facts import Fact
from contracts.practices import PracticeKind, PracticeUseAdded, PracticeUseRemoved
from contracts.refusals import Missing
from contracts.values import Caller, Language
from services.sherloc.practices.model import Practice, PracticeStatus, PracticeTexts

LIST_MAX = 100


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Filter of a list of practices. A practice matches `stems` if it has all stems of one language."""

    kind: PracticeKind | None = None
    status: PracticeStatus | None = None
    article: str | None = None
    topics: tuple[str, ...] | None = None
    state: str | None = None
    language: Language | None = None
    stems: Sequence[list[str] | None] | None = None


async def get(tx: Tx, practice_id: UUID, caller: Caller) -> Practice:
    """Return the practice. Raises Missing unless this caller may see it."""
    row = await tx.fetchrow(
        """
        SELECT * FROM practice
        WHERE practice_id = $1 AND may_see_practice(state, provider, status, submitted_at, $2, $3)
        """,
        practice_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return practice_of(row)


async def page(tx: Tx, caller: Caller, wanted: Filter, *, before: UUID | None, limit: int) -> list[Practice]:
    """List the practices that this caller may see, newest first."""
    rows = await tx.fetch(
        """
        SELECT * FROM practice
        WHERE may_see_practice(state, provider, status, submitted_at, $1, $2)
          AND ($3::text IS NULL OR practice_kind = $3)
          AND ($4::text IS NULL OR status = $4) AND ($5::text IS NULL OR articles @> ARRAY[$5])
          AND ($6::text[] IS NULL OR topics && $6)
          AND ($7::text IS NULL OR state = $7) AND ($8::text IS NULL OR language = $8)
          AND ($9::uuid IS NULL OR practice_id < $9)
          AND (NOT $10::boolean OR practice_id IN (
            SELECT practice_id FROM practice_stems
            WHERE stems @> $11::text[] OR stems @> $12::text[] OR stems @> $13::text[]
               OR stems @> $14::text[] OR stems @> $15::text[] OR stems @> $16::text[]))
        ORDER BY practice_id DESC LIMIT $17
        """,
        caller.organization,
        caller.role,
        wanted.kind,
        wanted.status,
        wanted.article,
        wanted.topics,
        wanted.state,
        wanted.language,
        before,
        wanted.stems is not None,
        *(wanted.stems or [None] * 6),
        limit,
    )
    return [practice_of(row) for row in rows]


async def get_as_service(tx: Tx, practice_id: UUID) -> Practice | None:
    """Return the practice for the service itself, or None, and lock it until the transaction ends."""
    row = await tx.fetchrow("SELECT * FROM practice WHERE practice_id = $1 FOR UPDATE", practice_id)
    return practice_of(row) if row else None


async def is_used_in(tx: Tx, practice_id: UUID, delivery_id: UUID) -> bool:
    """Check whether the use of the practice by the delivery is recorded."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM practice_use WHERE practice_id = $1 AND delivery_id = $2)", practice_id, delivery_id
    )
    return found


_SAVE = Write(
    parts={
        "practice_saved": """
            INSERT INTO practice SELECT * FROM json_populate_record(NULL::practice, $1::text::json)
            ON CONFLICT (practice_id) DO UPDATE SET practice_kind = excluded.practice_kind, status = excluded.status,
                revision = excluded.revision, language = excluded.language, articles = excluded.articles,
                topics = excluded.topics, country_review = excluded.country_review, uses = excluded.uses,
                changed_at = excluded.changed_at, submitted_at = excluded.submitted_at,
                catalogued_at = excluded.catalogued_at, reason = excluded.reason
        """
    }
)
_ADD_USE = Write(parts={"practice_use": "INSERT INTO practice_use (practice_id, delivery_id) VALUES ($1, $2)"})
_REMOVE_USE = Write(
    parts={"practice_use_removed": "DELETE FROM practice_use WHERE practice_id = $1 AND delivery_id = $2"}
)


async def save(tx: Tx, practice: Practice, fact: Fact) -> None:
    """Save the practice after a fact, and the use that the fact adds or removes."""
    await tx.queue(_SAVE, msgspec.json.encode(practice).decode())
    if isinstance(fact, PracticeUseAdded):
        await tx.queue(_ADD_USE, practice.practice_id, fact.delivery_id)
    elif isinstance(fact, PracticeUseRemoved):
        await tx.queue(_REMOVE_USE, practice.practice_id, fact.delivery_id)


_SAVE_TEXTS = Write(
    parts={
        "practice_texts": """
            INSERT INTO practice_text (practice_id, salt, title, text) VALUES ($1, $2, $3, $4)
            ON CONFLICT (practice_id) DO UPDATE SET salt = excluded.salt, title = excluded.title, text = excluded.text
        """,
        "practice_stems": """
            INSERT INTO practice_stems (practice_id, stems) VALUES ($1, $5)
            ON CONFLICT (practice_id) DO UPDATE SET stems = excluded.stems
        """,
    }
)
_COMMENT = Write(
    parts={
        "practice_comment": """
            INSERT INTO practice_remark (practice_id, comment) VALUES ($1, $2)
            ON CONFLICT (practice_id) DO UPDATE SET comment = excluded.comment
        """
    }
)
_DELETE_TEXTS = Write(
    parts={
        "practice_texts_deleted": "DELETE FROM practice_text WHERE practice_id = $1",
        "practice_stems_deleted": "DELETE FROM practice_stems WHERE practice_id = $1",
        "practice_comment_deleted": "DELETE FROM practice_remark WHERE practice_id = $1",
    }
)


async def save_texts(tx: Tx, practice_id: UUID, texts: PracticeTexts, salt: bytes, stems: Sequence[str]) -> None:
    """Save the texts in place of the earlier ones, and the stems under which they are found."""
    await tx.queue(_SAVE_TEXTS, practice_id, salt, texts.title, texts.text, stems)


async def save_comment(tx: Tx, practice_id: UUID, comment: str) -> None:
    """Save the comment on the last move in place of the earlier one, or delete it if there is none."""
    if comment:
        await tx.queue(_COMMENT, practice_id, comment)
    else:
        await tx.execute("DELETE FROM practice_remark WHERE practice_id = $1", practice_id)


async def delete_texts(tx: Tx, practice_id: UUID) -> None:
    await tx.queue(_DELETE_TEXTS, practice_id)


async def texts_of(tx: Tx, practice_ids: Sequence[UUID]) -> dict[UUID, PracticeTexts]:
    """Return the texts of these practices."""
    rows = await tx.fetch(
        "SELECT practice_id, title, text FROM practice_text WHERE practice_id = ANY ($1::uuid[])", practice_ids
    )
    return {row["practice_id"]: PracticeTexts(title=row["title"], text=row["text"]) for row in rows}


async def comments_of(tx: Tx, practice_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the comments on the last moves of these practices; row-level security hides those of other authors."""
    rows = await tx.fetch(
        "SELECT practice_id, comment FROM practice_remark WHERE practice_id = ANY ($1::uuid[])", practice_ids
    )
    return {row["practice_id"]: row["comment"] for row in rows}


def practice_of(row: Record) -> Practice:
    """Convert a row of `practice` into a practice."""
    return msgspec.convert(dict(row), Practice)
