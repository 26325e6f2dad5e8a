"""Search in what the reader may read: requests, offerings, States, codes in the six languages."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get

from contracts import reference
from contracts.reference import country_name
from services.console.page import CurrentPage, Page
from services.console.search.words import begins_reference, fits, reference_in
from services.console.translations import LANGUAGES

WORDS_MIN, WORDS_MAX = 2, 100
WORK_SHOWN, OFFERINGS_READ, CODES_SHOWN, STATES_SHOWN = 20, 100, 20, 10
OFFICES = frozenset({"focal_point", "official", "coordinator", "provider_officer", "auditor"})
"""Roles whose work the API lists."""
UNSEEN = (400, 403, 404, 422)
"""Statuses of refusals that are ignored: to some roles, or for some words."""


@get("/{language:str}/search")
async def search(page: CurrentPage) -> Response[bytes]:
    session = page.signed_in
    typed = " ".join(page.asked("q").split())[:WORDS_MAX]
    if len(typed) < WORDS_MIN:
        return page.render("search/search.html", typed=typed, found=None)
    work, offerings, codes = await asyncio.gather(
        _work(page, typed) if session.role in OFFICES else _nothing(),
        _offerings(page, typed),
        page.part("/v1/reference/search", q=typed, limit=CODES_SHOWN),
    )
    found = {
        "requests": work,
        "offerings": offerings,
        "states": states(typed, page.language),
        "codes": codes["found"] if codes else [],
    }
    return page.render("search/search.html", typed=typed, found=found)


async def _nothing() -> Sequence[Mapping[str, Any]]:
    return []


async def _work(page: Page, typed: str) -> Sequence[Mapping[str, Any]]:
    """Find the request of a reference, or requests by words of their titles: of open work, else of the newest."""
    if reference := reference_in(typed):
        listed = await page.part("/v1/requests", reference=reference, unseen=UNSEEN)
        return list((listed or {"requests": []})["requests"])
    body = await page.part("/v1/work", q=typed, waiting_for="anyone", limit=WORK_SHOWN, unseen=UNSEEN)
    if not (body and body["work"]):
        # A request for which no clock runs is not work, but may be in the list of the newest.
        listed = await page.part("/v1/requests", limit=OFFERINGS_READ, unseen=UNSEEN)
        return [one for one in (listed or {"requests": []})["requests"] if _names(one, typed)][:WORK_SHOWN]
    once = {one["request_id"]: one for one in body["work"]}
    return list(once.values())


def _names(request: Mapping[str, Any], typed: str) -> bool:
    if begins_reference(typed):
        return typed.upper() in (request["reference"] or "")
    return fits(typed, request.get("title") or "")


async def _offerings(page: Page, typed: str) -> Sequence[Mapping[str, Any]]:
    """Find those of the newest offerings with all the words in their title, summary or provider."""
    body = await page.part("/v1/offerings", limit=OFFERINGS_READ, unseen=UNSEEN)
    found = []
    for one in (body or {"offerings": []})["offerings"]:
        if fits(typed, f"{one['title']} {one.get('summary') or ''} {one['provider']}"):
            found.append(one)
    return found[:WORK_SHOWN]


def states(typed: str, language: str) -> list[str]:
    """Return the codes of States found by their code, or by words of their name in any of the six languages."""
    found = []
    for code in reference.countries():
        names = (country_name(code, one) for one in LANGUAGES)
        if typed.upper() == code or any(fits(typed, name) for name in names):
            found.append(code)
    return sorted(found, key=lambda code: country_name(code, language))[:STATES_SHOWN]


ROUTES = (search,)
