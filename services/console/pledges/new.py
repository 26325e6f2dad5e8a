"""A pledge in three steps: purpose, amount, check. Nothing is stored between them; the forms carry the values."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from math import ceil
from typing import Any

from litestar import Response, get, post
from msgspec import Struct
from msgspec.structs import replace

from chassis import clock
from contracts.formats import decimals_of
from services.console.fields import Field, Option, Typed, read
from services.console.labels import EARMARKING
from services.console.moves.forms import NOTHING, Sent, send, wrong
from services.console.page import CurrentPage, Page
from services.console.pledges.moves import NOTE
from services.console.translations import N_

FUNDS_MAX = NEEDS_MAX = RATES_MAX = EXTENSIONS_MAX = 100

FUND = Field(name="fund", label=N_("Fund"), kind="choice", options="funds")
EARMARK = Field(
    name="earmarking",
    label=N_("How closely is the money for a purpose?"),
    kind="choice",
    options=tuple((code, label) for code, label in EARMARKING.items() if code != "tightly_earmarked"),
    value="softly_earmarked",
    hint=N_("The less it is earmarked, the sooner it can be used. For one need alone, choose the need itself."),
)
NEED = Field(name="requirement_id", label=N_("Need"), kind="hidden", required=False)
EXTENSION = Field(
    name="extension_id",
    label=N_("Extension of SHERLOC"),
    kind="choice",
    options="extensions",
    required=False,
    value="",
    hint=N_("If you choose one, the pledge is earmarked to it."),
)
NO_EXTENSION = N_("None: for the fund as a whole")
OPEN_EXTENSIONS = frozenset({"proposed", "planned", "in_progress"})
AMOUNT = Field(
    name="money",
    label=N_("Amount"),
    kind="money",
    hint=N_("In any currency, for example 25,000.50 and EUR."),
)
PLEDGED_ON = Field(name="pledged_on", label=N_("Day of the pledge"), kind="date")

FOR_WHAT = (FUND, EARMARK)
CARRIED = (
    Field(name="fund", label=N_("Fund"), kind="hidden"),
    Field(name="earmarking", label=N_("Earmarking"), kind="hidden", required=False),
    NEED,
)
HOW_MUCH = (AMOUNT, PLEDGED_ON, NOTE)
ALL = (*CARRIED, EXTENSION, *HOW_MUCH)

Record = Mapping[str, Any]


class InCurrency(Struct, frozen=True):
    """The amount that covers a gap, in one currency, at the rate of a day."""

    money: Mapping[str, Any]
    valid_from: str


@get("/{language:str}/pledges/new")
async def show_purpose(page: CurrentPage) -> Response[bytes]:
    """Show step 1: a fund with its earmark, or a need that is ready; for an extension a fund that pays for it."""
    asked = {"fund": [page.asked("fund")], "earmarking": [page.asked("earmarking") or "softly_earmarked"]}
    if page.asked("extension_id"):
        return await _for_extension(page, {"fund": asked["fund"], "extension_id": [page.asked("extension_id")]})
    return await _for_what(page, asked)


@post("/{language:str}/pledges/new", status_code=303)
async def choose_fund(page: CurrentPage) -> Response[bytes]:
    extension_id = page.value("extension_id")
    sent = read((FUND,) if extension_id else FOR_WHAT, page.typed)
    if not sent.errors:
        return page.redirect("/pledges/new/amount", **sent.body, extension_id=extension_id)
    again = _for_extension if extension_id else _for_what
    return await again(page, page.typed, wrong(*sent.errors))


@get("/{language:str}/pledges/new/amount")
async def show_amount(page: CurrentPage) -> Response[bytes]:
    """Show step 2: the amount, with what would cover the gap after programme support cost."""
    names = ("fund", "earmarking", "requirement_id", "extension_id")
    asked = {name: [page.asked(name)] for name in names if page.asked(name)}
    return await _amount(page, {**asked, "pledged_on": [clock.now().date().isoformat()]})


@post("/{language:str}/pledges/new/amount")
async def change_amount(page: CurrentPage) -> Response[bytes]:
    """Go back from step 3 to step 2, with what was typed."""
    return await _amount(page, page.typed)


@post("/{language:str}/pledges/new/check", status_code=200)
async def check(page: CurrentPage) -> Response[bytes]:
    """Show step 3: everything once more, with its value in US dollars at the known rate."""
    sent = read(ALL, page.typed)
    if sent.errors:
        return await _amount(page, page.typed, wrong(*sent.errors))
    return await _check(page, for_one_purpose(sent.body))


@post("/{language:str}/pledges/new/send", status_code=303)
async def make_pledge(page: CurrentPage) -> Response[bytes]:
    sent = await send(page, "POST", "/v1/pledges", ALL, body_of=for_one_purpose)
    if sent.errors:
        return await _amount(page, page.typed, sent)
    return page.redirect(f"/pledges/{sent.record['pledge_id']}", done="pledged")


async def _for_what(page: Page, typed: Typed, sent: Sent = NOTHING) -> Response[bytes]:
    funds, needs = await page.api.get_all(
        f"/v1/funds?limit={FUNDS_MAX}", f"/v1/requirements/unfunded?limit={NEEDS_MAX}"
    )
    return page.render(
        "pledges/new_for.html",
        fields=FOR_WHAT,
        typed=typed,
        given={"funds": fund_options(funds["funds"], page.language)},
        needs=needs["requirements"],
        extension=None,
        **sent.shown,
    )


async def _for_extension(page: Page, typed: Typed, sent: Sent = NOTHING) -> Response[bytes]:
    extension_id = "".join(typed["extension_id"][:1])
    funds, extension = await page.api.get_all(f"/v1/funds?limit={FUNDS_MAX}", f"/v1/extensions/{extension_id}")
    paying = [one for one in funds["funds"] if pays_for(one, extension)]
    if len(paying) == 1:
        typed = {**typed, "fund": [paying[0]["code"]]}
    return page.render(
        "pledges/new_for.html",
        fields=(replace(FUND, hint=N_("The funds that have its work package.")),),
        typed=typed,
        given={"funds": fund_options(paying, page.language)},
        needs=(),
        extension=extension,
        **sent.shown,
    )


async def _amount(page: Page, typed: Typed, sent: Sent = NOTHING) -> Response[bytes]:
    need_id = "".join(typed.get("requirement_id", ())[:1])
    funds, rates, needs = await asyncio.gather(
        page.api.get("/v1/funds", limit=FUNDS_MAX),
        page.api.get("/v1/rates", limit=RATES_MAX),
        _needs(page, need_id),
    )
    need = next((one for one in needs if one["requirement_id"] == need_id), None)
    fund = next((one for one in funds["funds"] if one["code"] == "".join(typed.get("fund", ())[:1])), None)
    extensions = () if need_id or fund is None else await _extensions(page, fund)
    if need and not fund:
        typed = {**typed, "fund": [fund_for_needs(funds["funds"])]}
    gross = need["gross_usd_minor"] if need else None
    return page.render(
        "pledges/new_amount.html",
        fields=(EXTENSION, *HOW_MUCH) if extensions else HOW_MUCH,
        carried=CARRIED,
        fund_field=FUND,
        typed=typed,
        fund=fund,
        need=need,
        lost=bool(need_id) and need is None,
        gross=gross,
        others=in_currencies(gross, rates["rates"], clock.now().date()) if gross else (),
        given={"funds": fund_options(funds["funds"], page.language), "extensions": extensions},
        **sent.shown,
    )


async def _needs(page: Page, need_id: str | None) -> Sequence[Record]:
    """Return the unfunded needs, to find that of the pledge; none for a pledge without one."""
    if not need_id:
        return ()
    return list((await page.api.get("/v1/requirements/unfunded", limit=NEEDS_MAX))["requirements"])


async def _extensions(page: Page, fund: Record) -> Sequence[Option]:
    """Return the open extensions that a fund can pay for; none if their service does not answer."""
    if not fund["work_packages"]:
        return ()
    found = await page.part("/v1/extensions", limit=EXTENSIONS_MAX)
    offered = extension_options(fund, found["extensions"] if found else ())
    return (Option("", page.gettext(NO_EXTENSION)), *offered) if offered else ()


async def _check(page: Page, body: Mapping[str, Any]) -> Response[bytes]:
    amount = body["money"]
    extension_id = body.get("extension_id")
    funds, rates, needs, extension = await asyncio.gather(
        page.api.get("/v1/funds", limit=FUNDS_MAX),
        page.api.get("/v1/rates", currency=amount["currency"], limit=RATES_MAX),
        _needs(page, body.get("requirement_id")),
        page.part(f"/v1/extensions/{extension_id}") if extension_id else _nothing(),
    )
    rate = rate_of(amount["currency"], rates["rates"], date.fromisoformat(body["pledged_on"]))
    return page.render(
        "pledges/new_check.html",
        body=body,
        carried=ALL,
        typed=page.typed,
        fund=next((one for one in funds["funds"] if one["code"] == body["fund"]), None),
        need=next((one for one in needs if one["requirement_id"] == body.get("requirement_id")), None),
        extension=extension,
        rate=rate,
        usd_minor=None if rate is None else in_dollars(amount, rate),
    )


async def _nothing() -> None:
    return None


def for_one_purpose(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a pledge. One for an extension is earmarked to it, so `earmarking` is left out."""
    return {name: value for name, value in body.items() if name != "earmarking" or not body.get("extension_id")}


