"""Routes of strategies. Each opens one transaction; a repeated command gets the recorded answer."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Database, Tx
from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.commands import change, create, show
from chassis.http.pages import Pagination
from contracts.conversion import from_attributes
from services.delivery.bodies import Comment
from services.delivery.commands import DrawUpStrategy, ReviseStrategy
from services.delivery.deliveries import store as delivery_store
from services.delivery.dependencies import Owned
from services.delivery.policy import Action
from services.delivery.strategies import actions, store
from services.delivery.strategies.model import StrategyStatus, StrategyTexts
from services.delivery.strategies.views import StrategyView, strategy_view, views_of

STRATEGIES = "/v1/strategies"
STRATEGY = f"{STRATEGIES}/{{strategy_id:uuid}}"


class StrategyPage(Struct, frozen=True, kw_only=True):
    """Strategies, newest first; `cursor` leads to the next page."""

    strategies: list[StrategyView]
    cursor: str | None


@get(STRATEGIES, opt=requires(Action.LIST_STRATEGIES), summary="The strategies this caller may see")
async def list_strategies(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    own: Owned,
    of_request: Annotated[UUID | None, QueryParameter(name="request")] = None,
    status: FromQuery[StrategyStatus | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[StrategyPage]:
    """A State sees its own strategies, and UNODC's office all.

    A provider sees those of requests for which it has a delivery that is not terminated, until the State withdraws its
    consent.
    """
    without: list[UUID] = []
    while True:
        async with db.transaction(by=caller) as tx:
            found = await store.page(
                tx, caller, request_id=of_request, status=status, without=without, before=cursor, limit=limit + 1
            )
            views = await views_of(tx, found, caller)
            delivered = await delivery_store.delivered_by(tx, caller, {one.request_id for one in found})
        withdrawn = [one.request_id for one in delivered if await own.consents.is_withdrawn(one)]
        if not withdrawn:
            return paging.page(StrategyPage, views, limit)
        without += withdrawn


async def _require_consent_to_read(db: Database, ctx: Context, strategy_id: UUID, own: Owned) -> None:
    async with db.transaction(by=ctx.caller) as tx:
        delivered = await store.delivered(tx, strategy_id, ctx.caller)
    await own.consents.require_all(delivered)


@create(
    STRATEGIES,
    Action.DRAW_UP_STRATEGY,
    "Draw up a strategy",
    read=strategy_view,
)
async def draw_up_strategy(tx: Tx, ctx: Context, strategy_id: UUID, data: JSONBody[DrawUpStrategy]) -> None:
    """Requires the role `focal_point` or `coordinator`, and a registered request.

    Milestones are added as action points.
    """
    texts = from_attributes(StrategyTexts, data)
    await actions.draw_up(tx, ctx, strategy_id, data.request_id, data.outline, texts)


@show(STRATEGY, Action.SHOW_STRATEGY, "One strategy", before=_require_consent_to_read)
async def show_strategy(tx: Tx, ctx: Context, strategy_id: FromPath[UUID]) -> StrategyView:
    """Milestones and evaluations are not included; they are listed as action points."""
    return await strategy_view(tx, ctx, strategy_id)


@change(STRATEGY, Action.REVISE_STRATEGY, "Revise a strategy", read=strategy_view, method="PUT")
async def revise_strategy(tx: Tx, ctx: Context, strategy_id: FromPath[UUID], data: JSONBody[ReviseStrategy]) -> None:
    """Replaces all fields."""
    await actions.revise(tx, ctx, strategy_id, data.outline, from_attributes(StrategyTexts, data))


@change(f"{STRATEGY}/conclude", Action.CONCLUDE_STRATEGY, "Conclude a strategy", read=strategy_view)
async def conclude_strategy(tx: Tx, ctx: Context, strategy_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Requires that all its action points are verified or dropped."""
    await actions.conclude(tx, ctx, strategy_id, data.comment)


@change(f"{STRATEGY}/reopen", Action.REOPEN_STRATEGY, "Reopen a strategy", read=strategy_view)
async def reopen_strategy(tx: Tx, ctx: Context, strategy_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Action points can then be added again."""
    await actions.move(
        tx, ctx, strategy_id, Action.REOPEN_STRATEGY, lambda one: one.reopen(now=ctx.now), comment=data.comment
    )


ROUTES = [list_strategies, draw_up_strategy, show_strategy, revise_strategy, conclude_strategy, reopen_strategy]
