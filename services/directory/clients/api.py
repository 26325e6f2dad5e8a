"""The routes of API clients, for the people who look after them; the machine's own are in `token_api`."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct, field

from chassis.db.database import Tx
from chassis.http.application import Calling, Commanded, Db, Expected, Now, Paging, asks, created, shown
from chassis.http.idempotency import claim, once
from chassis.http.queries import formed_as
from contracts.values import Caller, Organization, Role, Scope
from services.directory.clients import actions as client_actions
from services.directory.clients import store as client_store
from services.directory.clients.model import Client, ClientStatus
from services.directory.clients.tokens import Tokens
from services.directory.commands import Reason, RegisterClient, RotateClient, check_reason
from services.directory.people import store
from services.directory.policy import Action

Own = NamedDependency[Tokens]


class ClientView(Struct, frozen=True, kw_only=True):
    """An API client as it stands today; `used_at`, to the hour, is when it last got a token.

    `secret` stands in the answer to the registration or rotation that made it, and in no other. Until `previous_until`
    the one before is good as well.
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


@post("/v1/clients", opt=asks(Action.REGISTER_CLIENT), summary="Register an API client")
async def register_client(
    data: JSONBody[RegisterClient], db: Db, own: Own, caller: Calling, command: Commanded, now: Now
) -> Response[ClientView]:
    """A machine of the own State, by its focal point; of an organization that is no State, by an administrator."""
    own.check()

    async def first(tx: Tx, client_id: UUID) -> ClientView:
        secret = await client_actions.register(tx, client_id, data.terms(), data.name, caller=caller, now=now)
        return await _read(tx, client_id, caller, now, secret=secret)

    async def again(tx: Tx, client_id: UUID) -> ClientView:
        return await _read(tx, client_id, caller, now)

    view = await once(db, command, first=first, again=again)
    return created(view, location=f"/v1/clients/{view.client_id}", revision=view.revision)


@get("/v1/clients", opt=asks(Action.LIST_CLIENTS), summary="The API clients this caller may see, newest first")
async def list_clients(
    db: Db,
    caller: Calling,
    paging: Paging,
    now: Now,
    organization: Annotated[str | None, formed_as(Organization)] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[ClientPage]:
    """A focal point sees those of the own State, administrators and auditors all, a client itself."""
    async with db.transaction(by=caller) as tx:
        found = await client_store.clients(tx, caller, organization=organization, before=cursor, limit=limit + 1)
        views = await _views(tx, found[:limit], now)
    more = str(views[-1].client_id) if len(found) > limit else None
    return Response(ClientPage(clients=views, cursor=more), headers=paging.next_link(more))


@get("/v1/clients/{client_id:uuid}", opt=asks(Action.SHOW_CLIENT), summary="One API client")
async def show_client(client_id: FromPath[UUID], db: Db, caller: Calling, now: Now) -> Response[ClientView]:
    async with db.transaction(by=caller) as tx:
        view = await _read(tx, client_id, caller, now)
    return shown(view, revision=view.revision)


@post(
    "/v1/clients/{client_id:uuid}/rotate",
    opt=asks(Action.ROTATE_CLIENT),
    status_code=200,
    summary="Give an API client a new secret",
)
async def rotate_client(
    client_id: FromPath[UUID],
    data: JSONBody[RotateClient],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[ClientView]:
    """The one before stays good for the hours that are said, and no other; tokens already made stay good as well."""
    async with db.transaction(by=caller) as tx:
        claimed, secret = await claim(tx, command, outcome=client_id), None
        if claimed.first:
            secret = await client_actions.rotate(
                tx, client_id, data.overlap_hours, caller=caller, expected=expected, now=now
            )
        view = await _read(tx, client_id, caller, now, secret=secret)
    return shown(view, revision=view.revision)


@post(
    "/v1/clients/{client_id:uuid}/end",
    opt=asks(Action.END_CLIENT),
    status_code=200,
    summary="Shut an API client out, everywhere and at once",
)
async def end_client(
    client_id: FromPath[UUID],
    data: JSONBody[Reason],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[ClientView]:
    """For good; its tokens are of no use within five seconds. An administrator may end any organization's."""
    reason = check_reason("end_client", data.reason)
    async with db.transaction(by=caller) as tx:
        if (await claim(tx, command, outcome=client_id)).first:
            await client_actions.end(tx, client_id, reason, caller=caller, expected=expected, now=now)
        view = await _read(tx, client_id, caller, now)
    return shown(view, revision=view.revision)


async def _read(tx: Tx, client_id: UUID, caller: Caller, now: datetime, *, secret: str | None = None) -> ClientView:
    return (await _views(tx, [await client_store.get(tx, client_id, caller)], now, secret=secret))[0]


async def _views(tx: Tx, clients: Sequence[Client], now: datetime, *, secret: str | None = None) -> list[ClientView]:
    beside = await client_store.details(tx, [one.client_id for one in clients])
    return [
        ClientView(
            client_id=one.client_id,
            organization=one.organization,
            name=beside[one.client_id].name,
            role=one.role,
            scopes=tuple(sorted(one.scopes)),
            ends=one.ends,
            status=one.shown_status(now.date()),
            secret=secret,
            previous_until=one.previous_until,
            used_at=beside[one.client_id].used_at,
            revision=one.revision,
            registered_by=one.registered_by,
            registered_at=one.registered_at,
            rotated_at=one.rotated_at,
            ended_at=one.ended_at,
            reason=one.reason,
        )
        for one in clients
    ]


ROUTES = [register_client, list_clients, show_client, rotate_client, end_client]
