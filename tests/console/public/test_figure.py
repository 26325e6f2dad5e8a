"""The page of a published figure: for everybody, and from a copy while the service does not answer."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

import httpx
import msgspec

from chassis import clock
from chassis.http.asgi import Application
from chassis.http.problems import RETRY_AFTER_SECONDS
from chassis.settings import Settings
from services.console.application import application
from services.console.client import InProcess
from services.console.page import Console
from services.console.public.copies import FRESH, Copies
from services.console.public.pages import ROUTES
from tests.builders import NOON
from tests.console.site import Site

FOUND = {
    "figure": "lines",
    "by": "topic",
    "codes": ["status", "topic"],
    "counts": "records",
    "coverage": "public",
    "state": None,
    "limited_to": None,
    "as_of": "2026-11-28",
    "exact": False,
    "withheld": False,
    "complete": True,
    "total": 25,
    "cells": [{"value": "extradition", "number": 25, "suppressed": False, "median_days": None}],
    "freshness": [{"owner": "requests", "newest": None, "read_at": None}],
}


class Api:
    """The public figure, or no answer while it is `silent`."""

    silent = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = msgspec.json.encode(FOUND) if "/table" not in scope["path"] else b"Code"
        await send({"type": "http.response.start", "status": 503 if self.silent else 200, "headers": []})
        await send({"type": "http.response.body", "body": body})


def pages_over(api: Api, settings: Settings) -> Callable[[str], Awaitable[httpx.Response]]:
    """Return what gets a public page about figures from a console that asks this API."""
    copies = Copies()
    copies.begin()
    console = Console(
        settings=settings, sessions=cast(Any, None), http=InProcess(api), issuer=None, openid=None, copies=copies
    )
    pages = InProcess(cast(Application, application(console, ROUTES)))

    async def get(path: str) -> httpx.Response:
        address = {"client": ("127.0.0.1", 0)}
        return await pages.request("GET", f"/en/public/figures{path}", headers={}, extensions=address)

    return get


async def test_public_figures_state_one_rule_and_have_no_day_to_choose(settings: Settings) -> None:
    get = pages_over(Api(), settings)

    for path in ("", "/lines?by=topic"):
        page = (await get(path)).text
        assert "records of at least five States or providers are in it" in page, path
        assert ("below five" in page, 'name="as_of"' in page, "&lt; 3" in page) == (False, False, False), path
    assert 'href="/en/public/figures/requests/table.csv?by=region"' in (await get("")).text


async def test_figure_is_shown_from_a_copy_while_the_service_does_not_answer(settings: Settings) -> None:
    api, now = Api(), [NOON]
    of_public = pages_over(api, settings)

    async def get(path: str) -> httpx.Response:
        return await of_public(f"/lines{path}")

    page, file = "?by=topic", "/table.csv?by=topic"
    with clock.use_clock(lambda: now[0]):
        fresh = await get(page)
        assert (200, "public, max-age=2, must-revalidate") == (fresh.status_code, fresh.headers["Cache-Control"])
        assert ("Extradition" in fresh.text, "does not answer" in fresh.text) == (True, False)
        assert b"Code" == (await get(file)).content

        api.silent, now[0] = True, NOON + 2 * FRESH

        old = await get(page)
        assert (200, True) == (old.status_code, "does not answer at the moment. What you see is from" in old.text)
        assert b"Code" == (await get(file)).content
        unknown = await get("?by=status")
        assert (503, str(RETRY_AFTER_SECONDS)) == (unknown.status_code, unknown.headers["Retry-After"])


def test_everybody_reads_a_figure_and_downloads_it(site: Site) -> None:
    with site.client() as client:
        assert 'href="/fr/public/figures/offerings"' in client.get("/fr/public/figures").text
        page = client.get("/fr/public/figures/offerings?by=topic").text
        assert "Uniquement ce que les États et les fournisseurs ont publié." in page
        assert client.get("/fr/public/figures/offerings/table.xlsx?by=topic").content.startswith(b"PK")
        assert [400, 404] == [
            client.get(f"/en/public/figures/{one}").status_code for one in ("offerings?by=provider", "weather")
        ]
