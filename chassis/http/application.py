"""The HTTP application of one or several services: authentication, decoding of commands, common routes."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
import structlog
from litestar import Litestar, MediaType, Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
)
from litestar.middleware import ASGIMiddleware
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import SkipValidation
from litestar.types import ASGIApp, ControllerRouterHandler, Receive, Scope, Send
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chassis import clock
from chassis.db.database import Database
from chassis.db.keyed_locks import KeyedLocks
from chassis.http.answer import ADDED
from chassis.http.bodies import refused_body
from chassis.http.duplicate_fields import reject_duplicate_fields
from chassis.http.edge import BODY, BODY_BYTES_MAX, Edge, header, reader_language
from chassis.http.event_streams import EventStream, EventStreams
from chassis.http.exception_handlers import EXCEPTION_HANDLERS
from chassis.http.forms import routes_of_forms
from chassis.http.idempotency import KEY_HEADER, Command, command_key, etag, expected_revision
from chassis.http.pages import pages_of, part_of
from chassis.http.private_parts import resolve_dependencies_in_turn
from chassis.http.queries import STATE_KEY, DeclaredParameters, parameters_of
from chassis.http.readiness import readiness
from chassis.http.tables import routes_of_tables
from chassis.http.uploads import (
    DISPOSITION_HEADER,
    NAME_HEADER,
    UPLOAD,
    Upload,
    Uploads,
    checked_name,
    disposition_name,
    file_name,
    routes_of_files,
)
from chassis.journal.event_feed import EventFeed
from chassis.rate_limiter import IDENTITY, READING, RateLimiter, TokenVerifier
from chassis.service import Running, Service
from chassis.settings import Settings
from chassis.version import VERSION
from contracts.refusals import Forbidden, Invalid, Refusal
from contracts.values import Caller, Language, Role
from contracts.values import Scope as ClientScope

T = TypeVar("T")
EMPTY_OBJECT = b"{}"
SERVED = "entraide.served"
"""Scope key of the objects that routes use."""

ROUTE_SETS_MAX = 16
RECORD_DEPTH = 4
"""Number of path segments that identify the record, as in `/v1/requests/{request_id}`."""

PUBLIC = {"public": True}
"""Option `opt=PUBLIC` of a route that needs no token; a test has the list of these routes."""

PUBLISHED = {"Cache-Control": "public, max-age=5, must-revalidate"}
"""Headers of what is published: five seconds after it is withdrawn, no cache shows it."""

INTERNAL = {"internal": True}
"""Option `opt=INTERNAL` of a route for services only."""


def requires(action: StrEnum) -> dict[str, StrEnum]:
    """Option `opt=requires(Action.SHOW)` of every other route: the action that its service's `decide` has to allow."""
    return {"action": action}


# Dependencies of handlers; the parameters are `db`, `caller`, `command`, `expected`, `now` and `reader_language`.
Db = NamedDependency[Database]
CurrentCaller = NamedDependency[Caller]
CurrentCommand = NamedDependency[Command]
ExpectedRevision = NamedDependency[int]
Now = NamedDependency[datetime]
ReaderLanguage = NamedDependency[Language | None]
CurrentUpload = NamedDependency[Upload]

log = structlog.get_logger()


class CommandRequest(Request[Caller, Any, State]):
    """A request whose body is decoded once, strictly, into the type that its handler declares."""

    async def body(self) -> bytes:
        """The body as sent; `{}` if it is empty and the handler expects an object."""
        if sent := cast(Mapping[str, object], self.scope).get(BODY):
            return cast(bytes, sent)
        field = self.route_handler.parsed_data_field
        return EMPTY_OBJECT if field and not field.is_optional else b""

    async def json(self) -> Any:
        field = self.route_handler.parsed_data_field
        body, kind = await self.body(), field.annotation if field else Any
        try:
            return reject_duplicate_fields(msgspec.json.decode(body, type=kind), body)
        except msgspec.ValidationError as error:
            raise refused_body(body, kind, error) from error
        except (msgspec.DecodeError, RecursionError) as error:
            raise Invalid("malformed-json") from error


