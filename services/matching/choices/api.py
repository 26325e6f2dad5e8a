"""The routes that give out what choices teach: the rankings that were shown, and every move with what came of it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromQuery, QueryParameter
from msgspec import Struct

from chassis.http.application import Calling, Db, Paging, asks
from contracts.conversion import from_attributes
from contracts.matching import Share
from contracts.values import Role
from services.matching import policy
from services.matching.choices import store as choice_store
from services.matching.choices.model import chosen_by
from services.matching.choices.store import Chosen, Ranking
from services.matching.matches.model import MatchStatus
from services.matching.policy import Action

Limit = Annotated[int, QueryParameter(ge=1, le=choice_store.LIST_MAX)]


class MoveView(Struct, frozen=True, kw_only=True):
    """What a match became, when, and in which role somebody chose that; null where nobody did.

    `place` is its place, of so many, among the matches of its line that were not over just before; the score is the one
    it had. `ranking_id` names what the side that chose had been shown last, of `/v1/matches/rankings`.
    """

    status: MatchStatus
    at: datetime
    chosen_by: Role | None
    place: int
    of: int
    reason: str | None
    score: int
    shares: tuple[Share, ...]
    algorithm: str
    offering_revision: int
    ranking_id: UUID | None


class ChoicesView(Struct, frozen=True, kw_only=True):
    """A match's moves in their order: each choice with what came of it after."""

    match_id: UUID
    line_id: UUID
    offering_id: UUID
    moves: tuple[MoveView, ...]


class ChoicesPage(Struct, frozen=True, kw_only=True):
    """The newest line's matches first; `cursor` leads to the next page."""

    choices: list[ChoicesView]
    cursor: str | None


class RankingPage(Struct, frozen=True, kw_only=True):
    """What was first shown last comes first; `cursor` leads to the next page."""

    rankings: list[Ranking]
    cursor: str | None


@get("/v1/matches/choices", opt=asks(Action.LIST_CHOICES), summary="Every move of every match, to learn from")
async def list_choices(
    db: Db,
    caller: Calling,
    paging: Paging,
    of_line: Annotated[UUID | None, QueryParameter(name="line")] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Limit = 50,
) -> Response[ChoicesPage]:
    """Codes and numbers; no words, and of people the role alone."""
    policy.decide(caller, Action.LIST_CHOICES).required()
    async with db.transaction(by=caller) as tx:
        found = await choice_store.page(tx, line_id=of_line, after=cursor, limit=limit + 1)
    return paging.page(ChoicesPage, [_choices(moves) for moves in found], limit)


@get("/v1/matches/rankings", opt=asks(Action.LIST_RANKINGS), summary="Every ranking that was shown, to learn from")
async def list_rankings(
    db: Db,
    caller: Calling,
    paging: Paging,
    of_line: Annotated[UUID | None, QueryParameter(name="line")] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Limit = 50,
) -> Response[RankingPage]:
    """As lists of a line's or a request's matches showed it, once for each role; who it was is kept nowhere."""
    policy.decide(caller, Action.LIST_RANKINGS).required()
    async with db.transaction(by=caller) as tx:
        found = await choice_store.rankings(tx, line_id=of_line, after=cursor, limit=limit + 1)
    return paging.page(RankingPage, found, limit)


def _choices(moves: list[Chosen]) -> ChoicesView:
    first = moves[0].move
    return ChoicesView(
        match_id=first.match_id,
        line_id=first.line_id,
        offering_id=first.offering_id,
        moves=tuple(_move(one) for one in moves),
    )


def _move(one: Chosen) -> MoveView:
    move, role = one.move, chosen_by(one.move.status, one.before)
    return from_attributes(
        MoveView, move, chosen_by=role, place=one.place, of=one.of, ranking_id=one.rankings.get(role) if role else None
    )


ROUTES = [list_choices, list_rankings]
