"""The routes of parked events, which a service could not apply, and of messages in quarantine, which are not events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NoReturn
from uuid import UUID

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.commands import change
from chassis.http.pages import Part
from chassis.journal.parked import count_parked, discard_unreadable, oldest_parked, release_parked, state_of
from contracts.conversion import from_attributes
from contracts.parked import ParkedAction, decide_on_parked
from contracts.refusals import Conflict, Missing

LIST_MAX = 100


class ParkedEvent(Struct, frozen=True, kw_only=True):
    """An event of the service `owner` that could not be applied, the reason, and the number of events `behind` it.

    A message that is not an event has no `type`, and no event waits behind it.
    """

    event_id: UUID
    owner: str
    type: str | None
    aggregate_id: UUID | None
    version: int | None
    reason: str
    behind: int
    received_at: datetime
    moves: tuple[str, ...]


class ParkedList(Struct, frozen=True, kw_only=True):
    """The oldest parked events and messages, at most a hundred, and the total number."""

    parked: list[ParkedEvent]
    total: int
    cursor: str | None = None


class ParkedState(Struct, frozen=True, kw_only=True):
    """The status of an event or message. `waiting` ones are tried within a minute; `discarded` ones are not kept."""

    event_id: UUID
    status: Literal["parked", "waiting", "applied", "discarded"]


def parked_routes(service: str) -> Sequence[HTTPRouteHandler]:
    """Return the routes of a service that applies events of others."""
    path = f"/v1/parked/{service}"

    @get(
        path,
        opt=requires(ParkedAction.LIST),
        summary="Events that could not be applied, oldest first",
        name=f"parked {service}",
    )
    async def list_parked(db: Db, caller: CurrentCaller, part: Part) -> ParkedList:
        """Lists also messages that are not events. Requires the role `coordinator` or `administrator`."""
        decide_on_parked(caller, ParkedAction.LIST).required()
        async with db.transaction(by=caller) as tx:
            found = await oldest_parked(tx, limit=LIST_MAX)
            total = await count_parked(tx)
        parked = [from_attributes(ParkedEvent, one, moves=one.moves) for one in found]
        return part.of(ParkedList(parked=parked, total=total))

    async def read(tx: Tx, ctx: Context, event_id: UUID) -> ParkedState:
        decide_on_parked(ctx.caller, ParkedAction.LIST).required()
        status = await state_of(tx, event_id)
        return ParkedState(event_id=event_id, status=status or "discarded")

    @change(
        f"{path}/{{event_id:uuid}}/release",
        ParkedAction.RELEASE,
        "Try a parked event again",
        read=read,
        if_match=False,
        name=f"release parked {service}",
    )
    async def release(tx: Tx, ctx: Context, event_id: FromPath[UUID]) -> None:
        """Tries the event again within a minute.

        If it fails, it is parked again; later events of its record wait until then.
        """
        decide_on_parked(ctx.caller, ParkedAction.RELEASE).required()
        if not await release_parked(tx, event_id):
            await _missing_or_moved(tx, event_id)

    @change(
        f"{path}/{{event_id:uuid}}/discard",
        ParkedAction.DISCARD,
        "Discard a message that is not an event",
        read=read,
        if_match=False,
        name=f"discard parked {service}",
    )
    async def discard(tx: Tx, ctx: Context, event_id: FromPath[UUID]) -> None:
        """Discards a parked message that is not an event. Events are never discarded."""
        decide_on_parked(ctx.caller, ParkedAction.DISCARD).required()
        if not await discard_unreadable(tx, event_id):
            await _missing_or_moved(tx, event_id)

    return (list_parked, release, discard)


async def _missing_or_moved(tx: Tx, event_id: UUID) -> NoReturn:
    raise Missing("not-found") if await state_of(tx, event_id) is None else Conflict("parked-status")
