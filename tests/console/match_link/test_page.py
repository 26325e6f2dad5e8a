"""The page of the link in the mail of a presented match."""

import html
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest

from chassis.db.database import Database
from chassis.settings import Settings
from contracts import reference
from contracts.answer_links import AnswerLink, Purpose, token_of
from services.console.fields import NOT_CHOSEN
from services.console.matches.reading import TURN
from services.console.translations import LANGUAGES, translated
from tests.matching.matches.steps import confirmed, line_of, nominated
from tests.matching.offerings.steps import approved
from tests.matching.steps import CEB, COORDINATOR, KENYA, NORWAY, Owner, move, opened, presented, shown
from tests.personas import appoint_in_directory, persona_id
from tests.platform.steps import served, until

KEY = "0123456789abcdef0123456789abcdef"
UP = ("directory", "matching", "console")
PEOPLE = (KENYA, NORWAY, CEB, COORDINATOR)
ANSWERS = ("accept", "decline")


@pytest.fixture
async def browser(databases: Mapping[str, Database], without_a_broker: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of a person who has not signed in, and the API beside the console."""
    await appoint_in_directory(databases["directory"], PEOPLE)
    async with served(replace(without_a_broker, reply_key=KEY), *UP) as running:
        await until(lambda: not any(one.callers.stale() for one in running.running), 20)
        yield running.client


@pytest.fixture
def owner(databases: Mapping[str, Database]) -> Owner:
    return Owner(databases["matching"])


def page_of(match: Mapping[str, Any], language: str = "en") -> str:
    link = AnswerLink(purpose=Purpose.MATCH, about=UUID(match["match_id"]), person_id=persona_id(KENYA))
    return f"/{language}/match?token={token_of(KEY.encode(), link)}"


def words_of(page: httpx.Response) -> str:
    """Return the text of the main part of a page, without its markup."""
    return html.unescape(re.sub(r"<[^>]*>", "", page.text.partition("<main")[2]))


def buttons_of(page: httpx.Response) -> tuple[str, ...]:
    return tuple(re.findall(r'name="answer" value="(\w+)"', page.text))


async def test_state_reads_what_is_proposed_and_accepts_with_one_click(
    browser: httpx.AsyncClient, owner: Owner
) -> None:
    match = await presented(browser, owner)
    for _ in range(2):
        page = await browser.get(page_of(match))
        assert (200, ANSWERS) == (page.status_code, buttons_of(page))
    said = words_of(page)
    for one in ("Norway", reference.kinds()["mla_training"].label("en"), "25 persons", "If both sides agree, Norway"):
        assert one in said
    assert "presented" == (await shown(browser, match))["status"], "opening the page answers nothing"

    done = await browser.post(page_of(match), data={"answer": "accept"})

    assert 303 == done.status_code, done.text
    after = await browser.get(done.headers["location"])
    assert () == buttons_of(after)
    for one in (
        "Your State has accepted this match.",
        "Norway decides whether to confirm.",
        "Your agreement is recorded.",
    ):
        assert one in words_of(after)
    assert "accepted" == (await shown(browser, match))["status"]


async def test_state_declines_only_for_a_reason(browser: httpx.AsyncClient, owner: Owner) -> None:
    match = await presented(browser, owner)

    without = await browser.post(page_of(match), data={"answer": "decline", "reason": ""})
    wrong = await browser.post(page_of(match), data={"answer": "decline", "reason": "no_such_reason"})
    assert [(400, ANSWERS)] * 2 == [(one.status_code, buttons_of(one)) for one in (without, wrong)]
    assert translated("en", NOT_CHOSEN) in words_of(without)
    assert "presented" == (await shown(browser, match))["status"]
    done = await browser.post(page_of(match), data={"answer": "decline", "reason": "dates_unsuitable"})

    after = await browser.get(done.headers["location"])
    assert (303, ()) == (done.status_code, buttons_of(after))
    assert "Your State has declined this match." in words_of(after)
    assert reference.reasons("decline_by_state")["dates_unsuitable"].label("en") in words_of(after)
    assert "dates_unsuitable" == (await shown(browser, match))["reason"]


async def test_refused_acceptance_says_what_is_left(browser: httpx.AsyncClient, owner: Owner) -> None:
    course, other = await approved(browser, NORWAY, group_size_max=20), await approved(browser, CEB, group_size_max=20)
    line_id = line_of(await opened(owner))
    part = await nominated(browser, line_id, other, covers=20)
    part = await move(browser, part, "present", COORDINATOR, departure="other")
    await confirmed(browser, await nominated(browser, line_id, course, covers=20), NORWAY)

    refused = await browser.post(page_of(part), data={"answer": "accept"})

    assert (409, ANSWERS) == (refused.status_code, buttons_of(refused))
    for one in (
        "more people than the confirmed matches",
        "5 persons are not covered yet.",
        "accept it for fewer persons",
    ):
        assert one in words_of(refused)
    assert "presented" == (await shown(browser, part))["status"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_page_speaks_the_language_of_the_mail(browser: httpx.AsyncClient, owner: Owner, language: str) -> None:
    match = await move(browser, await presented(browser, owner), "confirm", NORWAY)

    page = await browser.get(page_of(match, language))
    done = await browser.post(page_of(match, language), data={"answer": "accept"})
    after = await browser.get(done.headers["location"])

    assert [200, 303, 200] == [one.status_code for one in (page, done, after)]
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in page.text
    for one in ("Does your State accept this match?", "The provider has confirmed this match."):
        assert (one in words_of(page)) == (language == "en")
    assert translated(language, "Your State has accepted this match.") in words_of(after)
    assert translated(language, TURN["confirmed"]) in words_of(after)


async def test_link_that_cannot_be_used_leads_to_signing_in(browser: httpx.AsyncClient, owner: Owner) -> None:
    match = await presented(browser, owner)
    await move(browser, match, "not-pursue", COORDINATOR, reason="other")
    for path in (page_of(match), "/en/match", "/ar/match?token=x", f"/fr/match?token={'A' * 64}"):
        for page in (
            await browser.get(path),
            *[await browser.post(path, data={"answer": one, "reason": "other"}) for one in ANSWERS],
            await browser.post(path, data={"answer": "decline"}),
        ):
            assert 404 == page.status_code, page.text
            assert () == buttons_of(page)
            assert translated(path[1:3], "This link can no longer be used. Sign in to see the match.") in words_of(page)
