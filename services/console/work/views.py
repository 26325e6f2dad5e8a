"""Saved views of the desk: a query under a name, for oneself or for the organization."""

from collections.abc import Sequence

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.fields import Field, FormError
from services.console.moves.forms import NOTHING, Sent, command, send
from services.console.page import CurrentPage, Page, see_other
from services.console.translations import N_
from services.console.work.query import WorkQuery

NAME_MAX = 100
FIELDS = (
    Field(name="name", label=N_("Name of the view"), max_length=NAME_MAX),
    Field(name="shared", label=N_("Everybody in my organization sees it"), kind="yes"),
)


def _opened(page: Page, address: str, done: str) -> Response[bytes]:
    """Redirect to the desk with the query of a view."""
    query = WorkQuery.from_address(address).encoded
    return see_other(f"{page.address('/work')}?{query}{'&' if query else ''}done={done}")


@get("/{language:str}/work/views")
async def list_views(page: CurrentPage) -> Response[bytes]:
    found = await page.api.get("/v1/views", cursor=page.asked("cursor"))
    views = [{**one, "found": WorkQuery.from_address(one["address"])} for one in found["views"]]
    return page.render("work/views.html", views=views, cursor=found["cursor"])


@get("/{language:str}/work/views/new")
async def show_new(page: CurrentPage) -> Response[bytes]:
    return _form(page, WorkQuery.from_address(page.request.url.query))


@post("/{language:str}/work/views/new", status_code=303)
async def save_new(page: CurrentPage) -> Response[bytes]:
    query = WorkQuery.from_address(page.value("query"))
    sent = await send(page, "POST", "/v1/views", FIELDS, body_of=lambda typed: {**typed, "query": query.body})
    if sent.errors:
        return _form(page, query, sent.errors)
    return _opened(page, sent.record["address"], "view_saved")


def _form(page: Page, query: WorkQuery, errors: Sequence[FormError] = ()) -> Response[bytes]:
    return page.render(
        "work/view.html",
        status=400 if errors else 200,
        fields=FIELDS,
        query=query,
        typed=page.typed or None,
        errors=errors,
        view=None,
        revision=None,
        stale=False,
    )


@get("/{language:str}/work/views/{view_id:str}")
async def show_view(page: CurrentPage, view_id: FromPath[str]) -> Response[bytes]:
    return await _edit(page, view_id)


@post("/{language:str}/work/views/{view_id:str}", status_code=303)
async def save_view(page: CurrentPage, view_id: FromPath[str]) -> Response[bytes]:
    """Rename or share a view, or delete it."""
    delete, path = page.value("do") == "delete", f"/v1/views/{view_id}"
    sent = await (command(page, "DELETE", path) if delete else send(page, "PATCH", path, FIELDS))
    if sent.errors:
        return await _edit(page, view_id, sent)
    if delete:
        return page.redirect("/work/views", done="view_deleted")
    return _opened(page, sent.record["address"], "view_saved")


async def _edit(page: Page, view_id: str, sent: Sent = NOTHING) -> Response[bytes]:
    answer = await page.api.read(f"/v1/views/{view_id}")
    view = answer.body
    typed = page.typed or {"name": [view["name"]], "shared": ["yes"] if view["shared"] else []}
    return page.render(
        "work/view.html",
        status=400 if sent.errors else 200,
        fields=FIELDS,
        query=WorkQuery.from_address(view["address"]),
        typed=typed,
        errors=sent.errors,
        view=view,
        revision=answer.revision or view["revision"],
        stale=sent.stale,
    )


ROUTES = (list_views, show_new, save_new, show_view, save_view)
