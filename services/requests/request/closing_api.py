"""Routes of closing a request, with the reason if its outcome departs from the State's evaluations."""

from uuid import UUID

from litestar.params import FromPath, JSONBody
from msgspec import Struct
from msgspec.structs import replace

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.commands import change, show
from chassis.texts import hash_texts
from contracts.facts import Fact
from contracts.refusals import Invalid, Missing
from contracts.values import Role
from services.requests import policy
from services.requests.commands import Closing
from services.requests.policy import Action
from services.requests.request import actions, remark_store, store
from services.requests.request.deliveries import Outcome
from services.requests.request.model import Request
from services.requests.request.values import Status
from services.requests.request.views import read


class ClosingView(Struct, frozen=True, kw_only=True):
    """The closing of a request. The outcome is null before the request is closed.

    `departure` is the reason for which the outcome departs from the State's evaluations, empty if it does not.
    """

    request_id: UUID
    status: Status
    outcome: Outcome | None
    departure: str


@change("/v1/requests/{request_id:uuid}/close", Action.CLOSE, "Close a request", read=read, name="close request")
async def close_request(tx: Tx, ctx: Context, request_id: FromPath[UUID], data: JSONBody[Closing]) -> None:
    """Requires the role `coordinator`. The outcome has to agree with the State's evaluations, or needs a reason.

    Both sides read the reason.
    """
    if data.heard_both_sides and not data.comment.strip():
        raise Invalid("hearing-not-described", field="comment")
    departure = data.departure.strip()
    salt, hashed = hash_texts(departure)
    why = hashed if departure else ""

    def decide(one: Request) -> Fact:
        return one.close(data.outcome, heard_both_sides=data.heard_both_sides, why=why, now=ctx.now)

    request = await actions.move(tx, ctx, request_id, Action.CLOSE, decide, comment=data.comment)
    await remark_store.save_departure(tx, request, salt, departure)


@show("/v1/requests/{request_id:uuid}/closing", Action.SHOW_CLOSING, "How a request was closed")
async def show_closing(tx: Tx, ctx: Context, request_id: FromPath[UUID]) -> ClosingView:
    """Available to the State, UNODC, and providers that completed a delivery of the request."""
    request = await _request(tx, ctx, request_id)
    policy.decide(ctx.caller, Action.SHOW_CLOSING, request).required()
    return ClosingView(
        request_id=request_id,
        status=request.status,
        outcome=request.outcome,
        departure=await remark_store.departure(tx, request_id),
    )


async def _request(tx: Tx, ctx: Context, request_id: UUID) -> Request:
    """Return the request, for a provider also when it no longer sees the rest. Raises Missing."""
    if ctx.caller.role in (*policy.FILERS, *policy.ROLES_BY_OFFICE):
        return await store.get(tx, request_id, ctx.caller)
    if not await remark_store.has_delivered(tx, request_id, ctx.caller.organization):
        raise Missing("not-found")
    async with tx.as_service():
        return await store.get(tx, request_id, replace(ctx.caller, role=Role.SERVICE))


ROUTES = [close_request, show_closing]
