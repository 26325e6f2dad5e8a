"""Allocations: money of a fund set aside for a need, a work package or an activity."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from contracts.formats import money
from contracts.reference import country_name
from services.console.allocations.moves import ALLOCATION
from services.console.fields import Field, Option, Typed
from services.console.labels import WORK_PACKAGE
from services.console.moves.forms import NOTHING, Sent, send
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.pledges.moves import day
from services.console.pledges.new import FUND, fund_for_needs, fund_options
from services.console.translations import N_, translations

LIST_LENGTH = 25
OPTIONS_MAX = 100
NEED, PACKAGE, ACTIVITY = "requirement_id", "work_package", "activity_id"

PURPOSE = Field(
    name="purpose",
    label=N_("For what"),
    kind="choice",
    options="purposes",
    hint=N_("Work packages and activities are paid by their own fund."),
)
FIELDS = (
    FUND,
    PURPOSE,
    Field(name="money", label=N_("Amount in US dollars"), kind="money"),
    day("allocated_on", N_("Day")),
)

Record = Mapping[str, Any]


@get("/{language:str}/allocations")
async def list_allocations(page: CurrentPage) -> Response[bytes]:
    query = {name: page.asked(name) for name in ("fund", "request", "requirement", "activity") if page.asked(name)}
    found = await page.api.get("/v1/allocations", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render("allocations/list.html", found=found["allocations"], cursor=found["cursor"], query=query)


@get("/{language:str}/allocations/{allocation_id:str}")
async def show_allocation(page: CurrentPage, allocation_id: FromPath[str]) -> Response[bytes]:
    session = page.signed_in
    allocation = await page.api.get(f"/v1/allocations/{allocation_id}")
    return page.render(
        "allocations/show.html", allocation=allocation, moves=ALLOCATION.open_to(allocation, session.role)
    )


@get("/{language:str}/allocations/new")
async def new_allocation(page: CurrentPage) -> Response[bytes]:
    asked = ((NEED, page.asked("need")), (ACTIVITY, page.asked("activity")))
    purpose = next((f"{kind}:{value}" for kind, value in asked if value), "")
    return await _form(page, {"fund": [page.asked("fund")], "purpose": [purpose]}, is_new=True)


@post("/{language:str}/allocations/new", status_code=303)
async def allocate(page: CurrentPage) -> Response[bytes]:
    sent = await send(page, "POST", "/v1/allocations", FIELDS, body_of=_body)
    if sent.errors:
        return await _form(page, page.typed, sent)
    return page.redirect(f"/allocations/{sent.record['allocation_id']}", done="allocated")


def _body(typed: dict[str, Any]) -> dict[str, Any]:
    kind, _, purpose = typed.pop("purpose").partition(":")
    return {**typed, kind: purpose}


async def _form(page: Page, typed: Typed, sent: Sent = NOTHING, *, is_new: bool = False) -> Response[bytes]:
    funds, needs, activities = await page.api.get_all(
        f"/v1/funds?limit={OPTIONS_MAX}",
        f"/v1/requirements/unfunded?limit={OPTIONS_MAX}",
        f"/v1/activities?status=planned&limit={OPTIONS_MAX}",
    )
    chosen = "".join(typed.get("purpose", ())[:1]).removeprefix(f"{NEED}:")
    need = next((one for one in needs["requirements"] if one[NEED] == chosen), None)
    if need is not None and is_new:
        gap = f"{need['gap_usd_minor'] // 100}.{need['gap_usd_minor'] % 100:02}"
        typed = {**typed, "fund": [fund_for_needs(funds["funds"])], "money": [gap]}
    return page.render(
        "allocations/new.html",
        fields=FIELDS,
        typed=typed,
        funds=funds["funds"],
        given={
            "funds": fund_options(funds["funds"], page.language),
            "purposes": purposes(needs["requirements"], activities["activities"], page.language),
        },
        **sent.shown,
    )


def purposes(needs: Sequence[Record], activities: Sequence[Record], language: str) -> tuple[Option, ...]:
    """Return the options for the purpose of an allocation: needs, work packages of SHERLOC, planned activities."""
    gettext = translations(language).gettext
    return (
        *(
            Option(
                f"{NEED}:{one[NEED]}",
                gettext("Need of %(state)s: %(amount)s is missing")
                % {
                    "state": country_name(one["state"], language),
                    "amount": money(one["gap_usd_minor"], "USD", language),
                },
            )
            for one in needs
        ),
        *(
            Option(f"{PACKAGE}:{code}", gettext("Work package: %(name)s") % {"name": gettext(label)})
            for code, label in WORK_PACKAGE.items()
        ),
        *(
            Option(f"{ACTIVITY}:{one[ACTIVITY]}", gettext("Activity: %(name)s") % {"name": one["title"]})
            for one in activities
        ),
    )


ROUTES = (list_allocations, new_allocation, allocate, show_allocation, *routes_of(ALLOCATION))
