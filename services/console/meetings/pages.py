"""Informal meetings of States: their list, the page of each, its form, and the form of a lesson."""

import os
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from contracts.reference import country_name, country_order
from services.console.fields import Field, Option
from services.console.meetings.moves import MEETING, NEW_LESSON
from services.console.meetings.words import MEETING_STATUS
from services.console.moves.forms import NOTHING, Sent, entry_routes, form_routes, send, show_move
from services.console.moves.model import Move
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.translations import N_

LIST_LENGTH = 25
LESSON_SHOWN = 100
"""Maximum number of characters of a lesson in the list to choose from."""

PLANS = frozenset({"coordinator"})
FIELDS = (
    Field(name="title", label=N_("Title"), max_length=300),
    Field(name="starts_on", label=N_("Day of the meeting"), kind="date"),
    Field(name="place", label=N_("Place, or link"), max_length=500),
    Field(name="language", label=N_("Language of your texts"), kind="choice", options="text_languages"),
    Field(name="agenda", label=N_("Agenda"), kind="words", max_length=10_000, rows=8),
    Field(
        name="invitation",
        label=N_("Invitation"),
        kind="words",
        max_length=5000,
        rows=6,
        required=False,
        empty="",
        hint=N_("What invited States read above the agenda."),
    ),
)
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
ONE = "/{language:str}/meetings/{meeting_id:str}"


@get("/{language:str}/meetings")
async def list_meetings(page: CurrentPage) -> Response[bytes]:
    query = {"status": page.asked("status")} if page.asked("status") else {}
    found = await page.api.get("/v1/meetings", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render(
        "meetings/list.html",
        found=found,
        query=query,
        statuses=list(MEETING_STATUS),
        plans=page.signed_in.role in PLANS,
    )


@get(ONE)
async def show_meeting(page: CurrentPage, meeting_id: FromPath[str]) -> Response[bytes]:
    """Show a meeting: its day and place, the invited States, the numbers that come, and what was learned."""
    meeting = await page.api.get(f"/v1/meetings/{meeting_id}")
    return page.render("meetings/show.html", record=meeting, moves=MEETING.open_to(meeting, page.signed_in.role))


@get(f"{ONE}{NEW_LESSON}")
async def new_lesson(page: CurrentPage, meeting_id: FromPath[str]) -> Response[bytes]:
    return await _lesson(page, meeting_id, NOTHING)


@post(f"{ONE}{NEW_LESSON}", status_code=303)
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
        MEETING,
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


ROUTES = (
    list_meetings,
    show_meeting,
    *entry_routes(
        MEETING,
        "meeting_id",
        FIELDS,
        heading=N_("Plan a meeting"),
        roles=PLANS,
        explains=N_("States, UNODC and auditors read it. States are invited afterwards."),
    ),
    *form_routes(MEETING, "revise_meeting", FIELDS, explains=N_("The invited States are notified.")),
    new_lesson,
    add_lesson,
    *routes_of(MEETING, options=_options),
)
