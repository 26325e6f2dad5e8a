"""Allocation rounds: plans that assign offerings to needs, compared with others, adopted or discarded."""

import asyncio
from collections.abc import Mapping, Sequence

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Struct

from services.console.fields import FormError, Option
from services.console.moves.forms import NOTHING, Sent, command
from services.console.page import CurrentPage, Page
from services.console.rounds.settings import (
    DECIDED,
    FIELDS,
    MONEY,
    PRIORITIES,
    SEARCH,
    WEIGHTS,
    filled,
    fitting,
    settings_of,
)
from services.console.translations import N_

LIST_LENGTH = 25
NAMES = {
    of: [one.name for one in fields]
    for of, fields in {"search": SEARCH, "money": MONEY, "weights": WEIGHTS, "decided": DECIDED}.items()
}
"""Names of the fields in each part of the form."""


class End(Struct, frozen=True):
    """A decision on a plan: to adopt or to discard it."""

    label: str
    explains: str
    done: str
    warns: bool


ENDS: Mapping[str, End] = {
    "adopt": End(
        N_("Adopt the plan"),
        N_(
            "All matches of the plan are presented to their States and providers together. If something has changed "
            "since it was made, nothing is presented."
        ),
        "adopted",
        False,
    ),
    "discard": End(N_("Discard the plan"), N_("A discarded plan cannot be adopted any more."), "plan_discarded", True),
}


@get("/{language:str}/rounds")
async def list_rounds(page: CurrentPage) -> Response[bytes]:
    found = await page.api.get("/v1/rounds", cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render("rounds/list.html", found=found)


@get("/{language:str}/rounds/new")
async def show_new(page: CurrentPage) -> Response[bytes]:
    """Show the options, filled with those of an earlier round if one is named."""
    return await _form(page, page.asked("based_on"))


@post("/{language:str}/rounds/new", status_code=303)
async def create(page: CurrentPage) -> Response[bytes]:
    base, given = page.value("based_on"), settings_of(page.typed)
    if given.errors:
        return await _form(page, base, given.errors)
    body = {**given.body, **({"based_on": base} if base else {})}
    sent = await command(page, "POST", "/v1/rounds", body, FIELDS)
    if sent.errors:
        return await _form(page, base, sent.errors)
    return page.redirect(f"/rounds/{sent.record['round_id']}", done="round_asked")


async def _form(page: Page, base: str, errors: Sequence[FormError] = ()) -> Response[bytes]:
    funds, *before = await page.api.get_all("/v1/funds", *([f"/v1/rounds/{base}"] if base else []))
    pairs = fitting(before[0], page.language) if before else []
    fields = filled(before[0]["settings"] if before else {})
    return page.render(
        "rounds/new.html",
        status=400 if errors else 200,
        parts={of: [one for one in fields if one.name in names] for of, names in NAMES.items()},
        fields=fields,
        given={
            "funds": [Option(one["code"], one["labels"][page.language], one["code"]) for one in funds["funds"]],
            "fitting": pairs,
        },
        based_on=base,
        typed=page.typed or None,
        errors=errors,
    )


@get("/{language:str}/rounds/{round_id:str}")
async def show_round(page: CurrentPage, round_id: FromPath[str]) -> Response[bytes]:
    """Show a round: what each need gets, what stays unmet and why, and how far each State is served."""
    found, others = await asyncio.gather(
        page.api.get(f"/v1/rounds/{round_id}"), page.api.get("/v1/rounds", limit=LIST_LENGTH)
    )
    comparable = [one for one in others["rounds"] if one["round_id"] != round_id and one["value"] is not None]
    return page.render("rounds/show.html", round=found, others=comparable, ends=ENDS, priorities=PRIORITIES)


@get("/{language:str}/rounds/{round_id:str}/compare")
async def compare(page: CurrentPage, round_id: FromPath[str]) -> Response[bytes]:
    found = await page.api.get(f"/v1/rounds/{round_id}/compare", **{"with": page.asked("with")})
    return page.render("rounds/compare.html", found=found)


@get("/{language:str}/rounds/{round_id:str}/{end:str}")
async def show_end(page: CurrentPage, round_id: FromPath[str], end: FromPath[str]) -> Response[bytes]:
    return await _end_form(page, round_id, end)


@post("/{language:str}/rounds/{round_id:str}/{end:str}", status_code=303)
async def send_end(page: CurrentPage, round_id: FromPath[str], end: FromPath[str]) -> Response[bytes]:
    if end not in ENDS:
        raise NotFoundException
    sent = await command(page, "POST", f"/v1/rounds/{round_id}/{end}", {})
    if sent.errors:
        return await _end_form(page, round_id, end, sent)
    return page.redirect(f"/rounds/{round_id}", done=ENDS[end].done)


async def _end_form(page: Page, round_id: str, end: str, sent: Sent = NOTHING) -> Response[bytes]:
    if end not in ENDS:
        raise NotFoundException
    answer = await page.api.read(f"/v1/rounds/{round_id}")
    return page.render(
        "rounds/end.html",
        round=answer.body,
        end=ENDS[end],
        revision=answer.revision or answer.body["revision"],
        **sent.shown,
    )


ROUTES = (list_rounds, show_new, create, show_round, compare, show_end, send_end)
