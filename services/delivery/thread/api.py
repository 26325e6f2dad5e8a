"""Routes of the thread of a delivery."""

from datetime import datetime
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
from contracts.values import side_of
from services.delivery import policy
from services.delivery.bodies import Comment, Nothing
from services.delivery.commands import ReadUpTo, SendMessage
from services.delivery.deliveries import actions as delivery_actions
from services.delivery.deliveries import store as delivery_store
from services.delivery.deliveries.views import delivery_view
from services.delivery.dependencies import Owned
from services.delivery.policy import Action
from services.delivery.thread import actions, store
from services.delivery.thread.model import MessageTexts
from services.delivery.thread.store import ReadMark
from services.delivery.thread.views import ThreadMessage, mark_view, message_view, messages_of

DELIVERY = "/v1/deliveries/{delivery_id:uuid}"
MESSAGES = f"{DELIVERY}/messages"
MESSAGE = "/v1/messages/{message_id:uuid}"


class MessagePage(Struct, frozen=True, kw_only=True):
    """Messages, oldest first; `cursor` leads to the next page.

    `read_up_to` is the last message that the caller has marked as read. Messages can be sent until `closes_at`, which
    is null before the delivery has ended.
    """

    messages: list[ThreadMessage]
    cursor: str | None
    read_up_to: UUID | None
    closes_at: datetime | None


@get(MESSAGES, opt=requires(Action.LIST_MESSAGES), summary="The messages of a delivery")
async def list_thread(
    delivery_id: FromPath[UUID],
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    own: Owned,
    latest: FromQuery[bool] = False,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[MessagePage]:
    """The oldest message is first. With `latest` only the last messages are listed, without a cursor.

    Coordinators read all messages except private ones; auditors see that there are messages. The provider reads none
    after the State has withdrawn its consent.
    """
    async with db.transaction(by=caller) as tx:
        delivery = await delivery_store.get(tx, delivery_id, caller)
        policy.decide(caller, Action.LIST_MESSAGES, delivery).required()
    await own.consents.require_for(caller, delivery)
    async with db.transaction(by=caller) as tx:
        found = (
            await store.latest(tx, delivery_id, caller, limit=limit)
            if latest
            else await store.page(tx, delivery_id, caller, after=cursor, limit=limit + 1)
        )
        views = await messages_of(tx, found, caller)
        mark = await store.mark_of(tx, delivery_id, caller.person_id)
    read_up_to = mark.message_id if mark else None
    return paging.page(MessagePage, views, limit, read_up_to=read_up_to, closes_at=delivery.thread_closes_at)


async def _require_consent(db: Database, ctx: Context, key: UUID, delivery_id: FromPath[UUID], own: Owned) -> None:
    """Raise Conflict if the State has withdrawn its consent."""
    async with db.transaction(by=ctx.caller) as tx:
        delivery = await delivery_store.get(tx, delivery_id, ctx.caller)
    await own.consents.require(delivery)


async def _require_consent_to_read(db: Database, ctx: Context, message_id: UUID, own: Owned) -> None:
    async with db.transaction(by=ctx.caller) as tx:
        message = await store.get(tx, message_id, ctx.caller)
        delivery = await delivery_store.get(tx, message.delivery_id, ctx.caller)
    await own.consents.require_for(ctx.caller, delivery)


@create(
    MESSAGES,
    Action.SEND_MESSAGE,
    "Write to the thread of a delivery",
    read=message_view,
    location=lambda view: f"/v1/messages/{view.message_id}",
    before=_require_consent,
)
async def send_message(
    tx: Tx, ctx: Context, message_id: UUID, delivery_id: FromPath[UUID], data: JSONBody[SendMessage]
) -> None:
    """Requires the role `focal_point`, `provider_officer` or `coordinator`.

    Messages can be sent until 90 days after the end of the delivery, or until the State withdraws its consent. The
    other side is notified that there is a message. Its files are added before, with the purpose `message`. A private
    message is for the two sides, once both have opened the private topic.
    """
    await actions.send(
        tx,
        ctx,
        delivery_id,
        message_id,
        MessageTexts(topic=data.topic, text=data.text),
        language=data.language,
        private=data.private,
        files=data.files,
    )


@show(MESSAGE, Action.SHOW_MESSAGE, "One message of a delivery", before=_require_consent_to_read)
async def show_message(tx: Tx, ctx: Context, message_id: FromPath[UUID]) -> ThreadMessage:
    """Includes the files of the message."""
    return await message_view(tx, ctx, message_id)


@change(f"{MESSAGE}/withdraw", Action.WITHDRAW_MESSAGE, "Withdraw a message", read=message_view)
async def withdraw_message(tx: Tx, ctx: Context, message_id: FromPath[UUID], data: JSONBody[Nothing]) -> None:
    """Requires the author. The text and files are deleted; the message remains listed as withdrawn."""
    await actions.withdraw(tx, ctx, message_id)


@change(f"{MESSAGES}/read", Action.MARK_READ, "Mark the messages of a delivery as read", read=mark_view, if_match=False)
async def mark_messages_read(tx: Tx, ctx: Context, delivery_id: FromPath[UUID], data: JSONBody[ReadUpTo]) -> ReadMark:
    """Marks all messages up to this one as read. Each side sees how far the other side has read."""
    await actions.mark_read(tx, ctx, delivery_id, data.message_id)
    return await mark_view(tx, ctx, delivery_id)


@change(
    f"{DELIVERY}/open-private-topic",
    Action.OPEN_PRIVATE_TOPIC,
    "Open the private topic",
    read=delivery_view,
    before=_require_consent,
)
async def open_private_topic(tx: Tx, ctx: Context, delivery_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Each side opens it for itself. Once both have opened it, they can write messages that UNODC does not read."""
    side = side_of(ctx.caller.role)
    await delivery_actions.move(
        tx,
        ctx,
        delivery_id,
        Action.OPEN_PRIVATE_TOPIC,
        lambda one: one.open_private_topic(side, now=ctx.now),
        comment=data.comment,
    )


ROUTES = [list_thread, send_message, show_message, withdraw_message, mark_messages_read, open_private_topic]
