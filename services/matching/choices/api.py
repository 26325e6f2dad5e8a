"""Routes of the data about choices: rankings as shown, and every move with its outcome."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromQuery, QueryParameter
from msgspec import Struct

from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.pages import Pagination
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
    """A status change of a match, its time, and the role of the person who chose it; null for the system.

    `place` is its rank among the `of` open matches of its line just before; the score is the match's at that time.
    `ranking_id` is the ranking (`/v1/matches/rankings`) last shown to the side that chose.
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
    """A match's moves in order: each choice and its outcome."""

    match_id: UUID
    line_id: UUID
    offering_id: UUID
    moves: tuple[MoveView, ...]


class ChoicesPage(Struct, frozen=True, kw_only=True):
    """Matches by line, newest line first; `cursor` leads to the next page."""

    choices: list[ChoicesView]
    cursor: str | None


class RankingPage(Struct, frozen=True, kw_only=True):
    """Rankings by the time they were first shown, newest first; `cursor` leads to the next page."""

    rankings: list[Ranking]
    cursor: str | None


@get(
    "/v1/matches/choices",
    opt=requires(Action.LIST_CHOICES),
    summary="Every move of every match, to improve the weights",
)
async def list_choices(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    of_line: Annotated[UUID | None, QueryParameter(name="line")] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Limit = 50,
) -> Response[ChoicesPage]:
    """The data has codes and numbers only; of persons it has only the role."""
    policy.decide(caller, Action.LIST_CHOICES).required()
    async with db.transaction(by=caller) as tx:
        found = await choice_store.page(tx, line_id=of_line, after=cursor, limit=limit + 1)
    return paging.page(ChoicesPage, [_choices(moves) for moves in found], limit)


@get(
    "/v1/matches/rankings",
    opt=requires(Action.LIST_RANKINGS),
    summary="Every ranking that was shown, to improve the weights",
)
async def list_rankings(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    of_line: Annotated[UUID | None, QueryParameter(name="line")] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Limit = 50,
) -> Response[RankingPage]:
    """Lists each ranking as shown by lists of matches, once for each role. The person is not recorded."""
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
