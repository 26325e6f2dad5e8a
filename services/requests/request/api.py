"""The routes of requests. Each opens one transaction; a repeated command gets the recorded answer."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Response, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chassis.db.database import Tx
from chassis.http.application import Calling, Commanded, Db, Expected, Now, Paging, Streaming, asks, created, shown
from chassis.http.event_streams import EVENT_STREAM, EventStream, LastEventId
from chassis.http.idempotency import claim, once
from chassis.http.queries import formed_as
from chassis.journal.event_feed import FeedItem
from chassis.journal.outbox import read_aggregate
from contracts.facts import Fact
from contracts.values import Caller, Role, State
from services.requests import policy
from services.requests.audience import store as audience_store
from services.requests.commands import (
    Closing,
    Comment,
    Delivery,
    FileRequest,
    Reason,
    RequestBody,
    ReviseRequest,
    Triage,
    check_reason,
)
from services.requests.policy import Action, Filing, Guarded
from services.requests.request import actions, store
from services.requests.request.model import Request, Status
from services.requests.request.specificity import Advice, advise
from services.requests.request.views import RequestView, read, view

B = TypeVar("B", Comment, Reason, Triage, Delivery, Closing)


class RequestPage(Struct, frozen=True, kw_only=True):
    """Requests, newest first; `cursor` leads to the next page."""

    requests: list[store.Summary]
    cursor: str | None


class HistoryEntry(Struct, frozen=True, kw_only=True):
    """One fact of a request's history: what, when, by which role of which organization.

    `comment` and `data` are shown to the State and UNODC only, else empty.
    """

    version: int
    type: str
    at: datetime
    by_role: Role | None
    by_organization: str | None
    comment: str | None
    data: dict[str, Any]


class Check(Struct, frozen=True, kw_only=True):
    """What is missing in a draft, and the State's own similar requests."""

    advice: list[Advice]
    similar: list[UUID]


@post("/v1/requests", opt=asks(Action.FILE), summary="File a request: a draft, or submitted at once")
async def file_request(
    data: JSONBody[FileRequest], db: Db, caller: Calling, command: Commanded, now: Now
) -> Response[RequestView]:
    """`submit: true` submits it in the same step, which only a focal point may."""
    policy.decide(caller, Action.FILE, Filing(data.state, data.submit)).required()
    content, words, salt = data.content()

    async def file(tx: Tx, request_id: UUID) -> RequestView:
        request = await actions.file(tx, request_id, content, words, salt, submit=data.submit, caller=caller, now=now)
        return _view_of_own(caller, request, words, now)

    filed = await once(db, command, first=file, again=partial(read, caller=caller, now=now))
    return created(filed, location=f"/v1/requests/{filed.request_id}", revision=filed.revision)


