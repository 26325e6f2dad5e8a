"""Activities that a fund pays for without a request: a list, a new one, and the page of each."""

import asyncio

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.activities.moves import ACTIVITY
from services.console.fields import Field, Typed
from services.console.moves.forms import NOTHING, Sent, send
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.pledges.new import FUND, fund_options
from services.console.translations import LANGUAGES, N_, OWN_NAMES

LIST_LENGTH = 25
FUNDS_MAX = 100
FIELDS = (
    FUND,
    Field(name="activity_kind", label=N_("Kind of activity"), kind="choice", options="activity_kinds"),
    Field(name="title", label=N_("Title"), hint=N_("It is published with the fund: it must name no person or case.")),
    Field(
        name="language",
        label=N_("Language of the title"),
        kind="choice",
        options=tuple((code, OWN_NAMES[code]) for code in LANGUAGES),
    ),
    Field(name="starts_on", label=N_("First day"), kind="date"),
    Field(name="ends_on", label=N_("Last day"), kind="date"),
)


@get("/{language:str}/activities")
async def list_activities(page: CurrentPage) -> Response[bytes]:
    query = {name: page.asked(name) for name in ("fund", "status") if page.asked(name)}
    found = await page.api.get("/v1/activities", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render("activities/list.html", found=found["activities"], cursor=found["cursor"], query=query)


@get("/{language:str}/activities/new")
async def new_activity(page: CurrentPage) -> Response[bytes]:
    return await _form(page, {"fund": [page.asked("fund")], "language": [page.language]})


@post("/{language:str}/activities/new", status_code=303)
async def plan(page: CurrentPage) -> Response[bytes]:
    sent = await send(page, "POST", "/v1/activities", FIELDS)
    if sent.errors:
        return await _form(page, page.typed, sent)
    return page.redirect(f"/activities/{sent.record['activity_id']}", done="saved")


@get("/{language:str}/activities/{activity_id:str}")
async def show_activity(page: CurrentPage, activity_id: FromPath[str]) -> Response[bytes]:
    session = page.signed_in
    activity, allocations = await asyncio.gather(
        page.api.get(f"/v1/activities/{activity_id}"),
        page.api.get("/v1/allocations", activity=activity_id, limit=LIST_LENGTH),
    )
    return page.render(
        "activities/show.html",
        activity=activity,
        allocations=allocations["allocations"],
        moves=ACTIVITY.open_to(activity, session.role),
    )


async def _form(page: Page, typed: Typed, sent: Sent = NOTHING) -> Response[bytes]:
    funds = (await page.api.get("/v1/funds", limit=FUNDS_MAX))["funds"]
    return page.render(
        "activities/new.html",
        fields=FIELDS,
        typed=typed,
        given={"funds": fund_options(funds, page.language)},
        **sent.shown,
    )


ROUTES = (list_activities, new_activity, plan, show_activity, *routes_of(ACTIVITY))
