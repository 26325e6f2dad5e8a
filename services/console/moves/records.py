"""The pages of a noun that are declared: its list, one record, and the forms in which it is entered and revised."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from services.console.fields import Option
from services.console.moves import pages
from services.console.moves.forms import Given, entry_routes, form_routes, in_own_language
from services.console.moves.model import Noun
from services.console.moves.pages import Completed, Options
from services.console.page import CurrentPage

LIST_LENGTH = 25
NUMBERS = frozenset({"number", "some", "count", "money", "usd"})
"""Kinds of values that are at the end of a column."""


def no_options(page: object, record: object, move: object) -> Mapping[str, Sequence[Option]]:
    return {}


async def nothing_more(page: object, record: object) -> Mapping[str, Any]:
    return {}


def routes_of(
    noun: Noun, *, options: Options = no_options, given: Given | None = None, adds: Completed = nothing_more
) -> Sequence[HTTPRouteHandler]:
    """Return the routes of all pages that a noun declares, and of its moves, like `pages.routes_of`.

    `given` returns the options of the form in which it is entered, `adds` what its template `more` shows.
    """
    assert noun.listed is not None, f"{noun.path} declares no list"
    entered, filters = noun.entered, [*(one.name for one in noun.listed.filters), *noun.listed.parameters]

    @get(f"/{{language:str}}{noun.path}", name=f"list{noun.path}")
    async def list_records(page: CurrentPage) -> Response[bytes]:
        query = {name: page.asked(name) for name in filters if page.asked(name)}
        found = await page.api.get(noun.api, **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
        enters = entered is not None and page.signed_in.role in entered.roles
        return page.render("moves/list.html", noun=noun, found=found, query=query, enters=enters, numbers=NUMBERS)

    @get(f"/{{language:str}}{noun.path}/{{record_id:str}}", name=f"show{noun.path}")
    async def show_record(page: CurrentPage, record_id: FromPath[str]) -> Response[bytes]:
        record = await page.api.get(f"{noun.api}/{record_id}")
        moves = noun.open_to(record, page.signed_in.role)
        more = await adds(page, record)
        return page.render("moves/show.html", noun=noun, record=record, moves=moves, **more)

    entry = (
        entry_routes(
            noun,
            noun.key,
            entered.fields,
            heading=entered.heading,
            roles=entered.roles,
            explains=entered.explains,
            first=lambda page: entered.first(page.language),
            given=given,
            done=entered.done,
        )
        if entered and entered.fields
        else ()
    )
    own = [
        route
        for move in noun.moves
        if move.form
        for route in form_routes(
            noun,
            move.name,
            move.fields,
            explains=move.explains,
            first=in_own_language if move.form == "empty" else None,
        )
    ]
    return (list_records, show_record, *entry, *own, *pages.routes_of(noun, options=options))
