"""Routes of joint deliveries. Each opens one transaction; a repeated command gets the recorded answer."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Database, Tx
from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.commands import change, create, show
from chassis.http.pages import Pagination
from contracts.refusals import Missing
from services.matching.commands import Comment, Reason
from services.matching.fields import check_reason
from services.matching.joint_deliveries import actions as joint_actions
from services.matching.joint_deliveries import store as joint_store
from services.matching.joint_deliveries.commands import NewJointDelivery
from services.matching.joint_deliveries.views import JointDeliveryView, view
from services.matching.policy import Action


class JointDeliveryPage(Struct, frozen=True, kw_only=True):
    """Joint deliveries, newest first; `cursor` leads to the next page."""

    joint_deliveries: list[JointDeliveryView]
    cursor: str | None


async def _read(tx: Tx, ctx: Context, joint_delivery_id: UUID) -> JointDeliveryView:
    return view(await joint_store.get(tx, joint_delivery_id, ctx.caller), ctx.caller)


@create("/v1/joint-deliveries", Action.PROPOSE_JOINTLY, "Propose one delivery to several States", read=_read)
async def propose_jointly(tx: Tx, ctx: Context, joint_delivery_id: UUID, data: JSONBody[NewJointDelivery]) -> None:
    """Presents the offering to the State of each line and to the provider, all or none.

    A line's match with the offering is presented as it is, or nominated. One delivery has to serve all lines, as in
    `GET /v1/matches/cohorts`; a refusal lists the errors of each line. Each State then accepts or declines its own
    match.
    """
    data.check()
    asked = joint_actions.Asked(data.offering_id, data.lines, data.departure, data.comment)
    await joint_actions.propose(tx, ctx, joint_delivery_id, asked)


@get(
    "/v1/joint-deliveries",
    opt=requires(Action.LIST_JOINT_DELIVERIES),
    summary="The joint deliveries this caller may see, newest first",
)
async def list_joint_deliveries(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    of_offering: Annotated[UUID | None, QueryParameter(name="offering")] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=joint_store.LIST_MAX)] = 50,
) -> Response[JointDeliveryPage]:
    """Coordinators and auditors see all joint deliveries; a State and a provider those of which they see a match."""
    async with db.transaction(by=caller, snapshot=True) as tx:
        found = await joint_store.page(tx, caller, offering_id=of_offering, before=cursor, limit=limit + 1)
    return paging.page(JointDeliveryPage, [view(one, caller) for one in found], limit)


@show("/v1/joint-deliveries/{joint_delivery_id:uuid}", Action.SHOW_JOINT_DELIVERY, "One joint delivery")
async def show_joint_delivery(tx: Tx, ctx: Context, joint_delivery_id: FromPath[UUID]) -> JointDeliveryView:
    """A State sees its own part, and the name of another State once both have accepted."""
    return await _read(tx, ctx, joint_delivery_id)


async def _capacity_lock(db: Database, ctx: Context, joint_delivery_id: UUID) -> Sequence[str]:
    async with db.for_reading().transaction(by=ctx.caller) as tx:
        try:
            return [f"capacity of {(await joint_store.get(tx, joint_delivery_id, ctx.caller)).offering_id}"]
        except Missing:
            return []


@change(
    "/v1/joint-deliveries/{joint_delivery_id:uuid}/confirm",
    Action.CONFIRM,
    "Confirm all matches of a joint delivery, as its provider",
    read=_read,
    locks=_capacity_lock,
    name="confirm joint delivery",
)
async def confirm_jointly(tx: Tx, ctx: Context, joint_delivery_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Confirms all matches or none. Capacity is taken once, by the first match that both sides agree on."""
    await joint_actions.confirm(tx, ctx, joint_delivery_id, comment=data.comment)


@change(
    "/v1/joint-deliveries/{joint_delivery_id:uuid}/withdraw",
    Action.WITHDRAW,
    "Withdraw a joint delivery of which nothing is confirmed",
    read=_read,
    name="withdraw joint delivery",
)
async def withdraw_jointly(tx: Tx, ctx: Context, joint_delivery_id: FromPath[UUID], data: JSONBody[Reason]) -> None:
    """Ends its matches as not pursued, for a reason of `/v1/reference/reasons/not_pursue`."""
    reason = check_reason("not_pursue", data.reason)
    await joint_actions.withdraw(tx, ctx, joint_delivery_id, reason, comment=data.comment)


ROUTES = [propose_jointly, list_joint_deliveries, show_joint_delivery, confirm_jointly, withdraw_jointly]
