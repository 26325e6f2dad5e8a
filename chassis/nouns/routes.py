"""The routes of a noun: its list, one record, and a command for each move, in this order."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from inspect import Parameter, Signature
from typing import Annotated, Any, cast, get_type_hints
from uuid import UUID

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Database, Tx
from chassis.http.application import CurrentCaller, Db, Now, requires
from chassis.http.commands import Act, change, create, show
from chassis.http.pages import Pages, Pagination
from chassis.http.queries import query_parameter
from chassis.ids import new_id
from chassis.nouns import actions, statements
from chassis.nouns.actions import Lookup
from contracts.conversion import from_attributes
from contracts.nouns import Create, Filter, Move, Noun, Read
from contracts.values import Caller

Shown = Callable[[Tx, Sequence[Any], Caller], Awaitable[Mapping[UUID, Mapping[str, Any]]]]
"""Returns, by record, the fields that a view adds to those of the record."""


async def nothing_more(tx: Tx, found: Sequence[Any], caller: Caller) -> Mapping[UUID, Mapping[str, Any]]:
    return {}


def reader(noun: Noun[Any], shown: Shown = nothing_more) -> Act:
    """Return the function that reads one record for a command or a GET. Raises Missing."""

    async def read(tx: Tx, ctx: Context, key: UUID) -> Any:
        found = await statements.get(tx, noun, key)
        noun.decide(ctx.caller, noun.shows.name, found).required()
        return (await views_of(tx, noun, [found], ctx.caller, ctx.today, shown))[0]

    read.__annotations__["return"] = noun.view
    return read


def routes(
    noun: Noun[Any], shown: Shown = nothing_more, lookups: Mapping[str, Lookup] | None = None
) -> Sequence[HTTPRouteHandler]:
    """Return the handlers, but for the moves whose routes are written by hand. `lookups` are by the name of a move."""
    action, one, read = noun.actions, f"{noun.path}/{{{noun.key}:uuid}}", reader(noun, shown)

    async def making(tx: Tx, ctx: Context, key: UUID, data: Any) -> None:
        await actions.create(tx, ctx, noun, key, data)

    made, looks_up, key_of = noun.create, lookups or {}, noun.create.key
    key = (lambda data: key_of(data)) if key_of else new_id
    lists = [_list(noun, action(noun.lists.name), shown)] if noun.lists.summary else []
    if made.summary:
        creating = create(noun.path, action(made.name), made.summary, read=read, key=key)
        lists.append(creating(_declare(making, noun, made)))
    return [
        *lists,
        show(one, action(noun.shows.name), noun.shows.summary)(_declare(read, noun, noun.shows)),
        *(
            change(f"{one}/{move.path}", action(move.name), move.summary, read=read, if_match=move.if_match)(
                _moving(noun, move, looks_up.get(move.name))
            )
            for move in noun.moves
            if move.path
        ),
    ]


async def views_of(
    tx: Tx, noun: Noun[Any], found: Sequence[Any], caller: Caller, today: date, shown: Shown
) -> list[Struct]:
    """Convert records into views for a caller who may see them."""
    texts = await statements.texts_of(tx, noun, [getattr(one, noun.key) for one in found])
    added = await shown(tx, found, caller)
    views = []
    for one in found:
        key = getattr(one, noun.key)
        more = added.get(key, {})
        moves, later = noun.open_to(caller, one, today, more)
        views.append(from_attributes(noun.view, one, **texts[key], **more, moves=moves, later=later))
    return views


def sentence(noun: Noun[Any], move: Create[Any] | Move[Any, Any]) -> str:
    """Return the description of a command: the roles and statuses that it requires, and what its declaration adds."""
    roles = _listed(sorted(move.by))
    when = move.when if isinstance(move, Move) else frozenset[StrEnum]()
    statuses = f" and the status {_listed(sorted(when))}" if 0 < len(when) < len(noun.status_type) else ""
    return f"Requires the role {roles}{statuses}. {move.description}".strip()


def _listed(names: Sequence[str]) -> str:
    *others, last = (f"`{name}`" for name in names)
    return f"{', '.join(others)} or {last}" if others else last


def _moving(noun: Noun[Any], move: Move[Any, Any], lookup: Lookup | None) -> Any:
    async def moving(tx: Tx, ctx: Context, key: UUID, data: Any) -> None:
        await actions.make(tx, ctx, noun, move, key, data, lookup)

    return _declare(moving, noun, move)


def _declare(function: Any, noun: Noun[Any], of: Read | Create[Any] | Move[Any, Any]) -> Any:
    """Give a function the name, description and parameters with which it becomes a route."""

    async def declared(*positional: Any, **given: Any) -> Any:
        return await function(*positional, **given)

    kinds: dict[str, Any] = {"tx": Tx, "ctx": Context, noun.key: UUID if isinstance(of, Create) else FromPath[UUID]}
    if not isinstance(of, Read):
        kinds["data"] = cast(Any, JSONBody)[of.command]
    named = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, annotation=kind) for name, kind in kinds.items()]
    declared.__signature__ = Signature(named)  # type: ignore[attr-defined]
    declared.__annotations__ = {"return": get_type_hints(function)["return"]}
    declared.__name__ = of.name
    declared.__doc__ = of.description if isinstance(of, Read) else sentence(noun, of)
    return declared


def _list(noun: Noun[Any], action: StrEnum, shown: Shown) -> HTTPRouteHandler:
    kinds, fields = get_type_hints(noun.record), noun.filter_fields.items()
    named = [one for one in noun.filters if isinstance(one, Filter)]

    async def handle(
        *, db: Database, caller: Caller, now: datetime, paging: Pages, cursor: UUID | None, limit: int, **given: Any
    ) -> Any:
        filters = {name: given[one] for name, one in parameters.items()}
        for one in named:
            one.check(filters[one.name])
        async with db.transaction(by=caller) as tx:
            found = await statements.page(tx, noun, filters=filters, before=cursor, limit=limit + 1)
            views = await views_of(tx, noun, found, caller, now.date(), shown)
        return paging.page(noun.page, views, limit)

    # The framework reserves some names, for example `state` and `request`.
    parameters = {one: one for one in noun.filter_fields} | {one.name: f"of_{one.name}" for one in named}
    queries = {one.name: Annotated[kinds[one.field] | None, _query(one)] for one in named}
    asked: Mapping[str, Any] = {
        "db": Db,
        "caller": CurrentCaller,
        "now": Now,
        "paging": Pagination,
        **{parameters[one]: queries.get(one, cast(Any, FromQuery)[kinds[field] | None]) for one, field in fields},
        "cursor": cast(Any, FromQuery)[UUID | None],
        "limit": Annotated[int, QueryParameter(ge=1, le=noun.list_max)],
    }
    defaults = {**dict.fromkeys((*parameters.values(), "cursor")), "limit": noun.list_default}
    handle.__signature__ = Signature(  # type: ignore[attr-defined]
        [
            Parameter(name, Parameter.KEYWORD_ONLY, annotation=kind, default=defaults.get(name, Parameter.empty))
            for name, kind in asked.items()
        ]
    )
    handle.__annotations__ = {**asked, "return": cast(Any, Response)[noun.page]}
    handle.__name__, handle.__doc__ = noun.lists.name, noun.lists.description
    return get(noun.path, opt=requires(action), summary=noun.lists.summary)(handle)


def _query(one: Filter) -> QueryParameter:
    return query_parameter(one.kind, name=one.name) if one.kind else QueryParameter(name=one.name)
