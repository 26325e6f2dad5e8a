"""The roster of a provider's experts: a list, the page of each, and the form of one."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from contracts.experts import PERIODS_MAX
from services.console.deliveries.words import SEX
from services.console.experts.moves import EXPERT, REVISE
from services.console.fields import Field, Typed
from services.console.moves.forms import NOTHING, Form, Group, Sent, filled, rows, send, show
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.translations import N_

LIST_LENGTH = 25
ROWS = 3
"""Minimum number of rows for periods. Another one is shown once all are filled in."""

BIOGRAPHY_MAX = 4000
NOT_STATED = "other_or_not_stated"
FILTERS = ("topic", "kind", "language", "available_on")
FIELDS = (
    Field(name="name", label=N_("Name")),
    Field(name="function", label=N_("Function"), required=False),
    Field(name="email", label=N_("Email address"), kind="email", max_length=254, required=False),
    Field(name="biography", label=N_("Biography"), kind="words", max_length=BIOGRAPHY_MAX, required=False),
    Field(
        name="sex",
        label=N_("Sex"),
        hint=N_("As the expert states it. It is only counted, and deleted with the name."),
        kind="choice",
        options=tuple(SEX.items()),
    ),
    # The expert's account, which this form does not ask for, but keeps.
    Field(name="person_id", label="", kind="hidden", required=False),
    Field(name="topics", label=N_("Topics"), kind="choices", options="topics"),
    Field(name="kinds", label=N_("Kinds of assistance"), kind="choices", options="kinds", required=False),
    Field(name="languages", label=N_("Languages"), kind="choices", options="languages"),
)
ONE = "/{language:str}/experts/{expert_id:str}"


def _period(row: int) -> tuple[Field, ...]:
    return (
        Field(
            name=f"period{row}.from",
            label=N_("Available from"),
            kind="date",
            hint=N_("Without a period, the expert is available at any time.") if row == 1 else "",
        ),
        Field(name=f"period{row}.until", label=N_("Available until"), kind="date"),
    )


@get("/{language:str}/experts")
async def list_experts(page: CurrentPage) -> Response[bytes]:
    """List the experts that the reader sees, by what they can teach, in which language and when."""
    role = page.signed_in.role
    query = {name: page.asked(name) for name in FILTERS if page.asked(name)}
    found = await page.api.get("/v1/experts", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render("experts/list.html", found=found, query=query, enters=role == "provider_officer")


@get("/{language:str}/experts/new")
async def new_expert(page: CurrentPage) -> Response[bytes]:
    return _form(page, None, NOTHING)


@post("/{language:str}/experts/new", status_code=303)
async def enter_expert(page: CurrentPage) -> Response[bytes]:
    sent = await _send(page, "POST", "/v1/experts")
    if sent.record is None:
        return _form(page, None, sent)
    return page.redirect(f"/experts/{sent.record['expert_id']}", done="saved")


@get(ONE)
async def show_expert(page: CurrentPage, expert_id: FromPath[str]) -> Response[bytes]:
    role = page.signed_in.role
    expert = await page.api.get(f"/v1/experts/{expert_id}")
    return page.render("experts/show.html", record=expert, moves=EXPERT.open_to(expert, role))


@get(f"{ONE}{REVISE}")
async def show_revision(page: CurrentPage, expert_id: FromPath[str]) -> Response[bytes]:
    """Show the form, filled with what was entered last."""
    return _form(page, await page.api.get(f"/v1/experts/{expert_id}"), NOTHING)


@post(f"{ONE}{REVISE}", status_code=303)
async def revise_expert(page: CurrentPage, expert_id: FromPath[str]) -> Response[bytes]:
    sent = await _send(page, "PUT", f"/v1/experts/{expert_id}")
    if sent.record is None:
        return _form(page, await page.api.get(f"/v1/experts/{expert_id}"), sent)
    return page.redirect(f"/experts/{expert_id}", done="saved")


async def _send(page: Page, method: str, path: str) -> Sent:
    fields = [*FIELDS, *(one for row in rows(_period, PERIODS_MAX, page.typed) for one in row)]
    return await send(page, method, path, fields, body_of=_body)


def _body(typed: dict[str, Any]) -> dict[str, Any]:
    """Return the body with the periods of all rows that are filled in."""
    periods = [typed.pop(f"period{row}") for row in range(1, PERIODS_MAX + 1) if f"period{row}" in typed]
    return {**typed, "periods": periods}


def _form(page: Page, expert: Mapping[str, Any] | None, sent: Sent) -> Response[bytes]:
    form = Form(
        heading=N_("Revise the entry") if expert else N_("Enter an expert"),
        back=f"/experts/{expert['expert_id']}" if expert else "/experts",
        groups=_groups(expert or {"periods": (), "sex": NOT_STATED}, page.typed),
        record=expert,
        head="experts/head.html" if expert else "",
        explains="" if expert else N_("Only your organization sees the expert until you record the expert's consent."),
        revision=expert["revision"] if expert else None,
        is_open=expert is None or "revise_expert" in expert["moves"],
    )
    return show(page, form, sent)


def _groups(expert: Mapping[str, Any], typed: Typed) -> Sequence[Group]:
    """Return the fields, filled with what was entered last, and an empty period unless there are PERIODS_MAX."""
    before = expert["periods"]
    periods = {f"period{row}.{day}": one[day] for row, one in enumerate(before, 1) for day in ("from", "until")}
    shown = sum(1 for row in rows(_period, PERIODS_MAX, typed) if any(one.name in typed for one in row))
    count = shown or min(max(ROWS, len(before) + 1), PERIODS_MAX)
    return (
        ("", filled(FIELDS, expert)),
        *((N_("Period of availability"), filled(row, periods)) for row in rows(_period, count, typed)),
    )


ROUTES = (
    list_experts,
    new_expert,
    enter_expert,
    show_expert,
    show_revision,
    revise_expert,
    *routes_of(EXPERT),
)
