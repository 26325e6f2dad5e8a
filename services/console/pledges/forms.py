"""Forms whose first values come from the pledge: amounts in its currency, its instalments, its note."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Struct

from contracts.formats import day, money
from services.console.amounts import minor_units
from services.console.client import Answer
from services.console.fields import NO_DATE, NO_MONEY, FormError, Option, Typed, whole_number
from services.console.moves.forms import NOTHING, Sent, send, wrong
from services.console.moves.model import Move
from services.console.page import CurrentPage, Page
from services.console.pledges.moves import PARTS_MAX, PLEDGE
from services.console.translations import N_, translations

NO_PER_CENT = N_("Enter a percentage between 0 and 100, for example 13 or 7.5")
NO_CONDITION = N_("Name the condition in a few words of Latin letters, for example report accepted")
PER_CENT = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?\Z")
FUNDS_MAX = 100

Record = Mapping[str, Any]
Body = dict[str, Any]


class Unreadable(Exception):
    """A value that was typed into a field cannot be read."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(field)
        self.error = FormError(field, message)


class Form(Struct, frozen=True):
    """The form of a move: `start` returns its first values, `body` the body of its command from the values read."""

    start: Callable[[Record], Typed] = lambda _pledge: {}
    body: Callable[[Body, Typed, Record], Body] = lambda body, _typed, _pledge: body


def _in_its_currency(pledge: Record) -> Typed:
    return {"money.currency": [pledge["money"]["currency"]], "settles.currency": [pledge["money"]["currency"]]}


def _commit(body: Body, typed: Typed, pledge: Record) -> Body:
    body["support_cost_basis_points"] = basis_points(body.pop("support_cost"))
    instalments = [_instalment(number, typed, pledge) for number in range(1, PARTS_MAX + 1)]
    return {**body, "instalments": [one for one in instalments if one is not None]}


def _instalment(number: int, typed: Typed, pledge: Record) -> Body | None:
    """Return a row of the table of instalments, or None if it is empty. Raises Unreadable."""
    due_on, amount, condition = (
        "".join(typed.get(f"part{number}.{name}", ())[:1]).strip() for name in ("due_on", "amount", "condition")
    )
    if not (due_on or amount or condition):
        return None
    minor = minor_units(amount, pledge["money"]["currency"])
    if minor is None:
        raise Unreadable(f"part{number}.amount", NO_MONEY)
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", due_on):
        raise Unreadable(f"part{number}.due_on", NO_DATE)
    return {"due_on": due_on, "minor": minor, "condition": condition_code(condition)}


def condition_code(words: str) -> str | None:
    """Return the code of a condition that is named in words, or None without one. Raises Unreadable."""
    code = re.sub(r"\s+", "_", words.strip().lower())
    if code and not re.fullmatch(r"[a-z0-9_.:-]{1,64}", code):
        raise Unreadable("instalments", NO_CONDITION)
    return code or None


def basis_points(per_cent: str) -> int:
    """Return a percentage in basis points, hundredths of a per cent. Raises Unreadable."""
    found = PER_CENT.match(per_cent.replace("%", "").strip())
    points = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else -1
    if not 0 <= points <= 10_000:
        raise Unreadable("support_cost", NO_PER_CENT)
    return points


def _receive(body: Body, _typed: Typed, _pledge: Record) -> Body:
    for name in ("charges_minor", "arrived_minor"):
        if name in body:
            minor = minor_units(body[name], body["money"]["currency"])
            if minor is None:
                raise Unreadable(name, NO_MONEY)
            body[name] = minor
    return body


def _meet(body: Body, _typed: Typed, _pledge: Record) -> Body:
    return {**body, "instalment": whole_number(body["instalment"])}


FORMS: Mapping[str, Form] = {
    "commit": Form(body=_commit),
    "receive": Form(_in_its_currency, _receive),
    "meet-condition": Form(body=_meet),
    "refund": Form(_in_its_currency),
    "reduce": Form(_in_its_currency),
    "carry-over": Form(),
    "reword": Form(lambda pledge: {"note": [pledge["note"]]}),
}


@get("/{language:str}/pledges/{pledge_id:str}/form/{move:str}")
async def show_form(page: CurrentPage, pledge_id: FromPath[str], move: FromPath[str]) -> Response[bytes]:
    found = _found(page, move)
    answer = await page.api.read(f"/v1/pledges/{pledge_id}")
    return await _form(page, found, answer, FORMS[move].start(answer.body))


@post("/{language:str}/pledges/{pledge_id:str}/form/{move:str}", status_code=303)
async def send_form(page: CurrentPage, pledge_id: FromPath[str], move: FromPath[str]) -> Response[bytes]:
    found, path = _found(page, move), f"/v1/pledges/{pledge_id}"
    answer = await page.api.read(path)

    def body_of(typed: Body) -> Body:
        return FORMS[move].body(typed, page.typed, answer.body)

    try:
        sent = await send(page, "POST", f"{path}/{found.path}", found.fields, body_of=body_of)
    except Unreadable as no:
        sent = wrong(no.error)
    if sent.errors:
        return await _form(page, found, await page.api.read(path), page.typed, sent)
    return page.redirect(f"/pledges/{pledge_id}", done=found.done)


def _found(page: Page, path: str) -> Move:
    found = PLEDGE.find(path, page.signed_in.role)
    if found is None or path not in FORMS:
        raise NotFoundException
    return found


async def _form(page: Page, move: Move, answer: Answer, typed: Typed, sent: Sent = NOTHING) -> Response[bytes]:
    pledge = answer.body
    return page.render(
        "pledges/form.html",
        noun=PLEDGE,
        move=move,
        record=pledge,
        record_id=pledge["pledge_id"],
        revision=answer.revision or pledge["revision"],
        is_open=move.name in pledge["moves"],
        typed=typed,
        given={
            "instalments": instalments_open(pledge, page.language),
            "funds": await _other_funds(page, pledge) if move.name == "carry_over" else (),
        },
        parts_max=PARTS_MAX if move.name == "commit" else 0,
        **sent.shown,
    )


def instalments_open(pledge: Record, language: str) -> tuple[Option, ...]:
    """Return the instalments whose condition is not met, as options."""
    gettext, currency = translations(language).gettext, pledge["money"]["currency"]
    return tuple(
        Option(
            str(one["number"]),
            gettext("%(amount)s, due on %(day)s")
            % {"amount": money(one["minor"], currency, language), "day": day(one["due_on"], language)},
            one["condition"].replace("_", " "),
        )
        for one in pledge["instalments"]
        if one["condition"] and not one["met_on"]
    )


async def _other_funds(page: Page, pledge: Record) -> tuple[Option, ...]:
    funds = (await page.api.get("/v1/funds", limit=FUNDS_MAX))["funds"]
    return tuple(
        Option(fund["code"], fund["labels"][page.language]) for fund in funds if fund["code"] != pledge["fund"]
    )


ROUTES = (show_form, send_form)
