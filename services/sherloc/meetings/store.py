"""Queries on the lessons of informal meetings."""

from collections.abc import Sequence
from uuid import UUID

from chassis.db.database import Tx
from chassis.db.writes import Write
from services.sherloc.meetings.model import LessonView

_SAVE_LESSON = Write(
    parts={
        "meeting_lesson": """
            INSERT INTO meeting_lesson (lesson_id, meeting_id, text) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
        """
    }
)


async def save_lesson(tx: Tx, meeting_id: UUID, lesson_id: UUID, text: str) -> None:
    """Save a lesson; neither its author nor its time is stored."""
    await tx.queue(_SAVE_LESSON, lesson_id, meeting_id, text)


async def delete_lesson(tx: Tx, meeting_id: UUID, lesson_id: UUID) -> bool:
    """Delete a lesson, and return whether it existed."""
    deleted = await tx.fetchval(
        "DELETE FROM meeting_lesson WHERE meeting_id = $1 AND lesson_id = $2 RETURNING true", meeting_id, lesson_id
    )
    return bool(deleted)


async def lessons_of(tx: Tx, meeting_ids: Sequence[UUID]) -> dict[UUID, tuple[LessonView, ...]]:
    """Return the lessons of each of these meetings, in the order of their random ids, which reveals nothing."""
    rows = await tx.fetch(
        "SELECT meeting_id, lesson_id, text FROM meeting_lesson WHERE meeting_id = ANY ($1::uuid[]) ORDER BY lesson_id",
        meeting_ids,
    )
    found: dict[UUID, list[LessonView]] = {meeting_id: [] for meeting_id in meeting_ids}
    for row in rows:
        found[row["meeting_id"]].append(LessonView(lesson_id=row["lesson_id"], text=row["text"]))
    return {meeting_id: tuple(lessons) for meeting_id, lessons in found.items()}


async def count_lessons(tx: Tx, meeting_id: UUID) -> int:
    return int(await tx.fetchval("SELECT count(*) FROM meeting_lesson WHERE meeting_id = $1", meeting_id))
