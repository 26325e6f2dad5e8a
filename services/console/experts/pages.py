"""The roster of a provider's experts: a list, a new one, and the page of each."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec.structs import replace

from chassis.ids import new_id
from services.console.client import Problem
from services.console.experts.moves import EXPERT
from services.console.fields import WORDS_MAX, Field, FormError, Typed, errors_of, read
from services.console.moves.pages import KEY, routes_of
from services.console.page import CurrentPage, Page
from services.console.translations import N_

LIST_LENGTH = 25
PERIOD = ("period.from", "period.until")
FIELDS = (
    Field(name="name", label=N_("Name")),
    Field(name="function", label=N_("Function"), required=False),
    Field(name="email", label=N_("Email address"), kind="email", max_length=254, required=False),
    Field(name="biography", label=N_("Biography"), kind="words", max_length=WORDS_MAX, required=False),
    Field(name="topics", label=N_("Topics"), kind="choices", options="topics"),
    Field(name="languages", label=N_("Languages"), kind="choices", options="languages"),
    Field(name=PERIOD[0], label=N_("Available from"), kind="date", required=False),
    Field(name=PERIOD[1], label=N_("Available until"), kind="date", required=False),
)


@get("/{language:str}/experts")
async def list_experts(page: CurrentPage) -> Response[bytes]:
    role = page.signed_in.role
    query = {name: page.asked(name) for name in ("topic", "language", "available_on") if page.asked(name)}
    found = await page.api.get("/v1/experts", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render("experts/list.html", found=found, query=query, enters=role == "provider_officer")


@get("/{language:str}/experts/new")
async def new_expert(page: CurrentPage) -> Response[bytes]:
    return _form(page, {})


@post("/{language:str}/experts/new", status_code=303)
async def enter_expert(page: CurrentPage) -> Response[bytes]:
    # Both days of the period, or none.
    whole = any(page.value(name) for name in PERIOD)
    sent = read([replace(one, required=True) if whole and one.name in PERIOD else one for one in FIELDS], page.typed)
    if sent.errors:
        return _form(page, page.typed, errors=sent.errors, status=400)
    try:
        made = await page.api.send("POST", "/v1/experts", _body(sent.body), key=page.value(KEY) or str(new_id()))
    except Problem as problem:
        if problem.status in (401, 404):
            raise
        errors = errors_of(FIELDS, problem.errors, problem.title) or (FormError("", problem.title, True),)
        return _form(page, page.typed, errors=errors, status=problem.status)
    return page.redirect(f"/experts/{made.body['expert_id']}", done="saved")


@get("/{language:str}/experts/{expert_id:str}")
async def show_expert(page: CurrentPage, expert_id: FromPath[str]) -> Response[bytes]:
    role = page.signed_in.role
    expert = await page.api.get(f"/v1/experts/{expert_id}")
    return page.render("experts/show.html", record=expert, moves=EXPERT.open_to(expert, role))


def _body(typed: dict[str, Any]) -> dict[str, Any]:
    """With the one period that the form asks for, if it was given."""
    period = typed.pop("period", {})
    return typed | ({"periods": [period]} if period else {})


def _form(page: Page, typed: Typed, *, errors: Sequence[FormError] = (), status: int = 200) -> Response[bytes]:
    return page.render("experts/new.html", status=status, fields=FIELDS, typed=typed, errors=errors)


ROUTES = (list_experts, new_expert, enter_expert, show_expert, *routes_of(EXPERT))
