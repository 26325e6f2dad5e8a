"""The matches' routes. Each opens one transaction; a command that comes again is answered from the record."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct
from msgspec.structs import asdict

from chassis.commands import claim
from chassis.db import Tx
from chassis.edge import reader_language
from chassis.http import Calling, Commanded, Db, Expected, Now, Paging, asks, created, shown
from contracts.facts import Fact
from contracts.matching import Judgement, Share
from contracts.values import Caller, Money, Period, Role
from services.matching import (
    choice_store,
    line_store,
    match_actions,
    match_store,
    offering_store,
    policy,
    remark_store,
    scoring_store,
)
from services.matching.commands import Comment, Evaluate, NewMatch, Presentation, Reason, check_reason
from services.matching.evaluation import Evaluated
from services.matching.explanation import explain
from services.matching.match import Match, MatchStatus, Origin
from services.matching.match_store import Ranked
from services.matching.policy import Action, Guarded
from services.matching.scoring import NO_EXPERIENCE
from services.matching.views import Explained, Opened, explained, opened

B = TypeVar("B", Comment, Reason, Evaluate)


class MatchView(Struct, frozen=True, kw_only=True):
    """A match with its score in thousandths and each criterion's share of it.

    `rank` is its place among the matches of its line that are not over; providers are shown neither it nor the
    `departure` from it, nor the `judgement` that a model made of the texts, without which their score is counted.
    `comment` is what was written beside the last move, `reason` why the match ended. What a side wrote beside its
    evaluation is shown to that side and to UNODC.
    """

    match_id: UUID
    request_id: UUID
    line_id: UUID
    offering_id: UUID
    state: str
    provider: str
    status: MatchStatus
    revision: int
    origin: Origin
    score: int
    rank: int | None
    shares: tuple[Share, ...]
    algorithm: str
    offering_revision: int
    judgement: Judgement | None
    made_at: datetime
    presented_at: datetime | None
    departs: bool | None
    departure: str | None
    accepted_at: datetime | None
    provider_confirmed_at: datetime | None
    confirmed_at: datetime | None
    capacity_period: Period | None
    funding_needed: Money | None
    begun_at: datetime | None
    completed_at: datetime | None
    state_evaluation: Evaluated | None
    state_evaluation_comment: str | None
    provider_evaluation: Evaluated | None
    provider_evaluation_comment: str | None
    ended_at: datetime | None
    reason: str | None
    comment: str


class MatchDetail(MatchView, frozen=True, kw_only=True):
    """A match and why it has its score; `opens` is what the provider is shown of the request if both sides agree."""

    explanation: tuple[Explained, ...]
    opens: Opened | None


class MatchPage(Struct, frozen=True, kw_only=True):
    """Matches, the newest line's first and best first within a line; `cursor` leads to the next page."""

    matches: list[MatchView]
    cursor: str | None


@post(
    "/v1/matches",
    opt=asks(Action.PROPOSE),
    summary="Nominate an offering for a line, or express interest in a circulated line",
)
async def begin_match(
    data: JSONBody[NewMatch], db: Db, caller: Calling, command: Commanded, now: Now
) -> Response[MatchView]:
    """A coordinator nominates; a provider's officer expresses interest with an offering of the own organization."""
    policy.decide(caller, Action.PROPOSE).required()
    async with db.transaction(by=caller) as tx:
        match_id = await match_actions.match_id_of(tx, data.line_id, data.offering_id)
        claimed = await claim(tx, command, outcome=match_id)
        if claimed.first:
            await match_actions.begin(
                tx, match_id, data.line_id, data.offering_id, caller=caller, comment=data.comment, now=now
            )
        view = await _read(tx, claimed.outcome, caller)
    return created(view, location=f"/v1/matches/{view.match_id}", revision=view.revision)


@get("/v1/matches", opt=asks(Action.LIST_MATCHES), summary="The matches this caller may see")
async def list_matches(
    db: Db,
    caller: Calling,
    paging: Paging,
    now: Now,
    of_request: Annotated[UUID | None, QueryParameter(name="request")] = None,
    of_line: Annotated[UUID | None, QueryParameter(name="line")] = None,
    of_offering: Annotated[UUID | None, QueryParameter(name="offering")] = None,
    status: FromQuery[MatchStatus | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=match_store.LIST_MAX)] = 50,
) -> Response[MatchPage]:
    async with db.transaction(by=caller) as tx:
        found = await match_store.page(
            tx,
            caller,
            request_id=of_request,
            line_id=of_line,
            offering_id=of_offering,
            status=status,
            after=cursor,
            limit=limit + 1,
        )
        views = await _views(tx, found[:limit], caller)
        # What is picked by offering or by status is no ranking.
        if (of_line or of_request) and of_offering is None and status is None:
            await choice_store.note_shown(tx, found[:limit], caller.role, now=now)
    more = str(found[limit - 1].match.match_id) if len(found) > limit else None
    return Response(MatchPage(matches=views, cursor=more), headers=paging.next_link(more))


