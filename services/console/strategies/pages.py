"""The strategies of a request: their list, the page of each, and their forms."""

import asyncio

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.deliveries.action_point_pages import NOTIFIED, STRATEGY_TERMS
from services.console.deliveries.words import ACTION_SOURCE
from services.console.fields import Field
from services.console.moves.forms import NOTHING, Form, Sent, filled, form_routes, send, show, text_languages
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.strategies.moves import STRATEGY
from services.console.strategies.words import STAKEHOLDER
from services.console.translations import N_

STRATEGIES_MAX = 100
PROVIDER = "provider_officer"
DRAWN_UP_BY = frozenset({"focal_point", "coordinator"})
FIELDS = (
    Field(name="title", label=N_("Title"), max_length=300),
    Field(name="language", label=N_("Language of your texts"), kind="choice", options="text_languages"),
    Field(
        name="stakeholders", label=N_("Who takes part"), kind="choices", options=tuple(STAKEHOLDER.items()), empty=[]
    ),
    Field(
        name="roles",
        label=N_("Which organization does what"),
        hint=N_("Name organizations and offices, not persons."),
        kind="words",
        max_length=4000,
    ),
)
POINT_FIELDS = (
    Field(
        name="source",
        label=N_("Follows from"),
        kind="choice",
        options=tuple((one, ACTION_SOURCE[one]) for one in ("strategy_milestone", "evaluation")),
    ),
    *STRATEGY_TERMS,
)
OF_REQUEST = "/{language:str}/requests/{request_id:str}/strategies"
ONE = "/{language:str}/strategies/{strategy_id:str}"
READ_BY = N_(
    "The State and UNODC read it, and providers that deliver for the request."
    " Milestones and evaluations are added to it afterwards."
)


@get(OF_REQUEST)
async def list_strategies(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    role = page.signed_in.role
    # Once a request is closed, a provider may still read its strategies, but not the request.
    read = page.part if role == PROVIDER else page.api.get
    request, found = await asyncio.gather(
        read(f"/v1/requests/{request_id}"), page.api.get("/v1/strategies", request=request_id, limit=STRATEGIES_MAX)
    )
    return page.render(
        "strategies/list.html",
        request=request,
        strategies=found["strategies"],
        is_registered=request is None or request["registered_at"] is not None,
        may_draw_up=role in DRAWN_UP_BY,
    )


@get(f"{OF_REQUEST}/new")
async def new_strategy(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    return await _new(page, request_id, NOTHING)


@post(f"{OF_REQUEST}/new", status_code=303)
async def draw_up_strategy(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    sent = await send(page, "POST", "/v1/strategies", FIELDS, body_of=lambda body: {**body, "request_id": request_id})
    if sent.record is None:
        return await _new(page, request_id, sent)
    return page.redirect(f"/strategies/{sent.record['strategy_id']}", done="saved")


@get(ONE)
async def show_strategy(page: CurrentPage, strategy_id: FromPath[str]) -> Response[bytes]:
    """Show a strategy: its stakeholders, and its milestones and evaluations."""
    path = f"/v1/strategies/{strategy_id}"
    strategy, found = await page.api.get_all(path, f"{path}/action-points")
    moves = STRATEGY.open_to(strategy, page.signed_in.role)
    points = found["action_points"]
    return page.render("strategies/show.html", record=strategy, action_points=points, moves=moves)


async def _new(page: Page, request_id: str, sent: Sent) -> Response[bytes]:
    request = await page.api.get(f"/v1/requests/{request_id}")
    form = Form(
        heading=N_("Draw up a strategy"),
        back=f"/requests/{request_id}/strategies",
        groups=(("", filled(FIELDS, {"language": page.language})),),
        record=request,
        head="requests/head.html",
        explains=READ_BY,
        given=text_languages(),
        is_open=page.signed_in.role in DRAWN_UP_BY,
    )
    return show(page, form, sent)


ROUTES = (
    list_strategies,
    new_strategy,
    draw_up_strategy,
    show_strategy,
    *form_routes(STRATEGY, "revise_strategy", FIELDS, explains=READ_BY),
    *form_routes(
        STRATEGY,
        "add_action_point",
        POINT_FIELDS,
        explains=NOTIFIED,
        first=lambda page: {"language": page.language, "source": "strategy_milestone"},
        adds=True,
    ),
    *routes_of(STRATEGY),
)
