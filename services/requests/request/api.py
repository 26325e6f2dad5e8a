"""The routes of requests. A repeated command gets the record as it is now."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar, cast
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct
from msgspec.structs import replace

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, ReaderLanguage, StreamFactory, requires
from chassis.http.commands import change, create, show
from chassis.http.event_streams import EVENT_STREAM, EventStream, LastEventId
from chassis.http.pages import Pagination, Part
from chassis.http.queries import query_parameter
from chassis.journal.event_feed import FeedItem
from chassis.journal.outbox import read_aggregate
from contracts.conversion import from_attributes
from contracts.facts import Fact
from contracts.refusals import Invalid
from contracts.requests import RequestSubmitted
from contracts.values import END, Language, Role, State
from services.requests import policy
from services.requests.audience import store as audience_store
from services.requests.clock import store as clock_store
from services.requests.commands import (
    Comment,
    Delivery,
    FileOnBehalf,
    FileRequest,
    Reason,
    RequestBody,
    Triage,
    body_from,
    body_of,
    check_reason,
)
from services.requests.observation import store as observation_store
from services.requests.policy import Action, Filing, Guarded
from services.requests.request import actions, remark_store, store
from services.requests.request.model import Request
from services.requests.request.values import Status
from services.requests.request.views import RequestView, RunningClock, read, view_of_own, with_titles

B = TypeVar("B", Comment, Reason, Triage, Delivery)


class RequestPage(Struct, frozen=True, kw_only=True):
    """Requests, newest first; `cursor` leads to the next page."""

    requests: list[store.Summary]
    cursor: str | None


REFERENCE = r"^[Tt][Aa]-\d{4}-\d{5}-\d{5}"
REFERENCE_MAX = 19


class RequestExpansion(StrEnum):
    """Data that is added to a request."""

    CLOCKS = "clocks"


class HistoryEntry(Struct, frozen=True, kw_only=True):
    """One fact of a request's history: its type, its time, and the role and organization that caused it.

    `comment` and `data` are shown to the State and UNODC only, and are empty for others.
    """

    version: int
    type: str
    at: datetime
    by_role: Role | None
    by_organization: str | None
    comment: str | None
    data: dict[str, Any]


class History(Struct, frozen=True, kw_only=True):
    """The facts of a request, oldest first."""

    entries: list[HistoryEntry]
    cursor: str | None = None


@create("/v1/requests", Action.FILE, "File a request: a draft, or submitted at once", read=read)
async def file_request(tx: Tx, ctx: Context, request_id: UUID, data: JSONBody[FileRequest]) -> RequestView:
    """Creates a draft. `submit: true` submits it in the same step, which only a focal point may do.

    `from_request` is an earlier request of the State: its content is copied, except windows that have begun,
    circulation, consents and attachments. `from_observations` are observations of the review: each article becomes a
    line, and their texts become the need. Fields given in the body replace what is copied.
    """
    # `create` makes the id. What is returned is the answer; `read` answers repeats.
    policy.decide(ctx.caller, Action.FILE, Filing(data.state, data.submit)).required()
    body = await _prefilled(tx, ctx, data)
    content, texts, salt = body.content()
    request = await actions.file(tx, ctx, request_id, content, texts, salt, submit=data.submit)
    return view_of_own(ctx, request, texts)


async def _prefilled(tx: Tx, ctx: Context, data: FileRequest) -> RequestBody:
    """Return the body with what it copies. Raises Invalid if it names both a request and observations."""
    today = ctx.now.date()
    if data.from_observations:
        if data.from_request is not None:
            raise Invalid("prefilled-from-both", field="from_observations")
        observations = await observation_store.several(tx, data.from_observations, ctx.caller)
        for one in observations:
            policy.decide(ctx.caller, Action.SHOW_OBSERVATION, one).required()
        return data.over(body_from(observations), today=today)
    if data.from_request is None:
        return data
    earlier = await store.get(tx, data.from_request, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW, earlier).required()
    return data.over(body_of(earlier, await store.texts(tx, earlier)), today=today)


@create(
    "/v1/requests/on-behalf",
    Action.FILE_ON_BEHALF,
    "File a request on behalf of a State, which has to confirm it",
    read=read,
    location=lambda view: f"/v1/requests/{view.request_id}",
)
async def file_on_behalf(tx: Tx, ctx: Context, request_id: UUID, data: JSONBody[FileOnBehalf]) -> None:
    """Files what came by note verbale, mail or meeting, as a draft that the State is notified of and reads.

    UNODC sees and revises it until the State's focal point submits it, or its written confirmation is recorded.
    """
    policy.decide(ctx.caller, Action.FILE_ON_BEHALF).required()
    data.check()
    content, texts, salt = data.content()
    received = data.channel, data.received_on, data.received_reference
    await actions.file_on_behalf(tx, ctx, request_id, data.state, content, texts, salt, *received)


@get("/v1/requests", opt=requires(Action.LIST), summary="The requests this caller may see, newest first")
async def list_requests(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    reader_language: ReaderLanguage,
    status: FromQuery[Status | None] = None,
    state_: Annotated[str | None, query_parameter(State, name="state")] = None,
    reference: Annotated[str | None, QueryParameter(pattern=REFERENCE + END, max_length=REFERENCE_MAX)] = None,
    language: FromQuery[Language | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[RequestPage]:
    """`reference` finds the request with this number, whatever became of it.

    Titles are also shown in `language`, or in that of `Accept-Language`, if they are translated.
    """
    async with db.transaction(by=caller, planned_once=True) as tx:
        found = await store.page(
            tx, caller, status=status, state=state_, reference=reference, before=cursor, limit=limit + 1
        )
        found = await with_titles(tx, found, language or reader_language)
    return paging.page(RequestPage, found, limit)


@get(
    "/v1/events/requests",
    opt=requires(Action.FOLLOW),
    media_type=EVENT_STREAM,
    summary="Stream events of requests",
)
async def follow_requests(stream: StreamFactory, last_event_id: LastEventId = None) -> EventStream[FeedItem]:
    """Streams all events in the histories of visible requests, and of their files where the words are visible."""
    return stream(last_event_id)


@show("/v1/requests/{request_id:uuid}", Action.SHOW, "One request")
async def show_request(
    tx: Tx,
    ctx: Context,
    request_id: FromPath[UUID],
    language: FromQuery[Language | None] = None,
    expand: FromQuery[RequestExpansion | None] = None,
) -> RequestView:
    """Shows the translation into `language`, or into that of `Accept-Language`, if there is one.

    `expand=clocks` adds the running clocks: who has to act now, and until when.
    """
    found = await read(tx, replace(ctx, language=language or ctx.language), request_id)
    if expand is None:
        return found
    clocks = await clock_store.of_request(tx, request_id)
    return replace(found, clocks=tuple(from_attributes(RunningClock, one) for one in clocks if one.stopped_at is None))


@show("/v1/requests/{request_id:uuid}/history", Action.READ_HISTORY, "The history of a request")
async def show_history(tx: Tx, ctx: Context, request_id: FromPath[UUID], part: Part) -> History:
    request = await store.get(tx, request_id, ctx.caller)
    guarded = policy.decide(ctx.caller, Action.READ_HISTORY, request).required().fields
    await audience_store.log_access(tx, request, ctx.caller)
    events = await read_aggregate(tx, request_id)
    remarks = await remark_store.remarks(tx, request_id)
    entries = [
        HistoryEntry(
            version=event.aggregateversion,
            type=event.type,
            at=event.time,
            by_role=event.actorrole,
            by_organization=event.actororganization,
            comment=remarks.get(event.aggregateversion) if Guarded.COMMENT in guarded else None,
            data=msgspec.json.decode(event.data, type=dict[str, Any]) if Guarded.DATA in guarded else {},
        )
        for event in events
    ]
    return part.of(History(entries=entries))


@change("/v1/requests/{request_id:uuid}/submit", Action.SUBMIT, "Submit a request", read=read, name="submit request")
async def submit_request(tx: Tx, ctx: Context, request_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Requires the role `focal_point` of the State. An incomplete request is refused with all missing fields.

    The first submission gives the request the reference number that it keeps.
    """

    def decide(request: Request, reference: str) -> RequestSubmitted:
        return request.submit(reference, now=ctx.now)

    await actions.submit(tx, ctx, request_id, Action.SUBMIT, decide, data.comment)


