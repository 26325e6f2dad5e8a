"""Contributions in kind: a list, a new one, and the page of each."""

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.contributions.moves import CONTRIBUTION, DESCRIPTION
from services.console.fields import Field, Typed
from services.console.moves.forms import NOTHING, Sent, send
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.pledges.new import FUND, fund_options
from services.console.translations import N_

LIST_LENGTH = 25
FUNDS_MAX = 100
FIELDS = (
    FUND,
    Field(name="form", label=N_("What is given"), kind="choice", options="in_kind_forms"),
    Field(
        name="money",
        label=N_("Its value"),
        kind="money",
        hint=N_("What you hold it to be worth, in any currency, for example 25,000.50 and EUR."),
    ),
    Field(name="provided_on", label=N_("Provided on"), kind="date"),
    DESCRIPTION,
)


@get("/{language:str}/contributions")
async def list_contributions(page: CurrentPage) -> Response[bytes]:
    query = {name: page.asked(name) for name in ("fund", "status") if page.asked(name)}
    found = await page.api.get("/v1/in-kind-contributions", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render(
        "contributions/list.html", found=found["in_kind_contributions"], cursor=found["cursor"], query=query
    )


@get("/{language:str}/contributions/new")
async def new_contribution(page: CurrentPage) -> Response[bytes]:
    return await _form(page, {"fund": [page.asked("fund")]})


@post("/{language:str}/contributions/new", status_code=303)
async def declare(page: CurrentPage) -> Response[bytes]:
    sent = await send(page, "POST", "/v1/in-kind-contributions", FIELDS)
    if sent.errors:
        return await _form(page, page.typed, sent)
    return page.redirect(f"/contributions/{sent.record['in_kind_contribution_id']}", done="declared")


@get("/{language:str}/contributions/{contribution_id:str}")
async def show_contribution(page: CurrentPage, contribution_id: FromPath[str]) -> Response[bytes]:
    session = page.signed_in
    contribution = await page.api.get(f"/v1/in-kind-contributions/{contribution_id}")
    return page.render(
        "contributions/show.html", contribution=contribution, moves=CONTRIBUTION.open_to(contribution, session.role)
    )


async def _form(page: Page, typed: Typed, sent: Sent = NOTHING) -> Response[bytes]:
    funds = (await page.api.get("/v1/funds", limit=FUNDS_MAX))["funds"]
    return page.render(
        "contributions/new.html",
        fields=FIELDS,
        typed=typed,
        given={"funds": fund_options(funds, page.language)},
        **sent.shown,
    )


ROUTES = (list_contributions, new_contribution, declare, show_contribution, *routes_of(CONTRIBUTION))
