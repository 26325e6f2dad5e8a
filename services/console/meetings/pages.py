"""The form of a lesson of an informal meeting, and the options of the moves."""

import os
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from contracts.reference import country_name, country_order
from services.console.fields import Field, Option
from services.console.meetings.model import MEETINGS, NEW_LESSON
from services.console.moves.forms import NOTHING, Sent, send, show_move
from services.console.moves.model import Move
from services.console.moves.records import routes_of
from services.console.page import CurrentPage, Page
from services.console.translations import N_

LESSON_SHOWN = 100
"""Maximum number of characters of a lesson in the list to choose from."""

LESSON = (
    Field(name="lesson_id", label=N_("Lesson"), kind="hidden"),
    Field(
        name="text",
        label=N_("What was learned"),
        kind="words",
        max_length=2000,
        rows=6,
        hint=N_("Name no person and no State."),
    ),
)
MEETING = "/{language:str}/meetings/{meeting_id:str}"


@get(f"{MEETING}{NEW_LESSON}")
async def new_lesson(page: CurrentPage, meeting_id: FromPath[str]) -> Response[bytes]:
    return await _lesson(page, meeting_id, NOTHING)


@post(f"{MEETING}{NEW_LESSON}", status_code=303)
async def add_lesson(page: CurrentPage, meeting_id: FromPath[str]) -> Response[bytes]:
    """Add a lesson under the random id of the form, so that a repeat changes nothing."""
    path = f"/v1/meetings/{meeting_id}/lessons/{page.value('lesson_id')}"
    # A PUT has no idempotency key, because the API would store it with its caller.
    sent = await send(page, "PUT", path, LESSON, body_of=lambda typed: {"text": typed["text"]})
    if sent.errors:
        return await _lesson(page, meeting_id, sent)
    return page.redirect(f"/meetings/{meeting_id}", done="saved")


def _options(page: Page, meeting: Mapping[str, Any], move: Move) -> Mapping[str, Sequence[Option]]:
    """Return the options of the moves: the States that are not invited yet, and the lessons."""
    lessons = [Option(one["lesson_id"], _begin_of(one["text"])) for one in meeting["lessons"]]
    states = [
        Option(code, country_name(code, page.language))
        for code in country_order(page.language)
        if code not in meeting["invited"]
    ]
    return {"lessons": lessons, "states": states}


def _begin_of(text: str) -> str:
    return text if len(text) <= LESSON_SHOWN else f"{text[:LESSON_SHOWN]}…"


async def _lesson(page: Page, meeting_id: str, sent: Sent) -> Response[bytes]:
    return await show_move(
        page,
        MEETINGS,
        "add_lesson",
        meeting_id,
        LESSON,
        sent,
        explains=N_("It is stored without its author and without the time. All who read the meeting read it."),
        first=lambda _page: {"lesson_id": random_id()},
        adds=True,
    )


def random_id() -> UUID:
    """Return an id that reveals neither when it was made nor by whom (UUID version 4)."""
    return UUID(bytes=os.urandom(16), version=4)


ROUTES = (new_lesson, add_lesson, *routes_of(MEETINGS, options=_options))
