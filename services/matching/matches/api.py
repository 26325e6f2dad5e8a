"""Routes of matches. Each opens one transaction; a repeated command gets the recorded answer."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated, Any, TypeVar, cast
from uuid import UUID, uuid5

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import UNSET, Struct
from msgspec.structs import asdict

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, Now, requires
from chassis.http.commands import change, create, show
from chassis.http.edge import reader_language
from chassis.http.pages import Pagination
from contracts.conversion import from_attributes
from contracts.facts import Fact
from contracts.refusals import Invalid
from services.matching import policy
from services.matching.choices import store as choice_store
from services.matching.commands import Comment, Reason
from services.matching.dependencies import Owned
from services.matching.fields import check_reason
from services.matching.joint_deliveries import store as joint_store
from services.matching.lines import store as line_store
from services.matching.matches import actions as match_actions
from services.matching.matches import capacity_locks, presentation_actions, wording
from services.matching.matches import store as match_store
from services.matching.matches.commands import Agree, Evaluate, NewMatch, Presentation, PresentSeveral
from services.matching.matches.explanation import Explanation, explain
from services.matching.matches.model import Match, MatchStatus
from services.matching.matches.presentation_actions import Chosen
from services.matching.matches.store import Ranked
from services.matching.matches.views import MatchDetail, MatchItem, MatchView, explained, opened, views_of
from services.matching.offerings import store as offering_store
from services.matching.policy import Action
from services.matching.scoring import store as scoring_store
from services.matching.scoring.criteria import NO_EXPERIENCE

B = TypeVar("B", Comment, Reason, Evaluate)


EXPLAINED_MAX = 30
"""Maximum number of matches in a list with explanations; each reads its line and its offering."""


class MatchExpansion(StrEnum):
    """Additions to the matches of a list: the title of a side, or the explanation of the score."""

    REQUEST = "request"
    OFFERING = "offering"
    EXPLANATION = "explanation"


class MatchPage(Struct, frozen=True, kw_only=True):
    """Matches by line, newest line first, best first within a line; `cursor` leads to the next page."""

    matches: list[MatchItem]
    cursor: str | None


async def _read(tx: Tx, ctx: Context, match_id: UUID) -> MatchView:
    return (await views_of(tx, [await match_store.ranked(tx, match_id, ctx.caller)], ctx.caller))[0]


async def _read_pair(tx: Tx, ctx: Context, pair: tuple[UUID, UUID]) -> MatchView:
    """Return the match of a line and an offering."""
    return await _read(tx, ctx, await match_actions.match_id_of(tx, *pair))


@create(
    "/v1/matches",
    Action.PROPOSE,
    "Nominate an offering for a line, or express interest in a circulated line",
    read=_read_pair,
    key=lambda data: (data.line_id, data.offering_id),
    outcome=lambda pair: uuid5(pair[0], str(pair[1])),
)
async def begin_match(tx: Tx, ctx: Context, pair: tuple[UUID, UUID], data: JSONBody[NewMatch]) -> MatchView:
    """A coordinator nominates; a provider's officer expresses interest with an offering of their organization."""
    policy.decide(ctx.caller, Action.PROPOSE).required()
    match_id = await match_actions.match_id_of(tx, *pair)
    override = data.override.given() if data.override else None
    await match_actions.begin(tx, ctx, match_id, *pair, covers=data.covers, override=override, comment=data.comment)
    return await _read(tx, ctx, match_id)


