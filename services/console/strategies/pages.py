"""The strategies of a request: their list, the page of each, and their forms."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec.structs import replace

from services.console.deliveries.action_point_pages import STRATEGY_TERMS
from services.console.deliveries.forms import Sent, send
from services.console.deliveries.words import ACTION_SOURCE
from services.console.fields import Field, Option
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.strategies.moves import NEW_POINT, REVISE, STRATEGY
from services.console.strategies.words import STAKEHOLDER
from services.console.translations import LANGUAGES, N_, OWN_NAMES

STRATEGIES_MAX = 100
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
NOTHING = Sent()


@get(OF_REQUEST)
async def list_strategies(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    request, found, delivered = await page.api.get_all(
        f"/v1/requests/{request_id}",
        f"/v1/strategies?request={request_id}&limit={STRATEGIES_MAX}",
        f"/v1/deliveries?request={request_id}&limit=1",
    )
    return page.render(
        "strategies/list.html",
        request=request,
        strategies=found["strategies"],
        is_delivered=bool(delivered["deliveries"]),
        may_draw_up=page.signed_in.role in DRAWN_UP_BY,
    )


@get(f"{OF_REQUEST}/new")
async def new_strategy(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    return await _new(page, request_id, NOTHING)


@post(f"{OF_REQUEST}/new", status_code=303)
async def draw_up_strategy(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    sent = await send(page, "POST", "/v1/strategies", FIELDS, {"request_id": request_id})
    if sent.record is None:
        return await _new(page, request_id, sent)
    return page.redirect(f"/strategies/{sent.record['strategy_id']}", done="saved")


@get(ONE)
async def show_strategy(page: CurrentPage, strategy_id: FromPath[str]) -> Response[bytes]:
    """Who takes part, and its milestones and evaluations."""
    path = f"/v1/strategies/{strategy_id}"
    strategy, found = await page.api.get_all(path, f"{path}/action-points")
    moves = STRATEGY.open_to(strategy, page.signed_in.role)
    points = found["action_points"]
    return page.render("strategies/show.html", record=strategy, action_points=points, moves=moves)


@get(f"{ONE}{REVISE}")
async def show_revision(page: CurrentPage, strategy_id: FromPath[str]) -> Response[bytes]:
    """The form, with what was stated last."""
    return await _again(page, strategy_id, NOTHING)


@post(f"{ONE}{REVISE}", status_code=303)
async def revise_strategy(page: CurrentPage, strategy_id: FromPath[str]) -> Response[bytes]:
    sent = await send(page, "PUT", f"/v1/strategies/{strategy_id}", FIELDS)
    if sent.record is None:
        return await _again(page, strategy_id, sent)
    return page.redirect(f"/strategies/{strategy_id}", done="saved")


@get(f"{ONE}{NEW_POINT}")
async def new_action_point(page: CurrentPage, strategy_id: FromPath[str]) -> Response[bytes]:
    return await _new_point(page, strategy_id, NOTHING)


@post(f"{ONE}{NEW_POINT}", status_code=303)
async def add_action_point(page: CurrentPage, strategy_id: FromPath[str]) -> Response[bytes]:
    sent = await send(page, "POST", f"/v1/strategies/{strategy_id}/action-points", POINT_FIELDS)
    if sent.record is None:
        return await _new_point(page, strategy_id, sent)
    return page.redirect(f"/strategies/{strategy_id}", done="saved")


async def _new(page: Page, request_id: str, sent: Sent) -> Response[bytes]:
    request = await page.api.get(f"/v1/requests/{request_id}")
    return _form(page, _first(FIELDS, {"language": page.language}), sent, request=request, record=None)


async def _again(page: Page, strategy_id: str, sent: Sent) -> Response[bytes]:
    strategy = await page.api.get(f"/v1/strategies/{strategy_id}")
    return _form(page, _first(FIELDS, strategy), sent, request=None, record=strategy)


async def _new_point(page: Page, strategy_id: str, sent: Sent) -> Response[bytes]:
    strategy = await page.api.get(f"/v1/strategies/{strategy_id}")
    fields = _first(POINT_FIELDS, {"language": page.language, "source": "strategy_milestone"})
    return _form(page, fields, sent, template="strategies/add_action_point.html", record=strategy)


def _first(fields: Sequence[Field], values: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields with what they show at first."""
    return tuple(replace(one, value=values.get(one.name)) for one in fields)


def _form(
    page: Page, fields: Sequence[Field], sent: Sent, *, template: str = "strategies/form.html", **shown: Any
) -> Response[bytes]:
    return page.render(
        template,
        status=sent.status,
        given={"text_languages": [Option(one, OWN_NAMES[one]) for one in LANGUAGES]},
        fields=fields,
        typed=page.typed,
        errors=sent.errors,
        stale=sent.stale,
        **shown,
    )


ROUTES = (
    list_strategies,
    new_strategy,
    draw_up_strategy,
    show_strategy,
    show_revision,
    revise_strategy,
    new_action_point,
    add_action_point,
    *routes_of(STRATEGY),
)
