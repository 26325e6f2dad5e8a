"""Routes for the page of the link in a mail, on which a State accepts or declines a presented match."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import JSONBody
from msgspec.structs import replace

from chassis.auth.answer_links import LinkToken, linked
from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import PUBLIC, Db, Now
from chassis.http.edge import reader_language
from contracts.answer_links import Purpose
from contracts.values import Caller, Role
from services.matching import policy
from services.matching.dependencies import Dependencies, Owned
from services.matching.matches import actions as match_actions
from services.matching.matches import capacity_locks
from services.matching.matches import store as match_store
from services.matching.matches.commands import AnswerMatch, LinkAnswer
from services.matching.matches.model import MOVES, Match, MatchStatus
from services.matching.matches.views import LinkedMatch, linked_view
from services.matching.policy import Action

LINK = "/v1/matches/link"
"""Route for the page that the link in a mail opens. Its token is the only credential."""

_GIVEN: Mapping[LinkAnswer, frozenset[MatchStatus]] = {
    LinkAnswer.ACCEPT: frozenset({MatchStatus.ACCEPTED, MatchStatus.CONFIRMED}),
    LinkAnswer.DECLINE: frozenset({MatchStatus.DECLINED_BY_STATE}),
}
"""Statuses in which the State has given each answer."""

_LINKED = MOVES["accept"].union(*_GIVEN.values())
"""Statuses in which the link of a match can be used: the State can accept it, or has answered."""


@get(LINK, opt=PUBLIC)
async def show_linked_match(
    request: Request[Any, Any, Any], token: LinkToken, db: Db, own: Owned, now: Now
) -> Response[LinkedMatch]:
    """Shows the match. It changes nothing, because programs may follow the links of mails."""
    match_id, caller = await _linked(db, own, token, now)
    async with db.transaction(by=caller, snapshot=True) as tx:
        found = (await match_store.ranked(tx, match_id, caller)).match
        policy.decide(caller, Action.SHOW_MATCH, found).required()
        view = await linked_view(tx, found, reader_language(request.scope))
    return Response(view)


@post(LINK, opt=PUBLIC, status_code=200)
async def answer_linked_match(
    request: Request[Any, Any, Any], token: LinkToken, data: JSONBody[AnswerMatch], db: Db, own: Owned, now: Now
) -> Response[LinkedMatch]:
    """Accepts or declines as the State, without signing in: as the recipient of the mail. A repeat changes nothing.

    The reasons for declining are those of `/v1/reference/reasons/decline_by_state`.
    """
    data.check()
    match_id, caller = await _linked(db, own, token, now)
    ctx = Context(caller=caller, now=now)

    async def answer(tx: Tx) -> LinkedMatch:
        return await linked_view(tx, await _answer(tx, ctx, match_id, data), reader_language(request.scope))

    locks = await capacity_locks.of_match(db, ctx, match_id)
    return Response(await db.run_in_transaction(answer, by=caller, locks=locks))


async def _answer(tx: Tx, ctx: Context, match_id: UUID, data: AnswerMatch) -> Match:
    """Record the answer, unless it was given before. Raises what the same move raises after signing in."""
    # In the order of all moves, and before the match is read: the second of two clicks finds the answer of the first.
    await match_actions.lock_for_agreement(tx, match_id, ctx.caller)
    found = await match_store.get(tx, match_id, ctx.caller)
    policy.decide(ctx.caller, Action(data.answer), found).required()
    if found.status in _GIVEN[data.answer]:
        return found
    ctx, reason = replace(ctx, expected=found.revision), data.reason
    if reason is None:
        return await match_actions.agree(tx, ctx, match_id, Action.ACCEPT, comment="")
    return await match_actions.move(
        tx, ctx, match_id, Action.DECLINE, lambda match: match_actions.decline(match, reason, ctx), comment=""
    )


async def _linked(db: Db, own: Dependencies, token: str, now: datetime) -> tuple[UUID, Caller]:
    """Return the match and the person of a token. Raises Missing, also if the match cannot be answered; Unavailable."""

    async def asked(match_id: UUID) -> tuple[str, Role] | None:
        async with db.transaction(by=None) as tx:
            found = await match_store.get_as_service(tx, match_id)
        return (found.state, Role.FOCAL_POINT) if found and found.status in _LINKED else None

    return await linked(own.reply_key, own.callers, Purpose.MATCH, token, asked, now=now)


ROUTES = [show_linked_match, answer_linked_match]