@get("/v1/matches/{match_id:uuid}", opt=asks(Action.SHOW_MATCH), summary="One match, with what its score is made of")
async def show_match(
    request: Request[Any, Any, Any], match_id: FromPath[UUID], db: Db, caller: Calling
) -> Response[MatchDetail]:
    async with db.transaction(by=caller) as tx:
        ranked = await match_store.ranked(tx, match_id, caller)
        # Told in codes of the match's own two sides, whatever has become of the offering meanwhile.
        async with tx.by_itself():
            line = await line_store.line(tx, ranked.match.line_id)
            offering = await offering_store.known(tx, ranked.match.offering_id)
            completed = await scoring_store.experience(tx, [ranked.match.provider])
        assert offering is not None, "a match has its offering"
        view = (await _views(tx, [ranked], caller))[0]
    experience, reader = completed.get(ranked.match.provider, NO_EXPERIENCE), reader_language(request.scope)
    why = explain(ranked.match, line, offering, experience=experience)
    explanation = tuple(explained(one, reader) for one in why if one.share in view.shares)
    detail = MatchDetail(**asdict(view), explanation=explanation, opens=opened(ranked.match, reader))
    return shown(detail, revision=view.revision)


@post(
    "/v1/matches/{match_id:uuid}/present",
    opt=asks(Action.PRESENT),
    status_code=200,
    summary="Present a match to the State and the provider",
)
async def present_match(
    match_id: FromPath[UUID],
    data: JSONBody[Presentation],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[MatchView]:
    """Circulation has to be granted, unless to a unit of UNODC; a better ranked match is passed over for a reason."""
    if data.departure is not None:
        check_reason("present", data.departure, name="departure")
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=match_id)
        if claimed.first:
            await match_actions.present(
                tx, match_id, data.departure, caller=caller, expected=expected, comment=data.comment, now=now
            )
        view = await _read(tx, match_id, caller)
    return shown(view, revision=view.revision)


def _agree_route(action: Action, summary: str, description: str | None = None) -> HTTPRouteHandler:
    """`accept` or `confirm`: whichever comes second confirms the match and takes capacity."""

    @post(
        f"/v1/matches/{{match_id:uuid}}/{action}",
        opt=asks(action),
        status_code=200,
        summary=summary,
        description=description,
        name=f"{action} match",
    )
    async def agree_match(
        match_id: FromPath[UUID],
        data: JSONBody[Comment],
        db: Db,
        caller: Calling,
        command: Commanded,
        expected: Expected,
        now: Now,
    ) -> Response[MatchView]:
        async with db.transaction(by=caller) as tx:
            claimed = await claim(tx, command, outcome=match_id)
            if claimed.first:
                await match_actions.agree(
                    tx, match_id, action, caller=caller, expected=expected, comment=data.comment, now=now
                )
            view = await _read(tx, match_id, caller)
        return shown(view, revision=view.revision)

    return agree_match


def _move_route(
    action: Action, summary: str, body: type[B], decide: Callable[[Match, B, Caller, datetime], Fact]
) -> HTTPRouteHandler:
    """The route of one move: `POST …/{id}/<action>`, with `body` for what is decided with it."""
    name = action.replace("_", "-")

    @post(
        f"/v1/matches/{{match_id:uuid}}/{name}",
        opt=asks(action),
        status_code=200,
        summary=summary,
        name=f"{name} match",
    )
    async def move_match(
        match_id: FromPath[UUID],
        data: JSONBody[body],  # type: ignore[valid-type]
        db: Db,
        caller: Calling,
        command: Commanded,
        expected: Expected,
        now: Now,
    ) -> Response[MatchView]:
        async with db.transaction(by=caller) as tx:
            claimed = await claim(tx, command, outcome=match_id)
            if claimed.first:
                await match_actions.move(
                    tx,
                    match_id,
                    action,
                    lambda match: decide(match, data, caller, now),
                    caller=caller,
                    expected=expected,
                    comment=data.comment,  # type: ignore[attr-defined]
                )
            view = await _read(tx, match_id, caller)
        return shown(view, revision=view.revision)

    return move_match


def _decline(match: Match, body: Reason, caller: Caller, now: datetime) -> Fact:
    side = "decline_by_state" if caller.role is Role.FOCAL_POINT else "decline_by_provider"
    return match.decline(caller.role, check_reason(side, body.reason), now=now)


