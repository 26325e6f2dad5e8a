"""Saved views of the desk: a query under a name, for oneself or for the organization."""

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.client import Problem
from services.console.fields import Field, FormError, form_errors, read
from services.console.page import CurrentPage, Page, see_other
from services.console.translations import N_
from services.console.work.query import WorkQuery

NAME_MAX = 100
STALE = 412
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
    sent = read(FIELDS, page.typed)
    if sent.errors:
        return _form(page, query, errors=sent.errors)
    try:
        answer = await page.api.send("POST", "/v1/views", {**sent.body, "query": query.body}, key=page.key)
    except Problem as problem:
        return _form(page, query, errors=_errors(problem))
    return _opened(page, answer.body["address"], "view_saved")


def _form(page: Page, query: WorkQuery, errors: tuple[FormError, ...] = ()) -> Response[bytes]:
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


def _errors(problem: Problem) -> tuple[FormError, ...]:
    return form_errors(problem, FIELDS)


@get("/{language:str}/work/views/{view_id:str}")
async def show_view(page: CurrentPage, view_id: FromPath[str]) -> Response[bytes]:
    return await _edit(page, view_id)


@post("/{language:str}/work/views/{view_id:str}", status_code=303)
async def save_view(page: CurrentPage, view_id: FromPath[str]) -> Response[bytes]:
    """Rename or share a view, or delete it."""
    delete = page.value("do") == "delete"
    sent = read(() if delete else FIELDS, page.typed)
    if sent.errors:
        return await _edit(page, view_id, errors=sent.errors)
    try:
        answer = await page.api.send(
            "DELETE" if delete else "PATCH",
            f"/v1/views/{view_id}",
            None if delete else sent.body,
            key=page.key,
            revision=page.revision,
        )
    except Problem as problem:
        return await _edit(page, view_id, errors=_errors(problem), stale=problem.status == STALE)
    if delete:
        return page.redirect("/work/views", done="view_deleted")
    return _opened(page, answer.body["address"], "view_saved")


async def _edit(
    page: Page, view_id: str, errors: tuple[FormError, ...] = (), *, stale: bool = False
) -> Response[bytes]:
    answer = await page.api.read(f"/v1/views/{view_id}")
    view = answer.body
    typed = page.typed or {"name": [view["name"]], "shared": ["yes"] if view["shared"] else []}
    return page.render(
        "work/view.html",
        status=400 if errors else 200,
        fields=FIELDS,
        query=WorkQuery.from_address(view["address"]),
        typed=typed,
        errors=errors,
        view=view,
        revision=answer.revision or view["revision"],
        stale=stale,
    )


ROUTES = (list_views, show_new, save_new, show_view, save_view)