@get("/v1/requests", opt=asks(Action.LIST), summary="The requests this caller may see, newest first")
async def list_requests(
    db: Db,
    caller: Calling,
    paging: Paging,
    status: FromQuery[Status | None] = None,
    state_: Annotated[str | None, formed_as(State, name="state")] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[RequestPage]:
    async with db.transaction(by=caller, planned_once=True) as tx:
        found = await store.page(tx, caller, status=status, state=state_, before=cursor, limit=limit + 1)
    more = str(found[limit - 1].request_id) if len(found) > limit else None
    return Response(RequestPage(requests=list(found[:limit]), cursor=more), headers=paging.next_link(more))


@get(
    "/v1/events/requests",
    opt=asks(Action.FOLLOW),
    media_type=EVENT_STREAM,
    summary="What happens to requests, as it does",
)
async def follow_requests(stream: Streaming, last_event_id: LastEventId = None) -> EventStream[FeedItem]:
    """All events in the histories of visible requests, and of their files where the words are visible."""
    return stream(last_event_id)


@get("/v1/requests/{request_id:uuid}", opt=asks(Action.SHOW), summary="One request")
async def show_request(request_id: FromPath[UUID], db: Db, caller: Calling, now: Now) -> Response[RequestView]:
    async with db.transaction(by=caller) as tx:
        found = await read(tx, request_id, caller, now)
    return shown(found, revision=found.revision)


@patch("/v1/requests/{request_id:uuid}", opt=asks(Action.REVISE), summary="Revise a draft or a returned request")
async def revise_request(
    request_id: FromPath[UUID],
    data: JSONBody[ReviseRequest],
    db: Db,
    caller: Calling,
    expected: Expected,
    now: Now,
) -> Response[RequestView]:
    content, texts, salt = data.content()
    async with db.transaction(by=caller) as tx:
        request = await actions.revise(tx, request_id, content, texts, salt, caller=caller, expected=expected, now=now)
    return shown(_view_of_own(caller, request, texts, now), revision=request.revision)


@post(
    "/v1/requests/check",
    opt=asks(Action.CHECK),
    status_code=200,
    summary="What a draft does not say yet, and similar own requests",
)
async def check_request(data: JSONBody[RequestBody], db: Db, caller: Calling) -> Check:
    """The draft's texts are neither stored nor logged."""
    policy.decide(caller, Action.CHECK).required()
    content, texts, _ = data.content()
    async with db.transaction(by=caller) as tx:
        similar = await store.similar(tx, caller, content.lines)
    return Check(advice=advise(list(zip(content.lines, texts.lines, strict=True))), similar=similar)


@get("/v1/requests/{request_id:uuid}/history", opt=asks(Action.READ_HISTORY), summary="What happened to a request")
async def show_history(request_id: FromPath[UUID], db: Db, caller: Calling) -> list[HistoryEntry]:
    async with db.transaction(by=caller) as tx:
        request = await store.get(tx, request_id, caller)
        guarded = policy.decide(caller, Action.READ_HISTORY, request).required().fields
        await audience_store.log_access(tx, request, caller)
        events = await read_aggregate(tx, request_id)
        remarks = await store.remarks(tx, request_id)
    return [
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


@post(
    "/v1/requests/{request_id:uuid}/register",
    opt=asks(Action.REGISTER),
    status_code=200,
    summary="Register a submitted request",
)
async def register_request(
    request_id: FromPath[UUID],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[RequestView]:
    """The coordinator has authenticated the channel; the request gets its reference number."""
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=request_id)
        if claimed.first:
            await actions.register(tx, request_id, caller=caller, expected=expected, now=now)
        registered = await read(tx, request_id, caller, now)
    return shown(registered, revision=registered.revision)


def _move_route(
    action: Action, summary: str, body: type[B], decide: Callable[[Request, B, Caller, datetime], Fact]
) -> HTTPRouteHandler:
    """The route of one move: `POST …/{id}/<action>`, with `body` as its data."""

    @post(
        f"/v1/requests/{{request_id:uuid}}/{action}",
        opt=asks(action),
        status_code=200,
        summary=summary,
        name=f"{action} request",
    )
    async def move_request(
        request_id: FromPath[UUID],
        data: JSONBody[body],  # type: ignore[valid-type]
        db: Db,
        caller: Calling,
        command: Commanded,
        expected: Expected,
        now: Now,
    ) -> Response[RequestView]:
        async with db.transaction(by=caller) as tx:
            claimed = await claim(tx, command, outcome=request_id)
            if claimed.first:
                await actions.move(
                    tx,
                    request_id,
                    action,
                    lambda r: decide(r, data, caller, now),
                    caller=caller,
                    expected=expected,
                    comment=data.comment,  # type: ignore[attr-defined]
                )
            moved = await read(tx, request_id, caller, now)
        return shown(moved, revision=moved.revision)

    return move_request


def _view_of_own(caller: Caller, request: Request, texts: store.Texts, now: datetime) -> RequestView:
    guarded = policy.decide(caller, Action.SHOW, request).required().fields
    return view(request, texts, guarded, policy.lines_shown(caller, request), now)


def _deliver(request: Request, data: Delivery, caller: Caller, now: datetime) -> Fact:
    if data.suffices:
        policy.decide(caller, Action.SAY_IT_SUFFICES, request).required()
    return request.deliver(suffices=data.suffices, now=now)


def _close(request: Request, data: Closing, _caller: Caller, now: datetime) -> Fact:
    return request.close(data.outcome, heard_both_sides=data.heard_both_sides, now=now)


def _reopen(request: Request, data: Reason, _caller: Caller, now: datetime) -> Fact:
    return request.reopen(check_reason("reopen", data.reason), now=now)


ROUTES = [
    file_request,
    list_requests,
    follow_requests,
    show_request,
    revise_request,
    check_request,
    show_history,
    register_request,
    _move_route(Action.SUBMIT, "Submit a draft", Comment, lambda r, _, __, now: r.submit(now=now)),
    _move_route(Action.WITHDRAW, "Withdraw a request", Comment, lambda r, _, __, now: r.withdraw(now=now)),
    _move_route(
        Action.RETURN,
        "Give a request back",
        Reason,
        lambda r, b, _, now: r.give_back(check_reason("return", b.reason), now=now),
    ),
    _move_route(Action.OPEN, "End triage", Triage, lambda r, b, _, now: r.open(b.priority, now=now)),
    _move_route(Action.HOLD, "Pause", Reason, lambda r, b, _, now: r.hold(check_reason("hold", b.reason), now=now)),
    _move_route(Action.RESUME, "Go on after a pause", Comment, lambda r, _, __, now: r.resume(now=now)),
    _move_route(
        Action.DECLINE, "Not accept", Reason, lambda r, b, _, now: r.decline(check_reason("decline", b.reason), now=now)
    ),
    _move_route(Action.DELIVER, "Delivered", Delivery, _deliver),
    _move_route(Action.CLOSE, "Close", Closing, _close),
    _move_route(
        Action.REOPEN, "Open again", Reason, lambda r, b, _, now: r.reopen(check_reason("reopen", b.reason), now=now)
    ),
]