async def _read(tx: Tx, match_id: UUID, caller: Caller) -> MatchView:
    return (await _views(tx, [await match_store.ranked(tx, match_id, caller)], caller))[0]


async def _views(tx: Tx, found: Sequence[Ranked], caller: Caller) -> list[MatchView]:
    comments = await remark_store.beside(tx, [at for one in found for at in _remarked(one.match)])
    return [
        view(
            one,
            comments,
            policy.decide(caller, Action.SHOW_MATCH, one.match).required().fields,
        )
        for one in found
    ]


Remarks = Mapping[tuple[UUID, int], str]
"""By match and revision."""


def _remarked(match: Match) -> list[tuple[UUID, int]]:
    """Where what is shown of a match may have words beside it: its last move, or what each side says last."""
    evaluations = [one for one in (match.state_evaluation, match.provider_evaluation) if one is not None]
    return [(match.match_id, one.revision) for one in evaluations] or [(match.match_id, match.revision)]


def view(found: Ranked, comments: Remarks, guarded: frozenset[str]) -> MatchView:
    """The match as it is shown to somebody who is shown these of the guarded fields."""

    def said_with(evaluation: Evaluated | None, field: Guarded) -> str | None:
        if evaluation is None or field not in guarded:
            return None
        return comments.get((match.match_id, evaluation.revision), "")

    match, judged = found.match, Guarded.JUDGEMENT in guarded
    shares = tuple(share for share in match.shares if judged or share.criterion != "meaning")
    return MatchView(
        match_id=match.match_id,
        request_id=match.request_id,
        line_id=match.line_id,
        offering_id=match.offering_id,
        state=match.state,
        provider=match.provider,
        status=match.status,
        revision=match.revision,
        origin=match.origin,
        score=sum(share.points for share in shares),
        rank=found.rank if Guarded.RANK in guarded else None,
        shares=shares,
        algorithm=match.algorithm,
        offering_revision=match.offering_revision,
        judgement=match.judgement if judged else None,
        made_at=match.made_at,
        presented_at=match.presented_at,
        departs=match.departs if Guarded.DEPARTS in guarded else None,
        departure=match.departure if Guarded.DEPARTURE in guarded else None,
        accepted_at=match.accepted_at,
        provider_confirmed_at=match.provider_confirmed_at,
        confirmed_at=match.confirmed_at,
        capacity_period=match.capacity_period,
        funding_needed=match.funding_needed,
        begun_at=match.begun_at,
        completed_at=match.completed_at,
        state_evaluation=match.state_evaluation,
        state_evaluation_comment=said_with(match.state_evaluation, Guarded.STATE_EVALUATION_COMMENT),
        provider_evaluation=match.provider_evaluation,
        provider_evaluation_comment=said_with(match.provider_evaluation, Guarded.PROVIDER_EVALUATION_COMMENT),
        ended_at=match.ended_at,
        reason=match.reason,
        comment="" if match.evaluated else comments.get((match.match_id, match.revision), ""),
    )


ROUTES = [
    begin_match,
    list_matches,
    show_match,
    _move_route(
        Action.SHORTLIST, "Put a match on the short list", Comment, lambda m, _b, _c, now: m.shortlist(now=now)
    ),
    present_match,
    _agree_route(
        Action.ACCEPT,
        "The State accepts a presented match",
        "Once the provider has confirmed as well, its officers see the request and can read the words of the line that "
        "they serve, whatever consents say, until the match is revoked or the request is over: `opens` of the match.",
    ),
    _agree_route(Action.CONFIRM, "The provider confirms a presented match"),
    _move_route(Action.BEGIN, "Delivery begins", Comment, lambda m, _b, _c, now: m.begin(now=now)),
    _move_route(Action.COMPLETE, "Delivery is complete", Comment, lambda m, _b, _c, now: m.complete(now=now)),
    _move_route(
        Action.EVALUATE,
        "The State or the provider says how a completed delivery went",
        Evaluate,
        lambda m, body, caller, now: m.evaluate(caller.role, body.given(), now=now),
    ),
    _move_route(Action.DECLINE, "Decline a match", Reason, _decline),
    _move_route(
        Action.NOT_PURSUE,
        "Let a match go",
        Reason,
        lambda m, body, _c, now: m.not_pursue(check_reason("not_pursue", body.reason), now=now),
    ),
    _move_route(
        Action.REVOKE,
        "Revoke a confirmed match and give its capacity back",
        Reason,
        lambda m, body, _c, now: m.revoke(check_reason("revoke", body.reason), now=now),
    ),
]
