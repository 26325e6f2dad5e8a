"""The criteria by which requests are assessed: the version in force, and the form of the next one."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post

from services.console.fields import Field, Typed
from services.console.moves.forms import NOTHING, Sent, send
from services.console.page import CurrentPage, Page
from services.console.translations import LANGUAGES, N_, OWN_NAMES

KINDS = ("eligibility", "priority")
ROWS_MAX = 20
SPARE = 2
"""Number of empty rows after those in force."""

TEXT_MAX = 300
ROLE = "coordinator"


@get("/{language:str}/criteria")
async def show_criteria(page: CurrentPage) -> Response[bytes]:
    session = page.signed_in
    criteria = await page.api.get("/v1/criteria")
    return page.render("criteria/show.html", criteria=criteria, may_publish=session.role == ROLE)


@get("/{language:str}/criteria/new")
async def ask_criteria(page: CurrentPage) -> Response[bytes]:
    return await _form(page)


@post("/{language:str}/criteria/new", status_code=303)
async def publish_criteria(page: CurrentPage) -> Response[bytes]:
    sent = await send(page, "POST", "/v1/criteria", fields_of(page.typed), body_of=_body)
    if sent.errors:
        return await _form(page, sent)
    return page.redirect("/criteria", done="saved")


def _body(typed: dict[str, Any]) -> dict[str, Any]:
    return {kind: list(typed.get(kind, {}).values()) for kind in KINDS}


def row_of(kind: str, index: int) -> tuple[Field, ...]:
    """Return the fields of a criterion: its code, its weight if its kind is priority, its text in six languages."""
    name = f"{kind}.{index}"
    weight = Field(name=f"{name}.weight", label=N_("Weight"), kind="number", hint=N_("From 1 to 100"))
    return (
        Field(name=f"{name}.code", label=N_("Code"), max_length=64),
        *((weight,) if kind == "priority" else ()),
        *(
            Field(name=f"{name}.texts.{one}", label=OWN_NAMES[one], kind="words", rows=2, max_length=TEXT_MAX)
            for one in LANGUAGES
        ),
    )


def fields_of(typed: Typed) -> Sequence[Field]:
    """Return the fields of the rows in which something was typed; a row that was emptied is left out."""
    found: list[Field] = []
    for kind in KINDS:
        for index in range(ROWS_MAX):
            row = row_of(kind, index)
            if any("".join(typed.get(one.name, ())).strip() for one in row):
                found += row
    return found


def typed_of(criteria: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the criteria in force as values of the form."""
    typed: dict[str, list[str]] = {}
    for kind in KINDS:
        for index, one in enumerate(criteria[kind]):
            name = f"{kind}.{index}"
            typed[f"{name}.code"] = [one["code"]]
            typed[f"{name}.weight"] = [str(one["weight"])]
            typed |= {f"{name}.texts.{language}": [text] for language, text in one["texts"].items()}
    return typed


async def _form(page: Page, sent: Sent = NOTHING) -> Response[bytes]:
    session = page.signed_in
    criteria = await page.api.get("/v1/criteria")
    typed = page.typed or typed_of(criteria)
    rows = {
        kind: [row_of(kind, index) for index in range(min(ROWS_MAX, len(criteria[kind]) + SPARE))] for kind in KINDS
    }
    return page.render(
        "criteria/new.html",
        criteria=criteria,
        rows=rows,
        fields=fields_of(typed),
        typed=typed,
        is_open=session.role == ROLE,
        **sent.shown,
    )


ROUTES = (show_criteria, ask_criteria, publish_criteria)