@change("/v1/requests/{request_id:uuid}/register", Action.REGISTER, "Register a submitted request", read=read)
async def register_request(tx: Tx, ctx: Context, request_id: FromPath[UUID]) -> None:
    """Requires the role `coordinator`, who has authenticated the channel."""
    await actions.move(tx, ctx, request_id, Action.REGISTER, lambda r: r.register(now=ctx.now))


def _move_route(
    action: Action, summary: str, body: type[B], decide: Callable[[Request, B, Context], Fact]
) -> HTTPRouteHandler:
    """Return the route of one move: `POST …/{id}/<action>`, with `body` as its data."""

    async def move_request(tx: Tx, ctx: Context, request_id: FromPath[UUID], data: Any) -> None:
        await actions.move(tx, ctx, request_id, action, lambda r: decide(r, data, ctx), comment=data.comment)

    move_request.__annotations__["data"] = cast(Any, JSONBody)[body]
    return change(f"/v1/requests/{{request_id:uuid}}/{action}", action, summary, read=read, name=f"{action} request")(
        move_request
    )


def _deliver(request: Request, data: Delivery, ctx: Context) -> Fact:
    if data.suffices:
        policy.decide(ctx.caller, Action.SAY_IT_SUFFICES, request).required()
    return request.deliver(suffices=data.suffices, now=ctx.now)


