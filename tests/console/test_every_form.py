"""Every form of the console, sent to an API whose answers are lost: it keeps its key, and says what is known."""

import asyncio
import html
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx
import pytest

from chassis.settings import Settings
from services.console.fields import KNOWN
from services.console.page import KEY, REVISION
from tests.console.every_form import Api, Forms, Found, Search, console, found_in, path_of, posts, step_into, visitor
from tests.sample_world import Demo

PEOPLE = (
    "KEN:focal_point",
    "UNODC:coordinator",
    "ZAF:provider_officer",
    "FRA:donor_officer",
    "UNODC:finance_officer",
    "UNODC:administrator",
)
LOST = {"outcome-unknown": 503, "command-under-way": 409}
"""Answers after which it is not known whether a command was carried out, with their status."""

SENT_MAX = 20
"""Number of forms of one kind that are sent until one has sent its command."""

WITHOUT_A_COMMAND = {
    "/{language:str}/appointment",
    "/{language:str}/legislation-check",
    "/{language:str}/pledges/new",
    "/{language:str}/pledges/new/amount",
    "/{language:str}/pledges/new/check",
    "/{language:str}/requests/codes",
    "/{language:str}/requests/{request_id:str}/edit/advice",
    "/{language:str}/sign-in/again",
    "/{language:str}/sign-in/step-into",
    "/{language:str}/sign-out",
}
"""Paths whose forms change nothing of the platform: they read, sign in or out, or lead to the next page of a form."""

MADE = (
    "/{language:str}/intake/new",
    "/{language:str}/notifications/alerts/new",
    "/{language:str}/notifications/settings/pause",
    "/{language:str}/requests/{request_id:str}/edit/attachments",
    "/{language:str}/requests/{request_id:str}/strategies/new",
    "/{language:str}/pledges/new/check",
)
"""Paths whose forms are sent in earnest, because other forms are those of the records that they make."""

UNSEEN = {
    "/{language:str}/answer",
    "/{language:str}/cohorts/propose",
    "/{language:str}/effects/{record_id:str}/do/{move:str}",
    "/{language:str}/follow-ups/{record_id:str}/do/{move:str}",
    "/{language:str}/intake/scans/{request_id:str}",
    "/{language:str}/intake/{mail_id:str}/file",
    "/{language:str}/intake/{record_id:str}/do/{move:str}",
    "/{language:str}/legislation/checks/{record_id:str}/do/{move:str}",
    "/{language:str}/legislation/gaps",
    "/{language:str}/match",
    "/{language:str}/packages/{record_id:str}/do/{move:str}",
    "/{language:str}/parked/{service:str}/{event_id:uuid}/{move:str}",
    "/{language:str}/requests/new/from-observations",
    "/{language:str}/requests/{request_id:str}/consent",
    "/{language:str}/requests/{request_id:str}/documents/{attachment_id:str}/remove",
    "/{language:str}/requests/{request_id:str}/edit/attachments/{attachment_id:str}/remove",
    "/{language:str}/requests/{request_id:str}/nominate",
    "/{language:str}/requests/{request_id:str}/record-confirmation",
    "/{language:str}/requests/{request_id:str}/record-consent",
    "/{language:str}/rounds/{round_id:str}/{end:str}",
    "/{language:str}/work/views/{view_id:str}",
    "/{language:str}/years/{year:int}/reopen",
}
"""Paths whose forms are of records that the sample world may lack. test_form_heads.py holds their code to the rules."""

UNSENT = {"/en/pledges/*/form/meet-condition"}
"""Forms that may have nothing to choose in the sample world: what was there to choose, a test has removed."""


@dataclass
class World:
    """The forms that people found, by their path and kind, and what is needed to send them."""

    runner: asyncio.Runner
    api: Api
    forms: Mapping[tuple[str, str], Sequence[Found]]


@pytest.fixture(scope="module")
def world(demo: Demo) -> Iterator[World]:
    settings = Settings(state=demo.state, database_url=demo.database_url, nats_url=demo.broker.url("console"))
    api = Api(demo.platform.addresses["requests"])
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        pages = runner.run(stack.enter_async_context(console(settings, api)))
        yield World(runner, api, runner.run(_forms(pages)))
        runner.run(stack.aclose())


async def _forms(pages: object) -> Mapping[tuple[str, str], Sequence[Found]]:
    paths = posts()
    found: dict[tuple[str, str], list[Found]] = {}

    def keep(one: Found) -> None:
        if path := path_of(one.form.action, paths):
            found.setdefault((path, one.kind), []).append(one)

    searches = {}
    for person in PEOPLE:
        client = visitor(pages)
        await step_into(client, person)
        searches[client] = Search(client)
        async for one in searches[client].forms(paths, {path for path, _ in found}):
            keep(one)
    for (path, _), forms in list(found.items()):
        for one in forms[:SENT_MAX] if path in MADE else ():
            answer = await one.send()
            for other in found_in(Forms(answer.text, one.form.action), one.form.action, one.client):
                keep(other)
            if answer.status_code == 303:
                async for other in searches[one.client].around(answer.headers["location"]):
                    keep(other)
                break
    return found


def test_each_path_for_forms_has_a_form_that_a_person_finds(world: World) -> None:
    assert set(posts()) - WITHOUT_A_COMMAND - {path for path, _ in world.forms} <= UNSEEN


@pytest.mark.parametrize("slug", LOST)
def test_form_whose_answer_is_lost_keeps_its_key(world: World, slug: str) -> None:
    world.api.instead = (LOST[slug], {"slug": slug, "title": "A title of the API", "status": LOST[slug]})
    faults, silent = [], set()
    for (path, kind), forms in world.forms.items():
        if path in WITHOUT_A_COMMAND:
            continue
        one, answer = world.runner.run(_until_a_command(world.api, forms))
        if answer is None:
            silent.add(kind)
        elif fault := _fault(one, answer, KNOWN[slug]):
            faults.append(f"{kind} on {one.page}: {answer.status_code} {fault}")
    assert [] == faults
    assert silent <= UNSENT


async def _until_a_command(api: Api, forms: Sequence[Found]) -> tuple[Found, httpx.Response | None]:
    """Send forms of one kind, with each of their buttons, until the console has sent a command for one."""
    for one in forms[:SENT_MAX]:
        for button in [pair for pair in one.form.buttons if pair[0]] or [None]:
            api.commands.clear()
            answer = await one.send(button)
            if api.commands:
                return one, answer
    return one, None


def _fault(sent: Found, answer: httpx.Response, known: str) -> str:
    key = sent.form.typed[KEY][0]
    again = [form for form in Forms(answer.text, sent.form.action).found if form.typed.get(KEY) == [key]]
    if not again and f"{KEY}={key}" not in answer.text:
        return "without the key that was sent"
    return "" if known in html.unescape(answer.text) else "without what is known"


def test_revision_that_is_no_number_is_answered(world: World) -> None:
    """`²` is a digit that is no decimal one."""
    world.api.instead = (412, {"slug": "revision-stale", "title": "A title of the API", "status": 412})
    crashed = []
    for (_, kind), forms in world.forms.items():
        answer = world.runner.run(forms[0].send(**{REVISION: "²"}))
        if answer.status_code >= 500:
            crashed.append(kind)
    assert [] == crashed
