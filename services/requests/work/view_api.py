"""The routes of saved views: queries of the list of work, with a name."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, delete, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, ExpectedRevision, Now, requires
from chassis.http.commands import change, create, show
from chassis.http.merge_patch import patched
from chassis.http.pages import Pagination
from contracts.conversion import from_attributes
from contracts.values import Caller
from services.requests import policy
from services.requests.policy import Action
from services.requests.work import view_actions, view_store
from services.requests.work.model import Order, WaitingFor
from services.requests.work.query import (
    Articles,
    Assignee,
    Kinds,
    Languages,
    Paragraphs,
    Priorities,
    Regions,
    States,
    Statuses,
    Steps,
    Topics,
    Words,
    WorkQuery,
)
from services.requests.work.saved_views import SavedView

LIST_MAX = 100
ViewName = Annotated[str, Meta(min_length=1, max_length=100)]


class NewView(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A query of the list of work with a name; `shared` shows it to everyone in the owner's organization."""

    name: ViewName
    shared: bool = False
    query: WorkQuery = WorkQuery()


class WorkQueryPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes of a query: absent fields are kept, null resets a field to its default."""

    waiting_for: WaitingFor | UnsetType | None = UNSET
    step: Steps | UnsetType | None = UNSET
    status: Statuses | UnsetType | None = UNSET
    state: States | UnsetType | None = UNSET
    region: Regions | UnsetType | None = UNSET
    kind: Kinds | UnsetType | None = UNSET
    topic: Topics | UnsetType | None = UNSET
    article: Articles | UnsetType | None = UNSET
    paragraph: Paragraphs | UnsetType | None = UNSET
    priority: Priorities | UnsetType | None = UNSET
    written_in: Languages | UnsetType | None = UNSET
    assignee: Assignee | UnsetType | None = UNSET
    overdue: bool | UnsetType | None = UNSET
    paused: bool | UnsetType | None = UNSET
    in_remit: bool | UnsetType | None = UNSET
    q: Words | UnsetType | None = UNSET
    sort: Order | UnsetType | None = UNSET


class ViewPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes of a saved view, as a JSON merge patch (RFC 7396), also of its query."""

    name: ViewName | UnsetType = UNSET
    shared: bool | UnsetType | None = UNSET
    query: WorkQueryPatch | UnsetType | None = UNSET


class ViewView(Struct, frozen=True, kw_only=True):
    """A saved view; `address` lists its work, as far as its reader may see it.

    `own` is false for a view that a colleague shares.
    """

    view_id: UUID
    name: str
    shared: bool
    own: bool
    query: WorkQuery
    address: str
    created_at: datetime
    revision: int


class ViewPage(Struct, frozen=True, kw_only=True):
    """The caller's saved views and those shared with them, oldest first; `cursor` leads to the next page."""

    views: list[ViewView]
    cursor: str | None


async def _read(tx: Tx, ctx: Context, view_id: UUID) -> ViewView:
    return _view(await view_store.get(tx, view_id, ctx.caller), ctx.caller)


@create("/v1/views", Action.SAVE_VIEW, "Save a query of the list of work", read=_read)
async def save_view(tx: Tx, ctx: Context, view_id: UUID, data: JSONBody[NewView]) -> None:
    """A person may save at most 50 views. The query has the filters of `GET /v1/work`; `assignee: me` is its reader."""
    data.query.search(ctx.caller, "query.")
    await view_actions.create(tx, ctx, view_id, data.name, data.shared, data.query)


@get("/v1/views", opt=requires(Action.LIST_VIEWS), summary="The saved views of the caller and of their organization")
async def list_views(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=LIST_MAX)] = 50,
) -> Response[ViewPage]:
    async with db.transaction(by=caller) as tx:
        found = await view_store.page(tx, caller, after=cursor, limit=limit + 1)
    return paging.page(ViewPage, found, limit, view=lambda one: _view(one, caller))


@show("/v1/views/{view_id:uuid}", Action.SHOW_VIEW, "One saved view")
async def show_view(tx: Tx, ctx: Context, view_id: FromPath[UUID]) -> ViewView:
    policy.decide(ctx.caller, Action.SHOW_VIEW, await view_store.get(tx, view_id, ctx.caller)).required()
    return await _read(tx, ctx, view_id)


@change("/v1/views/{view_id:uuid}", Action.REVISE_VIEW, "Revise a saved view", read=_read, method="PATCH")
async def revise_view(tx: Tx, ctx: Context, view_id: FromPath[UUID], data: JSONBody[ViewPatch]) -> None:
    """Requires the owner of the view. The body is a JSON merge patch.

    Absent fields are kept, null resets a field to its default.
    """

    def revised(view: SavedView) -> SavedView:
        body = patched(NewView(name=view.name, shared=view.shared, query=view.query), data)
        body.query.search(ctx.caller, "query.")
        return replace(view, name=body.name, shared=body.shared, query=body.query)

    await view_actions.revise(tx, ctx, view_id, revised)


@delete("/v1/views/{view_id:uuid}", opt=requires(Action.REMOVE_VIEW), summary="Remove a saved view")
async def remove_view(
    view_id: FromPath[UUID], db: Db, caller: CurrentCaller, expected: ExpectedRevision, now: Now
) -> None:
    async with db.transaction(by=caller) as tx:
        await view_actions.remove(tx, Context(caller=caller, now=now, expected=expected), view_id)


def _view(view: SavedView, caller: Caller) -> ViewView:
    parameters = urlencode(list(_parameters(view.query)))
    address = f"/v1/work?{parameters}" if parameters else "/v1/work"
    return from_attributes(ViewView, view, own=view.person_id == caller.person_id, address=address)


def _parameters(query: WorkQuery) -> Iterator[tuple[str, str]]:
    """Yield the parameters of the list's address; those with their default are left out."""
    defaults: dict[str, Any] = msgspec.to_builtins(WorkQuery())
    for name, value in msgspec.to_builtins(query).items():
        if value == defaults[name]:
            continue
        for one in value if isinstance(value, list | tuple) else [value]:
            yield name, str(one).lower() if isinstance(one, bool) else str(one)


ROUTES = [save_view, list_views, show_view, revise_view, remove_view]