class Authentication(ASGIMiddleware):
    """Requires a token, which the edge has already verified, except on public routes.

    Changes of a record are serialized: records are locked by their path.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        asked = cast(Mapping[str, object], scope)
        if asked["method"] == "OPTIONS":
            # The framework would answer it for every route; no other origin is allowed (CORS).
            raise MethodNotAllowedException
        opt = scope["route_handler"].opt
        if not opt.get("public"):
            caller = asked[IDENTITY]
            if isinstance(caller, Refusal):
                raise caller
            assert isinstance(caller, Caller), "the edge identifies callers of all other routes"
            if bool(opt.get("internal")) and caller.role is not Role.SERVICE:
                raise Forbidden("not-for-your-role")
            needed = ClientScope.READ if asked["method"] in READING else ClientScope.WRITE
            if caller.lacks(needed):
                raise Forbidden("scope-not-given", needed=needed)
            scope["user"] = caller
        if asked["method"] in READING or not scope["path_params"]:
            await next_app(scope, receive, send)
            return
        async with _served(scope).records.hold("/".join(scope["path"].split("/")[:RECORD_DEPTH])):
            await next_app(scope, receive, send)


@dataclass(frozen=True)
class Served:
    """The objects that the routes of one application use; the routes have no state."""

    running: Mapping[str, Running]
    event_streams: EventStreams
    records: KeyedLocks


def _served(scope: object) -> Served:
    return cast(Served, cast(Mapping[str, object], scope)[SERVED])


def caller_of(request: CommandRequest) -> Caller:
    return request.user


async def command_of(request: CommandRequest) -> Command:
    """The command of a POST, with its idempotency key. Raises Invalid without one."""
    return Command(
        caller=request.user,
        route=f"{request.method} {request.scope['path']}",
        key=command_key(header(request.scope, KEY_HEADER)),
        body_hash=await _hash_of(request),
        headers=cast(Mapping[str, Any], request.scope)[ADDED],
    )


async def _hash_of(request: CommandRequest) -> bytes:
    """The hash of everything that distinguishes a command: the body, or the content and the name of a file."""
    if UPLOAD in cast(Mapping[str, object], request.scope):
        upload = upload_of(request)
        return hashlib.sha256(upload.digest + upload.name.encode()).digest()
    return hashlib.sha256(await request.body()).digest()


def upload_of(request: CommandRequest) -> Upload:
    """The file read by the edge. Raises 415 if there is none, because the path is not that of the route."""
    upload = cast(Upload | None, cast(Mapping[str, object], request.scope).get(UPLOAD))
    if upload is None:
        raise HTTPException(status_code=415)
    try:
        name = upload.name or _sent_name(request)
        if name is None:
            raise Invalid("missing-field", field=NAME_HEADER)
        return replace(upload, name=checked_name(name))
    except ValueError as error:
        raise Invalid("invalid-field", field=NAME_HEADER, expected="file_name") from error


def _sent_name(request: CommandRequest) -> str | None:
    """The name of a file that is the body itself. Raises ValueError."""
    if (sent := header(request.scope, NAME_HEADER)) is not None:
        return file_name(sent)
    disposition = header(request.scope, DISPOSITION_HEADER)
    return disposition_name(disposition) if disposition else None


def expected_of(request: CommandRequest) -> int:
    return expected_revision(header(request.scope, "If-Match"))


StreamFactory = NamedDependency[SkipValidation[Callable[[str | None], EventStream[Any]]]]


def stream_of(
    request: CommandRequest,
    event_streams: NamedDependency[SkipValidation[EventStreams]],
    event_feed: NamedDependency[SkipValidation[EventFeed]],
) -> Callable[[str | None], EventStream[Any]]:
    """Return a function that streams the events of the route's service, from a `Last-Event-ID` on."""
    return partial(EventStream, event_streams, event_feed, request.user, request.scope)


def now_of() -> datetime:
    return clock.now()


def reader_language_of(request: CommandRequest) -> Language | None:
    """The caller's preferred language among the six; None without `Accept-Language`."""
    return reader_language(request.scope) if header(request.scope, "Accept-Language") else None


def created(view: T, *, location: str, revision: int) -> Response[T]:
    return Response(view, status_code=201, headers={"Location": location, "ETag": etag(revision)})


def with_etag(view: T, *, revision: int) -> Response[T]:
    return Response(view, headers={"ETag": etag(revision)})


# -- routes that every process has ------------------------------------------------------------------------------------


@get("/health/live", opt=PUBLIC, media_type=MediaType.TEXT, summary="Check that the process runs")
async def live() -> str:
    return "live\n"


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    ready: bool
    parts: dict[str, bool]


@get(
    "/health/ready",
    opt=PUBLIC,
    summary="Check that the process is ready",
    responses={
        503: ResponseSpec(Readiness, generate_examples=False, description="A part is not ready; `parts` names it")
    },
)
async def ready(running: NamedDependency[SkipValidation[Sequence[Running]]]) -> Response[Readiness]:
    parts = await readiness(running)
    view = Readiness(ready=all(parts.values()), parts=parts)
    return Response(view, status_code=200 if view.ready else 503)


