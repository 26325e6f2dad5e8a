"""The rounds' routes: asked for and read here, planned in the background, adopted or discarded."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from chassis.db.database import Tx
from chassis.http.application import Calling, Commanded, Db, Expected, Now, Paging, asks, shown
from chassis.http.edge import reader_language
from chassis.http.idempotency import claim, etag
from chassis.ids import new_id
from contracts.values import Caller
from services.matching import policy
from services.matching.commands import NewRound, Nothing
from services.matching.matches.budgets import Owned
from services.matching.policy import Action
from services.matching.rounds import actions as round_actions
from services.matching.rounds import adoption, budget_reader
from services.matching.rounds import store as round_store
from services.matching.rounds.model import Round
from services.matching.rounds.store import Papers
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
Move = Callable[..., Awaitable[Round]]


@post("/v1/rounds", opt=asks(Action.ASK_ROUND), status_code=202, summary="Ask for a plan of who gets what")
async def ask_round(
    request: Asking, data: JSONBody[NewRound], db: Db, own: Owned, caller: Calling, command: Commanded, now: Now
) -> Response[RoundView]:
    """Over all open lines and what is left of capacity and budgets; the plan is made in the background.

    What `funds` have is asked of their ledger first, and kept with the round.
    """
    policy.decide(caller, Action.ASK_ROUND).required()
    settings = await budget_reader.settled(db, own, data.settings(), caller=caller)
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=new_id())
        if claimed.first:
            await round_actions.ask(tx, claimed.outcome, settings, caller=caller, now=now)
        found = await round_store.get(tx, claimed.outcome, caller)
    view = round_view(found, reader_language(request.scope))
    headers = {"Location": f"/v1/rounds/{view.round_id}", "ETag": etag(view.revision)}
    return Response(view, status_code=202, headers=headers)


@get("/v1/rounds", opt=asks(Action.LIST_ROUNDS), summary="The rounds there were, newest first")
async def list_rounds(
    request: Asking,
    db: Db,
    caller: Calling,
    paging: Paging,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=round_store.LIST_MAX)] = 50,
) -> Response[RoundPage]:
    async with db.transaction(by=caller) as tx:
        found = await round_store.page(tx, caller, before=cursor, limit=limit + 1)
    views = [round_view(one, reader_language(request.scope)) for one in found[:limit]]
    more = str(found[limit - 1].round_id) if len(found) > limit else None
    return Response(RoundPage(rounds=views, cursor=more), headers=paging.next_link(more))


@get(
    "/v1/rounds/{round_id:uuid}", opt=asks(Action.SHOW_ROUND), summary="One round: its plan, and what is unmet and why"
)
async def show_round(request: Asking, round_id: FromPath[UUID], db: Db, caller: Calling) -> Response[RoundDetail]:
    async with db.transaction(by=caller) as tx:
        found, papers = await _read(tx, round_id, Action.SHOW_ROUND, caller)
    return shown(round_detail(found, papers, reader_language(request.scope)), revision=found.revision)


@get("/v1/rounds/{round_id:uuid}/compare", opt=asks(Action.COMPARE_ROUNDS), summary="Two rounds side by side")
async def compare_rounds(
    request: Asking,
    round_id: FromPath[UUID],
    db: Db,
    caller: Calling,
    with_round: Annotated[UUID, QueryParameter(name="with")],
) -> Comparison:
    async with db.transaction(by=caller) as tx:
        one = await _read(tx, round_id, Action.COMPARE_ROUNDS, caller)
        other = await _read(tx, with_round, Action.COMPARE_ROUNDS, caller)
    return comparison(one, other, reader_language(request.scope))


def _move_route(action: Action, name: str, summary: str, move: Move) -> HTTPRouteHandler:
    """`POST …/{id}/<name>`: the end of a round, one way or the other."""

    @post(
        f"/v1/rounds/{{round_id:uuid}}/{name}",
        opt=asks(action),
        status_code=200,
        summary=summary,
        name=f"{name} round",
    )
    async def end_round(
        request: Asking,
        round_id: FromPath[UUID],
        data: JSONBody[Nothing],
        db: Db,
        caller: Calling,
        command: Commanded,
        expected: Expected,
        now: Now,
    ) -> Response[RoundView]:
        async with db.transaction(by=caller) as tx:
            claimed = await claim(tx, command, outcome=round_id)
            if claimed.first:
                await move(tx, round_id, caller=caller, expected=expected, now=now)
            found = await round_store.get(tx, round_id, caller)
        return shown(round_view(found, reader_language(request.scope)), revision=found.revision)

    return end_round


async def _read(tx: Tx, round_id: UUID, action: Action, caller: Caller) -> tuple[Round, Papers]:
    found = await round_store.get(tx, round_id, caller)
    policy.decide(caller, action, found).required()
    return found, await round_store.papers(tx, round_id)


ROUTES = [
    ask_round,
    list_rounds,
    show_round,
    compare_rounds,
    _move_route(Action.ADOPT_ROUND, "adopt", "Present every match of the plan, or say what changed", adoption.adopt),
    _move_route(Action.DISCARD_ROUND, "discard", "Let a round go", round_actions.discard),
]