@get("/v1/matches", opt=requires(Action.LIST_MATCHES), summary="The matches this caller may see")
async def list_matches(
    request: Request[Any, Any, Any],
    db: Db,
    own: Owned,
    caller: CurrentCaller,
    paging: Pagination,
    now: Now,
    of_request: Annotated[UUID | None, QueryParameter(name="request")] = None,
    of_line: Annotated[UUID | None, QueryParameter(name="line")] = None,
    of_offering: Annotated[UUID | None, QueryParameter(name="offering")] = None,
    status: FromQuery[MatchStatus | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=match_store.LIST_MAX)] = 50,
    expand: Annotated[list[MatchExpansion] | None, QueryParameter(max_items=len(MatchExpansion))] = None,
) -> Response[MatchPage]:
    """`expand=request&expand=offering` adds the titles of both sides, as far as the caller may read them.

    `expand=explanation` adds a sentence on each criterion, in the language of `Accept-Language`; with it `limit` is at
    most 30.
    """
    added = frozenset(expand or ())
    if MatchExpansion.EXPLANATION in added and limit > EXPLAINED_MAX:
        raise Invalid("invalid-field", field="limit", expected=f"limit_with_expand {EXPLAINED_MAX}")
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
        views = await views_of(tx, found, caller)
        # A list by offering or status is no ranking.
        if (of_line or of_request) and of_offering is None and status is None:
            await choice_store.record_shown(tx, found[:limit], caller.role, now=now)
        offered = [one.offering_id for one in views[:limit]] if MatchExpansion.OFFERING in added else []
        offering_titles = await offering_store.texts(tx, offered)
        why = await _explanations(tx, found[:limit], views) if MatchExpansion.EXPLANATION in added else {}
    requested = [one.request_id for one in views[:limit]] if MatchExpansion.REQUEST in added else []
    reader = reader_language(request.scope)
    request_titles = await own.titles.of_requests(caller, requested)

    def item(one: MatchView) -> MatchItem:
        offering = offering_titles.get(one.offering_id)
        return from_attributes(
            MatchItem,
            one,
            request_title=request_titles.get(one.request_id, UNSET),
            offering_title=offering.title if offering else UNSET,
            explanation=[explained(each, reader) for each in why[one.match_id]] if one.match_id in why else UNSET,
        )

    return paging.page(MatchPage, views, limit, view=item)


@show("/v1/matches/{match_id:uuid}", Action.SHOW_MATCH, "One match, with what its score is made of")
async def show_match(tx: Tx, ctx: Context, match_id: FromPath[UUID], request: Request[Any, Any, Any]) -> MatchDetail:
    ranked = await match_store.ranked(tx, match_id, ctx.caller)
    reader = reader_language(request.scope)
    views = await views_of(tx, [ranked], ctx.caller)
    why = await _explanations(tx, [ranked], views)
    async with tx.as_service():
        jointly_with = await joint_store.other_states(tx, ranked.match)
    view = views[0]
    return MatchDetail(
        **asdict(view),
        explanation=tuple(explained(one, reader) for one in why[match_id]),
        opens=opened(ranked.match, reader),
        jointly_with=jointly_with,
        override_says=wording.overridden(view.override, reader) if view.override else None,
    )


async def _explanations(
    tx: Tx, found: Sequence[Ranked], views: Sequence[MatchView]
) -> dict[UUID, Sequence[Explanation]]:
    """Return explanations of the shares that the caller sees, by match.

    They are in codes, for the match's two sides, even if these may not see the offering any more.
    """
    made: dict[UUID, Sequence[Explanation]] = {}
    async with tx.as_service():
        lines = {one: await line_store.line(tx, one) for one in {each.match.line_id for each in found}}
        completed = await scoring_store.experience(tx, {each.match.provider for each in found})
        for match, view in zip((one.match for one in found), views, strict=False):
            offering = await offering_store.get_as_service(tx, match.offering_id)
            assert offering is not None, "a match has its offering"
            experience = completed.get(match.provider, NO_EXPERIENCE)
            why = explain(match, lines[match.line_id], offering, experience=experience)
            made[match.match_id] = [one for one in why if one.share in view.shares]
    return made


@change(
    "/v1/matches/{match_id:uuid}/present", Action.PRESENT, "Present a match to the State and the provider", read=_read
)
async def present_match(tx: Tx, ctx: Context, match_id: FromPath[UUID], data: JSONBody[Presentation]) -> None:
    """Requires consent to circulation, except for a unit of UNODC.

    Requires a reason if a better ranked match is passed over.
    """
    if data.departure is not None:
        check_reason("present", data.departure, name="departure")
    await presentation_actions.present(tx, ctx, match_id, data.departure, comment=data.comment)


