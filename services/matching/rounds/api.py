"""Routes of rounds: created and read here, planned in the background, adopted or discarded."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from chassis.context import Context
from chassis.db.database import Database, Tx
from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.commands import change, create, show
from chassis.http.edge import reader_language
from chassis.http.pages import Pagination
from contracts.values import Caller
from services.matching import policy
from services.matching.commands import NewRound, Nothing
from services.matching.dependencies import Owned
from services.matching.policy import Action
from services.matching.rounds import actions as round_actions
from services.matching.rounds import adoption, budget_reader
from services.matching.rounds import store as round_store
from services.matching.rounds.model import Round
from services.matching.rounds.settings import KeptSettings
from services.matching.rounds.store import RoundDocuments
from services.matching.rounds.views import (
    Comparison,
    RoundDetail,
    RoundPage,
    RoundView,
    comparison,
    round_detail,
    round_view,
)

Asking = Request[Any, Any, Any]


async def _read(tx: Tx, ctx: Context, round_id: UUID, request: Asking) -> RoundView:
    return round_view(await round_store.get(tx, round_id, ctx.caller), reader_language(request.scope))


async def _with_balances(
    db: Database, ctx: Context, _round_id: UUID, data: JSONBody[NewRound], own: Owned
) -> KeptSettings:
    policy.decide(ctx.caller, Action.ASK_ROUND).required()
    return await budget_reader.with_balances(db, own.budgets, data.settings(), caller=ctx.caller)


@create(
    "/v1/rounds",
    Action.ASK_ROUND,
    "Create an allocation round",
    read=_read,
    before=_with_balances,
    status_code=202,
)
async def ask_round(tx: Tx, ctx: Context, round_id: UUID, before: KeptSettings) -> None:
    """Plans over all open lines and the capacity and budgets left, in the background.

    The balances of `funds` are first read from their ledger and stored with the round.
    """
    await round_actions.ask(tx, ctx, round_id, before)


@get("/v1/rounds", opt=requires(Action.LIST_ROUNDS), summary="The allocation rounds, newest first")
async def list_rounds(
    request: Asking,
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=round_store.LIST_MAX)] = 50,
) -> Response[RoundPage]:
    async with db.transaction(by=caller, snapshot=True) as tx:
        found = await round_store.page(tx, caller, before=cursor, limit=limit + 1)
    return paging.page(RoundPage, [round_view(one, reader_language(request.scope)) for one in found], limit)


@show("/v1/rounds/{round_id:uuid}", Action.SHOW_ROUND, "One round: its plan, and what is unmet and why")
async def show_round(tx: Tx, ctx: Context, round_id: FromPath[UUID], request: Asking) -> RoundDetail:
    found, documents = await _with_documents(tx, round_id, Action.SHOW_ROUND, ctx.caller)
    return round_detail(found, documents, reader_language(request.scope))


@get("/v1/rounds/{round_id:uuid}/compare", opt=requires(Action.COMPARE_ROUNDS), summary="Compare two rounds")
async def compare_rounds(
    request: Asking,
    round_id: FromPath[UUID],
    db: Db,
    caller: CurrentCaller,
    with_round: Annotated[UUID, QueryParameter(name="with")],
) -> Comparison:
    async with db.transaction(by=caller, snapshot=True) as tx:
        one = await _with_documents(tx, round_id, Action.COMPARE_ROUNDS, caller)
        other = await _with_documents(tx, with_round, Action.COMPARE_ROUNDS, caller)
    return comparison(one, other, reader_language(request.scope))


@change(
    "/v1/rounds/{round_id:uuid}/adopt",
    Action.ADOPT_ROUND,
    "Adopt a plan: present all of its matches",
    read=_read,
    name="adopt round",
)
async def adopt(tx: Tx, ctx: Context, round_id: FromPath[UUID], data: JSONBody[Nothing]) -> None:
    await adoption.adopt(tx, ctx, round_id)


@change("/v1/rounds/{round_id:uuid}/discard", Action.DISCARD_ROUND, "Discard a round", read=_read, name="discard round")
async def discard(tx: Tx, ctx: Context, round_id: FromPath[UUID], data: JSONBody[Nothing]) -> None:
    await round_actions.discard(tx, ctx, round_id)


async def _with_documents(tx: Tx, round_id: UUID, action: Action, caller: Caller) -> tuple[Round, RoundDocuments]:
    found = await round_store.get(tx, round_id, caller)
    policy.decide(caller, action, found).required()
    return found, await round_store.documents(tx, round_id)


ROUTES = [ask_round, list_rounds, show_round, compare_rounds, adopt, discard]
