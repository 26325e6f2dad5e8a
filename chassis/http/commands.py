"""Routes of commands: a POST that creates or changes a record, in one transaction, once per idempotency key.

The decorated function acts; `read` reads the record afterwards, and for a repeated command. They are called as `act(tx,
ctx, key, …)` and `read(tx, ctx, key, …)`, where `key` identifies the record. Their further parameters are taken from
the request, as for a handler of the framework: `data: JSONBody[…]`, parameters, headers, dependencies. If `act` returns
something, that is the answer, and `read` serves only repeats.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from inspect import Parameter, Signature, signature
from operator import itemgetter
from typing import Any, Literal, TypedDict, Unpack, cast, get_type_hints
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from chassis.context import Context
from chassis.db.database import Database, Tx
from chassis.http.application import (
    CurrentCaller,
    CurrentCommand,
    Db,
    ExpectedRevision,
    Now,
    ReaderLanguage,
    requires,
)
from chassis.http.idempotency import Command, etag, once
from chassis.http.pages import key_of
from chassis.ids import new_id
from contracts.values import Caller, Language

Function = Callable[..., Any]
Act = Callable[..., Awaitable[Any]]
Decorator = Callable[[Act], HTTPRouteHandler]
BEFORE = "before"


class Options(TypedDict, total=False):
    """Options that few commands need.

    `outcome` derives an id from a key that is not an id. `before` runs before the transaction, with the database in
    place of `tx`; its result is the parameter `before`. `locks` are those of `Database.transaction`, or a function like
    `before` that returns them. `name` is the operation's name, by default that of the function. A `method` other than
    POST has no idempotency key: a repeat is refused because of its revision.
    """

    outcome: Callable[[Any], UUID]
    before: Act
    locks: Sequence[str] | Act
    if_match: bool
    status_code: int
    name: str
    description: str | None
    opt: Mapping[str, Any]
    method: Literal["POST", "PATCH", "PUT", "DELETE", "GET"]


def create(
    path: str,
    action: StrEnum,
    summary: str,
    *,
    read: Act,
    key: Function = new_id,
    location: Callable[[Any], str] | None = None,
    **options: Unpack[Options],
) -> Decorator:
    """Define a POST that creates a record; it answers 201 with the record, `ETag` and `Location`.

    `key` makes the key from the parameters it names; `location` makes the URL from the answer, by default from the path
    and the answer's first field.
    """
    located = location or (lambda view: f"{path}/{key_of(view)}")
    asked: Options = {"if_match": False, "status_code": 201, **options}
    return lambda act: _route(act, _parameters(act, 3), read, key, located, path, action, summary, asked)


def change(
    path: str, action: StrEnum, summary: str, *, read: Act, key: Function | None = None, **options: Unpack[Options]
) -> Decorator:
    """Define a POST that changes a record in the revision of `If-Match`; it answers 200 with the record and its `ETag`.

    Without `key` the key is the path parameter that the decorated function takes.
    """
    asked: Options = {"if_match": True, "status_code": 200, **options}

    def decorator(act: Act) -> HTTPRouteHandler:
        sent = _parameters(act, 3 if key else 2)
        return _route(act, sent, read, key, None, path, action, summary, asked)

    return decorator


def show(path: str, action: StrEnum, summary: str, **options: Unpack[Options]) -> Decorator:
    """Define a GET of one record, with its `ETag`; the decorated function reads it, like `read` of a command."""
    asked: Options = {"if_match": False, "status_code": 200, "method": "GET", **options}
    return lambda read: _route(read, _parameters(read, 2), read, None, None, path, action, summary, asked)


def _route(
    act: Act,
    sent: Sequence[Parameter],
    read: Act,
    key: Function | None,
    location: Callable[[Any], str] | None,
    path: str,
    action: StrEnum,
    summary: str,
    options: Options,
) -> HTTPRouteHandler:
    outcome_of, locks, method = options.get("outcome"), options.get("locks", ()), options.get("method", "POST")
    acting, reading, before = _naming(act, 3), _naming(read, 3), options.get("before")
    preparing = _naming(before, 3) if before else None
    keying = _naming(key) if key else itemgetter(sent[0].name)
    locking = _naming(locks, 3) if callable(locks) else None

    async def handle(
        *,
        db: Database,
        caller: Caller,
        now: datetime,
        reader_language: Language | None,
        command: Command | None = None,
        expected: int = 0,
        **given: Any,
    ) -> Response[Any]:
        ctx = Context(caller=caller, now=now, expected=expected, language=reader_language)
        keyed = keying(given)
        if preparing:
            given[BEFORE] = await preparing(given, db, ctx, keyed)
        held = await locking(given, db, ctx, keyed) if locking else cast(Sequence[str], locks)

        async def first(tx: Tx, _: UUID) -> Any:
            answer = await acting(given, tx, ctx, keyed)
            return await reading(given, tx, ctx, keyed) if answer is None else answer

        async def again(tx: Tx, outcome: UUID) -> Any:
            return await reading(given, tx, ctx, keyed if outcome_of else outcome)

        outcome = outcome_of(keyed) if outcome_of else keyed
        if command is None:
            # A view shows one moment, so that its revision, and its ETag, is that of all its parts.
            async with db.transaction(by=caller, locks=held, snapshot=method == "GET") as tx:
                view = await first(tx, outcome)
        else:
            # One transaction inserts the idempotency key and acts; if the key exists, `again` reads what it made.
            view = await once(db, command, outcome, first=first, again=again, locks=held)
        headers = {"Location": location(view)} if location else {}
        if hasattr(view, "revision"):
            headers["ETag"] = etag(view.revision)
        return Response(view, status_code=options["status_code"], headers=headers)

    ours = {
        "db": Db,
        "caller": CurrentCaller,
        "now": Now,
        "reader_language": ReaderLanguage,
        **({"command": CurrentCommand} if method == "POST" else {}),
        **({"expected": ExpectedRevision} if options["if_match"] else {}),
    }
    named = (*sent, *_parameters(read, 3), *(_parameters(before, 3) if before else ()))
    asked = {one.name: one.replace(kind=Parameter.KEYWORD_ONLY) for one in named if one.name != BEFORE}
    asked |= {name: Parameter(name, Parameter.KEYWORD_ONLY, annotation=kind) for name, kind in ours.items()}
    answer = cast(Any, Response)[get_type_hints(read)["return"]]
    handle.__signature__ = Signature(list(asked.values()))  # type: ignore[attr-defined]
    handle.__annotations__ = {**{name: one.annotation for name, one in asked.items()}, "return": answer}
    handle.__name__, handle.__doc__, handle.__module__ = act.__name__, act.__doc__, act.__module__
    return HTTPRouteHandler(
        path,
        http_method=method,
        opt={**requires(action), "creates": location is not None, **options.get("opt", {})},
        summary=summary,
        status_code=options["status_code"],
        name=options.get("name"),
        description=options.get("description"),
    )(handle)


def _parameters(function: Function, skip: int = 0) -> Sequence[Parameter]:
    return list(signature(function).parameters.values())[skip:]


def _naming(function: Function, skip: int = 0) -> Function:
    """Return a function that takes a mapping and calls `function` with the entries named like its parameters.

    The first `skip` parameters are passed as positional arguments.
    """
    names = [one.name for one in _parameters(function, skip)]
    return lambda given, *others: function(*others, **{name: given[name] for name in names})
