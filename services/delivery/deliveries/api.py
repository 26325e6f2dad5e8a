"""Routes of deliveries. Each opens one transaction; a repeated command gets the recorded answer."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Database, Tx
from chassis.http.application import CurrentCaller, Db, Now, StreamFactory, requires
from chassis.http.commands import change, show
from chassis.http.event_streams import EVENT_STREAM, EventStream, LastEventId
from chassis.http.pages import Pagination
from chassis.journal.event_feed import FeedItem
from contracts.conversion import from_attributes
from contracts.refusals import Invalid
from contracts.values import side_of
from services.delivery.bodies import Comment, Reason, check_reason
from services.delivery.commands import NameContacts, ProposeCompletion
from services.delivery.contacts import actions as contact_actions
from services.delivery.contacts.model import DeliveryContact
from services.delivery.deliveries import actions, store
from services.delivery.deliveries.model import DeliveryStatus
from services.delivery.deliveries.views import DeliveryItem, DeliveryView, delivery_view, items_of
from services.delivery.dependencies import Owned
from services.delivery.policy import Action

DELIVERY = "/v1/deliveries/{delivery_id:uuid}"


class DeliveryPage(Struct, frozen=True, kw_only=True):
    """Deliveries, newest match first; `cursor` leads to the next page."""

    deliveries: list[DeliveryItem]
    cursor: str | None


@get("/v1/deliveries", opt=requires(Action.LIST_DELIVERIES), summary="The deliveries this caller may see")
async def list_deliveries(
    db: Db,
    caller: CurrentCaller,
    now: Now,
    paging: Pagination,
    of_request: Annotated[UUID | None, QueryParameter(name="request")] = None,
    of_match: Annotated[UUID | None, QueryParameter(name="match")] = None,
    status: FromQuery[DeliveryStatus | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[DeliveryPage]:
    """The State and the provider see their own deliveries. The newest match is first."""
    async with db.transaction(by=caller) as tx:
        found = await store.page(
            tx, caller, request_id=of_request, match_id=of_match, status=status, before=cursor, limit=limit + 1
        )
        views = await items_of(tx, found, caller, now.date())
    return paging.page(DeliveryPage, views, limit, at=lambda last: last.match_id)


@show(DELIVERY, Action.SHOW_DELIVERY, "One delivery")
async def show_delivery(tx: Tx, ctx: Context, delivery_id: FromPath[UUID]) -> DeliveryView:
    """Includes the contacts of both sides. The id is the `delivery_id` of a confirmed match."""
    return await delivery_view(tx, ctx, delivery_id)


@change(
    f"{DELIVERY}/contacts",
    Action.NAME_CONTACTS,
    "Name the contacts of one's own side",
    read=delivery_view,
    method="PUT",
)
async def name_contacts(tx: Tx, ctx: Context, delivery_id: FromPath[UUID], data: JSONBody[NameContacts]) -> None:
    """Replaces the contacts named before. Both sides and coordinators read them."""
    await contact_actions.name(tx, ctx, delivery_id, [from_attributes(DeliveryContact, one) for one in data.contacts])


@change(f"{DELIVERY}/waive-agreement", Action.WAIVE_AGREEMENT, "Waive a written agreement", read=delivery_view)
async def waive_agreement(tx: Tx, ctx: Context, delivery_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Each side waives for itself. Once both sides have waived, the delivery may begin without an agreement."""
    side = side_of(ctx.caller.role)
    await actions.move(
        tx,
        ctx,
        delivery_id,
        Action.WAIVE_AGREEMENT,
        lambda one: one.waive_agreement(side, now=ctx.now),
        comment=data.comment,
    )


async def _gap(db: Database, ctx: Context, delivery_id: UUID, own: Owned) -> int | None:
    """Return the funding gap from the ledger, in US-dollar cents.

    None if the delivery needs no money, or the ledger does not know its match yet.
    """
    async with db.transaction(by=ctx.caller) as tx:
        match_id = await actions.match_lacking(tx, ctx, delivery_id)
    return None if match_id is None else await own.funding.gap(match_id)


@change(f"{DELIVERY}/begin", Action.BEGIN, "Begin a delivery", read=delivery_view, before=_gap)
async def begin_delivery(
    tx: Tx, ctx: Context, delivery_id: FromPath[UUID], data: JSONBody[Comment], before: int | None
) -> None:
    """Requires an agreement that both sides have signed or waived, and the allocation of all needed money.

    The drafting of laws also requires a completed screening for human rights.
    """
    await actions.begin(tx, ctx, delivery_id, before, comment=data.comment)


