"""The routes by which people manage API clients; the clients' own routes are in `token_api`."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct, field

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, Now, requires
from chassis.http.commands import change, create, show
from chassis.http.pages import Pagination
from chassis.http.queries import query_parameter
from contracts.conversion import from_attributes
from contracts.values import Organization, Role, Scope
from services.directory.clients import actions as client_actions
from services.directory.clients import store as client_store
from services.directory.clients.model import Client, ClientStatus
from services.directory.clients.tokens import Tokens
from services.directory.commands import Reason, RegisterClient, RotateClient, check_reason
from services.directory.people import store
from services.directory.policy import Action

Own = NamedDependency[Tokens]


class ClientView(Struct, frozen=True, kw_only=True):
    """An API client as of today; `used_at`, to the hour, is when it last got a token.

    `secret` is shown only in the response to the registration or rotation that created it. Until `previous_until` the
    previous secret is also valid.
    """

    client_id: UUID
    organization: str
    name: str
    role: Role
    scopes: tuple[Scope, ...]
    ends: date = field(name="until")
    status: ClientStatus
    secret: str | None
    previous_until: datetime | None
    used_at: datetime | None
    revision: int
    registered_by: UUID
    registered_at: datetime
    rotated_at: datetime | None
    ended_at: datetime | None
    reason: str | None


class ClientPage(Struct, frozen=True, kw_only=True):
    """The API clients this caller may see, newest first; `cursor` leads to the next page."""

    clients: list[ClientView]
    cursor: str | None


async def _read(tx: Tx, ctx: Context, client_id: UUID) -> ClientView:
    return await _read_with(tx, ctx, client_id, secret=None)


async def _read_with(tx: Tx, ctx: Context, client_id: UUID, *, secret: str | None) -> ClientView:
    return (await _views(tx, [await client_store.get(tx, client_id, ctx.caller)], ctx.now, secret=secret))[0]


@create("/v1/clients", Action.REGISTER_CLIENT, "Register an API client", read=_read)
async def register_client(
    tx: Tx, ctx: Context, client_id: UUID, data: JSONBody[RegisterClient], own: Own
) -> ClientView:
    """Requires the role `focal_point` for a client of its State, or `administrator` for one of another organization."""
    own.check()
    secret = await client_actions.register(tx, ctx, client_id, data.terms(), data.name)
    return await _read_with(tx, ctx, client_id, secret=secret)


@get("/v1/clients", opt=requires(Action.LIST_CLIENTS), summary="The API clients this caller may see, newest first")
async def list_clients(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    now: Now,
    organization: Annotated[str | None, query_parameter(Organization)] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[ClientPage]:
    """Lists clients: of a focal point's State, all for administrators and auditors, or the calling client only."""
    async with db.transaction(by=caller) as tx:
        found = await client_store.clients(tx, caller, organization=organization, before=cursor, limit=limit + 1)
        return paging.page(ClientPage, await _views(tx, found, now), limit)


@show("/v1/clients/{client_id:uuid}", Action.SHOW_CLIENT, "One API client")
async def show_client(tx: Tx, ctx: Context, client_id: FromPath[UUID]) -> ClientView:
    return await _read(tx, ctx, client_id)


@change("/v1/clients/{client_id:uuid}/rotate", Action.ROTATE_CLIENT, "Rotate the secret of an API client", read=_read)
async def rotate_client(tx: Tx, ctx: Context, client_id: FromPath[UUID], data: JSONBody[RotateClient]) -> ClientView:
    """The previous secret stays valid for the given number of hours. Existing tokens also stay valid."""
    secret = await client_actions.rotate(tx, ctx, client_id, data.overlap_hours)
    return await _read_with(tx, ctx, client_id, secret=secret)


@change(
    "/v1/clients/{client_id:uuid}/end",
    Action.END_CLIENT,
    "Revoke an API client",
    read=_read,
)
async def end_client(tx: Tx, ctx: Context, client_id: FromPath[UUID], data: JSONBody[Reason]) -> None:
    """Revokes the client permanently. Its tokens are refused within five seconds.

    Requires the role `focal_point` of the client's State, or `administrator` for a client of any organization.
    """
    await client_actions.end(tx, ctx, client_id, check_reason("end_client", data.reason))


async def _views(tx: Tx, clients: Sequence[Client], now: datetime, *, secret: str | None = None) -> list[ClientView]:
    beside = await client_store.details(tx, [one.client_id for one in clients])
    return [
        from_attributes(
            ClientView,
            one,
            name=beside[one.client_id].name,
            scopes=tuple(sorted(one.scopes)),
            status=one.shown_status(now.date()),
            secret=secret,
            used_at=beside[one.client_id].used_at,
        )
        for one in clients
    ]


ROUTES = [register_client, list_clients, show_client, rotate_client, end_client]