def _open(request: Request, data: Triage, ctx: Context) -> Fact:
    departure = check_reason("depart_from_criteria", data.departure, name="departure") if data.departure else None
    return request.open(data.priority, departure=departure, now=ctx.now)


ROUTES = [
    file_request,
    file_on_behalf,
    list_requests,
    follow_requests,
    show_request,
    show_history,
    register_request,
    submit_request,
    _move_route(
        Action.OBJECT,
        "Object to the circulation by silence",
        Comment,
        lambda r, _, ctx: r.object_in_window(now=ctx.now),
    ),
    _move_route(Action.WITHDRAW, "Withdraw a request", Comment, lambda r, _, ctx: r.withdraw(now=ctx.now)),
    _move_route(
        Action.RETURN,
        "Return a request to its State",
        Reason,
        lambda r, b, ctx: r.give_back(check_reason("return", b.reason), now=ctx.now),
    ),
    _move_route(Action.OPEN, "Open a request, at the end of triage", Triage, _open),
    _move_route(
        Action.HOLD,
        "Put a request on hold",
        Reason,
        lambda r, b, ctx: r.hold(check_reason("hold", b.reason), now=ctx.now),
    ),
    _move_route(Action.RESUME, "Resume a request", Comment, lambda r, _, ctx: r.resume(now=ctx.now)),
    _move_route(
        Action.DECLINE,
        "Decide not to accept a request",
        Reason,
        lambda r, b, ctx: r.decline(check_reason("decline", b.reason), now=ctx.now),
    ),
    _move_route(Action.DELIVER, "Record that a request is delivered", Delivery, _deliver),
    _move_route(
        Action.REOPEN,
        "Reopen a request",
        Reason,
        lambda r, b, ctx: r.reopen(check_reason("reopen", b.reason), now=ctx.now),
    ),
]