@change(f"{DELIVERY}/suspend", Action.SUSPEND, "Suspend a delivery", read=delivery_view)
async def suspend_delivery(tx: Tx, ctx: Context, delivery_id: FromPath[UUID], data: JSONBody[Reason]) -> None:
    """Requires the role `focal_point`, `provider_officer` or `coordinator`. Both sides read the reason."""
    reason = check_reason("suspend_delivery", data.reason)
    await actions.move(
        tx, ctx, delivery_id, Action.SUSPEND, lambda one: one.suspend(reason, now=ctx.now), comment=data.comment
    )


@change(f"{DELIVERY}/resume", Action.RESUME, "Resume a suspended delivery", read=delivery_view)
async def resume_delivery(tx: Tx, ctx: Context, delivery_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Requires the role `focal_point`, `provider_officer` or `coordinator`."""
    await actions.move(tx, ctx, delivery_id, Action.RESUME, lambda one: one.resume(now=ctx.now), comment=data.comment)


@change(
    f"{DELIVERY}/propose-completion",
    Action.PROPOSE_COMPLETION,
    "Propose that a delivery is complete",
    read=delivery_view,
)
async def propose_completion(
    tx: Tx, ctx: Context, delivery_id: FromPath[UUID], data: JSONBody[ProposeCompletion]
) -> None:
    """Can be proposed once the delivery's period has begun and the last day of its last session has come.

    The other side confirms or objects until `confirm_by`. Its silence counts afterwards, unless the agreed end had not
    come when the completion was proposed. A last day before today requires a comment, and so does a delivery without a
    held session or a result.
    """
    if data.completed_on is not None and data.completed_on < ctx.today and not data.comment.strip():
        raise Invalid("backdating-reason-missing", field="comment")
    await actions.propose_completion(tx, ctx, delivery_id, data.completed_on, comment=data.comment)


@change(
    f"{DELIVERY}/confirm-completion",
    Action.CONFIRM_COMPLETION,
    "Confirm that a delivery is complete",
    read=delivery_view,
)
async def confirm_completion(tx: Tx, ctx: Context, delivery_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Requires the role of the side that did not propose it."""
    side = side_of(ctx.caller.role)
    await actions.move(
        tx,
        ctx,
        delivery_id,
        Action.CONFIRM_COMPLETION,
        lambda one: one.confirm_completion(side, now=ctx.now),
        comment=data.comment,
    )


@change(
    f"{DELIVERY}/object-to-completion",
    Action.OBJECT_TO_COMPLETION,
    "Object to the completion of a delivery",
    read=delivery_view,
)
async def object_to_completion(tx: Tx, ctx: Context, delivery_id: FromPath[UUID], data: JSONBody[Reason]) -> None:
    """Requires the role of the side that did not propose it. The delivery goes on; both sides read the reason."""
    side, reason = side_of(ctx.caller.role), check_reason("object_to_completion", data.reason)
    await actions.move(
        tx,
        ctx,
        delivery_id,
        Action.OBJECT_TO_COMPLETION,
        lambda one: one.object_to_completion(side, reason, now=ctx.now),
        comment=data.comment,
    )


@change(
    f"{DELIVERY}/withdraw-completion",
    Action.WITHDRAW_COMPLETION,
    "Withdraw the proposal that a delivery is complete",
    read=delivery_view,
)
async def withdraw_completion(tx: Tx, ctx: Context, delivery_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Requires the role of the side that proposed it. The delivery goes on."""
    side = side_of(ctx.caller.role)
    await actions.move(
        tx,
        ctx,
        delivery_id,
        Action.WITHDRAW_COMPLETION,
        lambda one: one.withdraw_completion(side, now=ctx.now),
        comment=data.comment,
    )


@change(f"{DELIVERY}/terminate", Action.TERMINATE, "Terminate a delivery", read=delivery_view)
async def terminate_delivery(tx: Tx, ctx: Context, delivery_id: FromPath[UUID], data: JSONBody[Reason]) -> None:
    """Requires the role `focal_point`, `provider_officer` or `coordinator`. A completed delivery cannot be terminated.

    Its match is revoked, and the unit of capacity is returned.
    """
    reason = check_reason("terminate_delivery", data.reason)
    await actions.move(
        tx, ctx, delivery_id, Action.TERMINATE, lambda one: one.terminate(reason, now=ctx.now), comment=data.comment
    )


@get(
    "/v1/events/delivery",
    opt=requires(Action.FOLLOW),
    media_type=EVENT_STREAM,
    summary="Stream events of deliveries",
)
async def follow_deliveries(stream: StreamFactory, last_event_id: LastEventId = None) -> EventStream[FeedItem]:
    """Streams events of the deliveries that the caller may see."""
    return stream(last_event_id)


ROUTES = [
    follow_deliveries,
    list_deliveries,
    show_delivery,
    name_contacts,
    waive_agreement,
    begin_delivery,
    suspend_delivery,
    resume_delivery,
    propose_completion,
    confirm_completion,
    object_to_completion,
    withdraw_completion,
    terminate_delivery,
]
