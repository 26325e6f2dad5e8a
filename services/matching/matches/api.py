"""The matches' routes. Each opens one transaction; a command that comes again is answered from the record."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct
from msgspec.structs import asdict

from chassis.db.database import Tx
from chassis.http.application import Calling, Commanded, Db, Expected, Now, Paging, asks, created, shown
from chassis.http.edge import reader_language
from chassis.http.idempotency import claim
from contracts.facts import Fact
from contracts.values import Caller, Role
from services.matching import policy
from services.matching.choices import store as choice_store
from services.matching.commands import Comment, Evaluate, NewMatch, Presentation, Reason, check_reason
from services.matching.lines import store as line_store
from services.matching.matches import actions as match_actions
from services.matching.matches import store as match_store
from services.matching.matches.budgets import Owned
from services.matching.matches.explanation import explain
from services.matching.matches.model import Match, MatchStatus
from services.matching.matches.views import MatchDetail, MatchView, explained, opened, views_of
from services.matching.offerings import store as offering_store
from services.matching.policy import Action
from services.matching.scoring import store as scoring_store
from services.matching.scoring.model import NO_EXPERIENCE

B = TypeVar("B", Comment, Reason, Evaluate)


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
        views = await views_of(tx, found[:limit], caller)
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
        async with tx.as_service():
            line = await line_store.line(tx, ranked.match.line_id)
            offering = await offering_store.known(tx, ranked.match.offering_id)
            completed = await scoring_store.experience(tx, [ranked.match.provider])
        assert offering is not None, "a match has its offering"
        view = (await views_of(tx, [ranked], caller))[0]
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
        async with db.for_reading().transaction(by=caller) as tx:
            offering_id = await match_store.offering_of(tx, match_id, caller)
        async with db.transaction(by=caller, locks=[f"capacity of {offering_id}"]) as tx:
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


@post(
    "/v1/matches/{match_id:uuid}/begin",
    opt=asks(Action.BEGIN),
    status_code=200,
    summary="Delivery begins",
    name="begin match",
)
async def begin_delivery(
    match_id: FromPath[UUID],
    data: JSONBody[Comment],
    db: Db,
    own: Owned,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[MatchView]:
    """Where it needs money, once all of that has been allocated to it."""
    async with db.transaction(by=caller) as tx:
        lacking = await match_actions.lacking(tx, match_id, caller=caller)
    gap = await own.gap(match_id) if lacking else None
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=match_id)
        if claimed.first:
            await match_actions.move(
                tx,
                match_id,
                Action.BEGIN,
                lambda match: match.begin(gap_usd_minor=gap, now=now),
                caller=caller,
                expected=expected,
                comment=data.comment,
            )
        view = await _read(tx, match_id, caller)
    return shown(view, revision=view.revision)


@post(
    "/v1/matches/{match_id:uuid}/complete",
    opt=asks(Action.COMPLETE),
    status_code=200,
    summary="Delivery is complete",
    name="complete match",
)
async def complete_delivery(
    match_id: FromPath[UUID],
    data: JSONBody[Comment],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[MatchView]:
    """From the first day of the window asked for that lies in the period it was confirmed for."""
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=match_id)
        if claimed.first:
            await match_actions.complete(tx, match_id, caller=caller, expected=expected, comment=data.comment, now=now)
        view = await _read(tx, match_id, caller)
    return shown(view, revision=view.revision)


def _decline(match: Match, body: Reason, caller: Caller, now: datetime) -> Fact:
    side = "decline_by_state" if caller.role is Role.FOCAL_POINT else "decline_by_provider"
    return match.decline(caller.role, check_reason(side, body.reason), now=now)


async def _read(tx: Tx, match_id: UUID, caller: Caller) -> MatchView:
    return (await views_of(tx, [await match_store.ranked(tx, match_id, caller)], caller))[0]


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
    begin_delivery,
    complete_delivery,
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