def pays_for(fund: Record, extension: Record) -> bool:
    """Check whether a fund has the work package of an extension."""
    return any(one["work_package"] == extension["work_package"] for one in fund["work_packages"])


def extension_options(fund: Record, extensions: Sequence[Record]) -> tuple[Option, ...]:
    return tuple(
        Option(one["extension_id"], one["title"])
        for one in extensions
        if one["status"] in OPEN_EXTENSIONS and pays_for(fund, one)
    )


def fund_options(funds: Sequence[Record], language: str) -> tuple[Option, ...]:
    return tuple(Option(fund["code"], fund["labels"][language], fund["code"]) for fund in funds)


async def given_funds(page: Page) -> Mapping[str, Sequence[Option]]:
    """Return the options for a fund."""
    funds = (await page.api.get("/v1/funds", limit=FUNDS_MAX))["funds"]
    return {"funds": fund_options(funds, page.language)}


def fund_for_needs(funds: Sequence[Record]) -> str:
    """Return the fund that pays for States' requests, the only one without work packages, or an empty string."""
    codes = [fund["code"] for fund in funds if not fund["work_packages"]]
    return codes[0] if len(codes) == 1 else ""


def rate_of(currency: str, rates: Sequence[Record], on: date) -> Record | None:
    """Return the newest known rate of a currency by this day, or None if there is none or it is the dollar."""
    if currency == "USD":
        return None
    known = [one for one in rates if one["currency"] == currency and one["valid_from"] <= on.isoformat()]
    return max(known, key=lambda one: str(one["valid_from"]), default=None)


def in_dollars(amount: Record, rate: Record) -> int:
    """Return the value in US cents."""
    units = Fraction(amount["minor"], 10 ** decimals_of(amount["currency"]))
    return round(units * Fraction(rate["usd_per_unit"]) * 100)


def in_currencies(usd_minor: int, rates: Sequence[Record], on: date) -> tuple[InCurrency, ...]:
    """Return an amount in each currency with a known rate, rounded up to whole units, so that it is enough."""
    found = []
    for currency in sorted({one["currency"] for one in rates} - {"USD"}):
        rate = rate_of(currency, rates, on)
        if rate is not None:
            units = ceil(Fraction(usd_minor, 100) / Fraction(rate["usd_per_unit"]))
            money = {"minor": units * 10 ** decimals_of(currency), "currency": currency}
            found.append(InCurrency(money, rate["valid_from"]))
    return tuple(found)


ROUTES = (show_purpose, choose_fund, show_amount, change_amount, check, make_pledge)