@get("/metrics", opt=PUBLIC, include_in_schema=False)
async def metrics() -> Response[bytes]:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST.partition("; charset")[0])


def application(
    running: Sequence[Running],
    verifier: TokenVerifier,
    *,
    routes: Sequence[ControllerRouterHandler] = (),
    settings: Settings | None = None,
    event_streams: EventStreams | None = None,
    version: str = VERSION,
) -> Edge:
    """Return the edge with all routes of these services; `routes` are those that belong to no single service."""
    settings = settings or Settings(state=Path())
    event_streams = event_streams or EventStreams.of(settings, verifier)
    served = Served({service.name: service for service in running}, event_streams, KeyedLocks())
    app = routed(tuple(service.service for service in running), tuple(routes), version)
    rate_limiter = RateLimiter(
        verifier, writes=settings.writes, reads=settings.reads, trusted_proxies=settings.trusted_proxies
    )
    uploads = Uploads(routes_of_files(app), settings.files_folder / "incoming")
    return Edge(
        cast(Any, app),
        rate_limiter,
        uploads,
        served={SERVED: served},
        forms=routes_of_forms(app),
        tables=routes_of_tables(app),
        only_https=(settings.public_url or "").startswith("https:"),
    )


@lru_cache(ROUTE_SETS_MAX)
def routed(services: tuple[Service, ...], routes: tuple[ControllerRouterHandler, ...], version: str) -> Litestar:
    """Return the routes of services and of no single one, cached for processes with several applications."""
    resolve_dependencies_in_turn()
    routers = [
        Router(
            "/",
            route_handlers=list(service.routes),
            dependencies={
                "db": Provide(_database_of(service.name), sync_to_thread=False),
                "own": Provide(_own_of(service.name), sync_to_thread=False),
                "event_feed": Provide(_following_of(service.name), sync_to_thread=False),
                "stream": Provide(stream_of, sync_to_thread=False),
            },
            tags=[service.name],
        )
        for service in services
        if service.routes
    ]
    app = Litestar(
        [*routers, *routes, live, ready, metrics],
        request_class=CommandRequest,
        middleware=[Authentication(), DeclaredParameters()],
        dependencies={
            "caller": Provide(caller_of, sync_to_thread=False),
            "command": Provide(command_of),
            "expected": Provide(expected_of, sync_to_thread=False),
            "now": Provide(now_of, sync_to_thread=False),
            "reader_language": Provide(reader_language_of, sync_to_thread=False),
            "upload": Provide(upload_of, sync_to_thread=False),
            "paging": Provide(pages_of, sync_to_thread=False),
            "part": Provide(part_of, sync_to_thread=False),
            "event_streams": Provide(_event_streams, sync_to_thread=False),
            "running": Provide(_running, sync_to_thread=False),
            "services": Provide(_services, sync_to_thread=False),
        },
        exception_handlers=cast(Any, EXCEPTION_HANDLERS),
        # services/documents describes the API, as the framework's document omits limits and loads external scripts.
        openapi_config=None,
        state=State({"version": version}),
        logging_config=None,
        request_max_body_size=BODY_BYTES_MAX,
        debug=False,
    )
    app.state[STATE_KEY] = parameters_of(app)
    return app


def _database_of(service: str) -> Callable[[CommandRequest], Any]:
    """Provide the database of a handler, with the connections for reading if it only reads."""

    def provide(request: CommandRequest) -> Any:
        db = _served(request.scope).running[service].db
        return db.for_reading() if request.method in READING else db

    return provide


def _own_of(service: str) -> Callable[[CommandRequest], Any]:
    def provide(request: CommandRequest) -> Any:
        return _served(request.scope).running[service].own

    return provide


def _following_of(service: str) -> Callable[[CommandRequest], Any]:
    def provide(request: CommandRequest) -> Any:
        return _served(request.scope).running[service].event_feed

    return provide


def _event_streams(request: CommandRequest) -> Any:
    return _served(request.scope).event_streams


def _services(request: CommandRequest) -> Any:
    return _served(request.scope).running


def _running(request: CommandRequest) -> Any:
    return list(_served(request.scope).running.values())


def litestar_of(edge: Edge) -> Litestar:
    """The application behind the edge, used to list its routes."""
    return cast(Litestar, edge._app)
