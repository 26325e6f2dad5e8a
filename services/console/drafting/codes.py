"""Codes found by words in any of the six languages: topics, articles, paragraphs and kinds of assistance."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, post
from msgspec import Struct

from services.console.client import Problem
from services.console.fields import Typed
from services.console.page import CurrentPage, Page
from services.console.rendering import code_label

TABLES = ("topics", "articles", "paragraphs")
FOUND_MAX = 12
ASKED_MAX = 100


class TickedCodes(Struct, frozen=True, kw_only=True):
    """The codes that are ticked, by table, and those that can be ticked."""

    chosen: Mapping[str, Sequence[str]]
    found: Sequence[Mapping[str, Any]] | None
    """The concepts found, or None if nothing was searched for."""
    noticed: Sequence[str]
    """Topics that the texts speak of, and that are not ticked."""
    asked: str
    kind_found: str


def codes_of(
    typed: Typed,
    language: str,
    *,
    found: Sequence[Mapping[str, Any]] | None,
    asked: str,
    noticed: Sequence[str],
) -> TickedCodes:
    chosen = {table: list(dict.fromkeys(typed.get(table, ()))) for table in TABLES}
    known = [
        one
        for one in found or ()
        if one["code"] not in chosen.get(one["table"], ()) and one["table"] in (*TABLES, "kinds")
    ]
    return TickedCodes(
        chosen=chosen,
        found=None if found is None else known,
        noticed=[
            one
            for one in noticed
            if one not in chosen["topics"]
            and code_label(language, one, "topics") != one
            and not any(hit["table"] == "topics" and hit["code"] == one for hit in known)
        ],
        asked=asked,
        kind_found=next(iter(typed.get("kind_found", ())), ""),
    )


async def find_codes(page: Page, asked: str) -> Sequence[Mapping[str, Any]] | None:
    """Find concepts by what was typed. Return None if nothing was typed, and no concepts if the API refuses."""
    words = asked.strip()[:ASKED_MAX]
    if not words:
        return None
    try:
        hits = await page.api.get("/v1/reference/search", q=words, language=page.language, limit=FOUND_MAX * 2)
        return list(hits["found"])
    except Problem as problem:
        if problem.status == 401:
            raise
        return []


@post("/{language:str}/requests/codes", status_code=200)
async def show_codes(page: CurrentPage) -> Response[bytes]:
    """Show what was found while a person types, as a part of the page of a line."""
    asked = page.value("find")
    noticed = page.typed.get("noticed", ())
    found = await find_codes(page, asked)
    return page.render(
        "drafting/codes.html", codes=codes_of(page.typed, page.language, found=found, asked=asked, noticed=noticed)
    )


ROUTES = (show_codes,)
