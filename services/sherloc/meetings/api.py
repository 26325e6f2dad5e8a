"""Routes of informal meetings: those of the declaration, and those of lessons, which have a table of their own."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar.params import FromPath, JSONBody

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.commands import change
from chassis.nouns import actions, statements
from chassis.nouns.routes import reader, routes
from contracts.refusals import Missing
from contracts.values import Caller
from services.sherloc.meetings import store
from services.sherloc.meetings.model import MEETINGS, AddLesson, Meeting, RemoveLesson, check_lesson

MEETING = "/v1/meetings/{meeting_id:uuid}"
ADD, REMOVE = MEETINGS.by_name["add_lesson"], MEETINGS.by_name["remove_lesson"]


async def shown(tx: Tx, found: Sequence[Meeting], caller: Caller) -> Mapping[UUID, Mapping[str, Any]]:
    """Return the lessons of each meeting, and how many come."""
    lessons = await store.lessons_of(tx, [one.meeting_id for one in found])
    return {
        one.meeting_id: {
            "lessons": lessons[one.meeting_id],
            "states": len(one.signed_up),
            "people": sum(one.people),
            "own_people": one.coming.get(caller.organization, 0),
        }
        for one in found
    }


READ = reader(MEETINGS, shown)


@change(
    f"{MEETING}/lessons/{{lesson_id:uuid}}",
    MEETINGS.actions(ADD.name),
    "Add a lesson",
    read=READ,
    method="PUT",
    if_match=False,
)
async def add_lesson(
    tx: Tx, ctx: Context, meeting_id: FromPath[UUID], lesson_id: FromPath[UUID], data: JSONBody[AddLesson]
) -> None:
    """Requires the role `focal_point`, `official` or `coordinator`, and a meeting that was held.

    The `lesson_id` is random (UUID of version 4). Neither the author is stored nor an idempotency key, which would
    identify the caller; a repeat changes nothing.
    """
    MEETINGS.decide(ctx.caller, ADD.name, await statements.get(tx, MEETINGS, meeting_id)).required()
    async with tx.as_service():
        found = await statements.get_locked(tx, MEETINGS, meeting_id)
        assert found is not None, "the caller may see the meeting, so it exists"
        MEETINGS.require(ADD, found, ctx.today)
        check_lesson(lesson_id, await store.count_lessons(tx, meeting_id))
        await store.save_lesson(tx, meeting_id, lesson_id, data.text)


@change(f"{MEETING}/remove-lesson", MEETINGS.actions(REMOVE.name), "Remove a lesson", read=READ)
async def remove_lesson(tx: Tx, ctx: Context, meeting_id: FromPath[UUID], data: JSONBody[RemoveLesson]) -> None:
    """Requires the role `coordinator`. The lesson, for example one that names a person, is deleted."""
    await actions.make(tx, ctx, MEETINGS, REMOVE, meeting_id, data)
    async with tx.as_service():
        if not await store.delete_lesson(tx, meeting_id, data.lesson_id):
            raise Missing("not-found")


ROUTES = [*routes(MEETINGS, shown), add_lesson, remove_lesson]