class PresentedMatches(Struct, frozen=True, kw_only=True):
    """The presented matches, in the order in which they were named."""

    matches: list[MatchView]


async def _read_several(tx: Tx, ctx: Context, match_ids: Sequence[UUID]) -> PresentedMatches:
    found = await match_store.ranked_in_order(tx, match_ids, ctx.caller)
    return PresentedMatches(matches=await views_of(tx, found, ctx.caller))


@change(
    "/v1/matches/present",
    Action.PRESENT_SEVERAL,
    "Present several matches at once",
    read=_read_several,
    key=lambda data: [one.match_id for one in data.matches],
    outcome=lambda match_ids: uuid5(match_ids[0], " ".join(map(str, match_ids))),
    if_match=False,
)
async def present_matches(tx: Tx, ctx: Context, match_ids: Sequence[UUID], data: JSONBody[PresentSeveral]) -> None:
    """Presents all of the matches or none, each in the revision given. The refusal lists the errors of all of them."""
    data.check()
    chosen = [Chosen(one.match_id, one.revision, one.departure, one.comment) for one in data.matches]
    await presentation_actions.present_several(tx, ctx, chosen)


def _agree_route(action: Action, summary: str, description: str | None = None) -> HTTPRouteHandler:
    """Return the route of `accept` or `confirm`; the second of the two confirms the match and takes capacity."""

    @change(
        f"/v1/matches/{{match_id:uuid}}/{action}",
        action,
        summary,
        read=_read,
        locks=capacity_locks.of_match,
        name=f"{action} match",
        description=description,
    )
    async def agree_match(tx: Tx, ctx: Context, match_id: FromPath[UUID], data: JSONBody[Agree]) -> None:
        await match_actions.agree(tx, ctx, match_id, action, covers=data.covers, comment=data.comment)

    return agree_match


def _move_route(
    action: Action, summary: str, body: type[B], decide: Callable[[Match, B, Context], Fact]
) -> HTTPRouteHandler:
    """Return the route of one move: `POST …/{id}/<action>`, with `body` as its data."""
    name = action.replace("_", "-")

    async def move_match(tx: Tx, ctx: Context, match_id: FromPath[UUID], data: Any) -> None:
        await match_actions.move(
            tx, ctx, match_id, action, lambda match: decide(match, data, ctx), comment=data.comment
        )

    move_match.__annotations__["data"] = cast(Any, JSONBody)[body]
    return change(f"/v1/matches/{{match_id:uuid}}/{name}", action, summary, read=_read, name=f"{name} match")(
        move_match
    )


ROUTES = [
    begin_match,
    list_matches,
    show_match,
    _move_route(Action.SHORTLIST, "Put a match on the short list", Comment, lambda m, _, ctx: m.shortlist(now=ctx.now)),
    present_match,
    present_matches,
    _agree_route(
        Action.ACCEPT,
        "Accept a presented match, as its State",
        "Once the provider has confirmed as well, its officers see the request and can read the words of the line that "
        "they serve, until the State withdraws its consent, the match is revoked or the request is over: see `opens`.",
    ),
    _agree_route(Action.CONFIRM, "Confirm a presented match, as its provider"),
    _move_route(
        Action.EVALUATE,
        "Evaluate a completed delivery, as its State or provider",
        Evaluate,
        lambda m, body, ctx: m.evaluate(ctx.caller.role, body.given(), now=ctx.now),
    ),
    _move_route(
        Action.DECLINE,
        "Decline a match",
        Reason,
        lambda m, body, ctx: match_actions.decline(m, body.reason, ctx),
    ),
    _move_route(
        Action.NOT_PURSUE,
        "Decide not to pursue a match",
        Reason,
        lambda m, body, ctx: m.not_pursue(check_reason("not_pursue", body.reason), now=ctx.now),
    ),
]
