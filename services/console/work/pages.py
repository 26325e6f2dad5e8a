"""The coordinator's desk: the work as a table or a board of the same query, with its counts and saved views."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Struct

from services.console.downloads import as_download
from services.console.fields import Field
from services.console.labels import LABELS, STEP
from services.console.live.refresh import is_refresh
from services.console.page import CurrentPage, Page
from services.console.translations import N_
from services.console.work.query import WorkQuery

LIST_LENGTH = 50
VIEWS_SHOWN = 50
COORDINATOR = "coordinator"
READERS = frozenset({COORDINATOR, "auditor"})
TABLES = frozenset({"csv", "xlsx"})


LISTS = {
    name: Field(name=name, label="", options=options)
    for name, options in (("state", "countries"), ("kind", "kinds"), ("topic", "topics"), ("written_in", "languages"))
}
"""The filters that are chosen from a code list."""


class Usual(Struct, frozen=True):
    """A predefined view, for everybody or for some roles."""

    name: str
    query: str
    roles: frozenset[str] | None = None

    @property
    def found(self) -> WorkQuery:
        return WorkQuery.from_address(self.query)


USUAL = (
    Usual(N_("Our turn"), ""),
    Usual(N_("In my charge"), "assignee=me", READERS),
    Usual(N_("No person in charge"), "assignee=none", READERS),
    Usual(N_("Late"), "overdue=true"),
    Usual(N_("Turn of others"), "waiting_for=others"),
)


def query_of(page: Page) -> WorkQuery:
    return WorkQuery.of([(name, str(value)) for name, value in page.request.query_params.multi_items()])


@get("/{language:str}/work")
async def show_work(page: CurrentPage) -> Response[bytes]:
    """Show the desk, or only its changing part for a refresh."""
    session = page.signed_in
    query, board = query_of(page), page.asked("view") == "board"
    refresh = is_refresh(page.request)
    found, counts, views = await asyncio.gather(
        page.api.get("/v1/work", **query.parameters, expand="request", limit=LIST_LENGTH, cursor=page.asked("cursor")),
        page.api.get("/v1/work/counts", **query.filters.parameters),
        _no_views() if refresh else page.api.get("/v1/views", limit=VIEWS_SHOWN),
    )
    context = {
        "query": query,
        "board": board,
        "cursor": page.asked("cursor"),
        "found": found,
        "counts": counts,
        "columns": columns(found["work"], counts),
        "may_assign": session.role == COORDINATOR,
        "me": str(session.person_id),
    }
    if refresh:
        return page.render("work/part.html", **context)
    return page.render(
        "work/work.html",
        **context,
        views=[{**one, "found": WorkQuery.from_address(one["address"])} for one in views["views"]],
        usual=[
            (one.name, WorkQuery.from_address(one.query))
            for one in USUAL
            if one.roles is None or session.role in one.roles
        ],
        labels=LABELS,
        lists=LISTS,
    )


async def _no_views() -> Mapping[str, Any]:
    return {"views": []}


def columns(work: Sequence[Mapping[str, Any]], counts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the columns of the board, in the order in which a request takes the steps, with the number of clocks."""
    return [
        {"step": step, "count": counts["by_step"].get(step, 0), "work": [one for one in work if one["step"] == step]}
        for step in STEP
        if counts["by_step"].get(step) or any(one["step"] == step for one in work)
    ]


@get("/{language:str}/work/download/{name:str}")
async def download_work(page: CurrentPage, name: FromPath[str]) -> Response[bytes]:
    """Return what the query finds, as a file of the API."""
    kind = name.removeprefix("work.")
    if kind not in TABLES:
        raise NotFoundException
    answer = await page.api.download(f"/v1/work.{kind}", **query_of(page).parameters, language=page.language)
    return as_download(answer)


ROUTES = (show_work, download_work)
