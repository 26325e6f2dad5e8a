"""Queries on informal meetings. Each read for a caller is filtered by `may_see`, the policy in SQL."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.refusals import Missing
from contracts.values import Caller
from services.sherloc.meetings.model import Meeting, MeetingStatus, MeetingTexts

LIST_MAX = 100


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson; neither its author nor its time is stored."""

    lesson_id: UUID
    text: str


async def get(tx: Tx, meeting_id: UUID, caller: Caller) -> Meeting:
    """Return the meeting. Raises Missing unless this caller may see it."""
    row = await tx.fetchrow(
        "SELECT * FROM meeting WHERE meeting_id = $1 AND may_see_meetings($2)",
        meeting_id,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return meeting_of(row)


async def page(
    tx: Tx, caller: Caller, *, status: MeetingStatus | None, before: UUID | None, limit: int
) -> list[Meeting]:
    """List the meetings that this caller may see, newest first."""
    rows = await tx.fetch(
        """
        SELECT * FROM meeting
        WHERE may_see_meetings($1) AND ($2::text IS NULL OR status = $2)
          AND ($3::uuid IS NULL OR meeting_id < $3)
        ORDER BY meeting_id DESC LIMIT $4
        """,
        caller.role,
        status,
        before,
        limit,
    )
    return [meeting_of(row) for row in rows]


async def get_as_service(tx: Tx, meeting_id: UUID) -> Meeting | None:
    """Return the meeting for the service itself, or None, and lock it until the transaction ends."""
    row = await tx.fetchrow("SELECT * FROM meeting WHERE meeting_id = $1 FOR UPDATE", meeting_id)
    return meeting_of(row) if row else None


_SAVE = Write(
    parts={
        "meeting_saved": """
            INSERT INTO meeting SELECT * FROM json_populate_record(NULL::meeting, $1::text::json)
            ON CONFLICT (meeting_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                starts_on = excluded.starts_on, language = excluded.language, changed_at = excluded.changed_at,
                invited = excluded.invited, signed_up = excluded.signed_up, people = excluded.people,
                reason = excluded.reason
        """
    }
)
_SAVE_TEXTS = Write(
    parts={
        "meeting_texts": """
            INSERT INTO meeting_text (meeting_id, salt, title, agenda, invitation, place)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (meeting_id) DO UPDATE SET salt = excluded.salt, title = excluded.title,
                agenda = excluded.agenda, invitation = excluded.invitation, place = excluded.place
        """
    }
)
_SAVE_LESSON = Write(
    parts={
        "meeting_lesson": """
            INSERT INTO meeting_lesson (lesson_id, meeting_id, text) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
        """
    }
)


async def save(tx: Tx, meeting: Meeting) -> None:
    await tx.queue(_SAVE, msgspec.json.encode(meeting).decode())


async def save_texts(tx: Tx, meeting_id: UUID, texts: MeetingTexts, salt: bytes) -> None:
    """Save the texts of a meeting in place of the earlier ones."""
    await tx.queue(_SAVE_TEXTS, meeting_id, salt, texts.title, texts.agenda, texts.invitation, texts.place)


async def save_lesson(tx: Tx, meeting_id: UUID, lesson: Lesson) -> None:
    await tx.queue(_SAVE_LESSON, lesson.lesson_id, meeting_id, lesson.text)


async def delete_lesson(tx: Tx, meeting_id: UUID, lesson_id: UUID) -> bool:
    """Delete a lesson, and return whether it existed."""
    deleted = await tx.fetchval(
        "DELETE FROM meeting_lesson WHERE meeting_id = $1 AND lesson_id = $2 RETURNING true", meeting_id, lesson_id
    )
    return bool(deleted)


async def texts_of(tx: Tx, meeting_ids: Sequence[UUID]) -> dict[UUID, MeetingTexts]:
    rows = await tx.fetch(
        "SELECT meeting_id, title, agenda, invitation, place FROM meeting_text WHERE meeting_id = ANY ($1::uuid[])",
        meeting_ids,
    )
    return {row["meeting_id"]: msgspec.convert(dict(row), MeetingTexts) for row in rows}


async def lessons_of(tx: Tx, meeting_ids: Sequence[UUID]) -> dict[UUID, list[Lesson]]:
    """Return the lessons of each of these meetings, in the order of their random ids, which reveals nothing."""
    rows = await tx.fetch(
        "SELECT meeting_id, lesson_id, text FROM meeting_lesson WHERE meeting_id = ANY ($1::uuid[]) ORDER BY lesson_id",
        meeting_ids,
    )
    found: dict[UUID, list[Lesson]] = {meeting_id: [] for meeting_id in meeting_ids}
    for row in rows:
        found[row["meeting_id"]].append(Lesson(lesson_id=row["lesson_id"], text=row["text"]))
    return found


async def count_lessons(tx: Tx, meeting_id: UUID) -> int:
    return int(await tx.fetchval("SELECT count(*) FROM meeting_lesson WHERE meeting_id = $1", meeting_id))


def meeting_of(row: Record) -> Meeting:
    """Convert a row of `meeting` into a meeting."""
    return msgspec.convert(dict(row), Meeting)
