"""The routes of notifications and subscriptions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, get, put
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter
from msgspec import Meta, Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, Now, StreamFactory, requires, with_etag
from chassis.http.commands import change, show
from chassis.http.event_streams import EVENT_STREAM, EventStream, LastEventId
from chassis.http.idempotency import expected_revision
from chassis.http.pages import Pagination
from chassis.ids import new_id
from contracts.conversion import from_attributes
from contracts.refusals import Missing
from contracts.values import Language, Role
from services.notifications import policy
from services.notifications.event_feed import Arrival
from services.notifications.hits.about_actions import told
from services.notifications.notices import actions, store, subscription_store
from services.notifications.notices.model import (
    ADDRESS_LENGTH_MAX,
    Channel,
    Notification,
    Status,
    Subscription,
    subscription_id_of,
)
from services.notifications.notices.wording import About, words
from services.notifications.policy import Action

AcceptLanguage = Annotated[str | None, HeaderParameter(name="Accept-Language")]


class Register(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The channels and language of notifications.

    Without a channel there are no notifications; the mail channel needs an address.
    """

    language: Language
    channels: Annotated[tuple[Literal["inbox", "mail"], ...], Meta(max_length=2)]
    email: Annotated[str, Meta(max_length=ADDRESS_LENGTH_MAX)] | None = None


class SubscriptionView(Struct, frozen=True, kw_only=True):
    """The channels and language of the caller's appointment."""

    subscription_id: UUID
    organization: str
    role: Role
    email: str | None
    language: Language
    channels: tuple[Channel, ...]
    paused: bool
    paused_until: datetime | None
    registered_at: datetime
    revision: int


class PauseSubscription(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pause during which no mails are sent; without `until`, it lasts until the subscription is resumed."""

    until: Annotated[datetime, Meta(tz=True)] | None = None


class DispatchView(Struct, frozen=True, kw_only=True):
    """The delivery by one channel: `owed`, `delivered`, `refused` or `expired`, and the number of attempts."""

    dispatch_id: UUID
    channel: Channel
    status: Status
    attempts: int
    next_at: datetime | None
    ended_at: datetime | None
    reason: str | None


class NotificationView(Struct, frozen=True, kw_only=True):
    """A notification of one cause. `notice` is the type of the fact, `link` leads to more.

    `about` says whose matter it is, what it is about and by when to act, as far as the State's consent lets it.
    """

    notification_id: UUID
    cause_id: UUID
    notice: str
    organization: str
    role: Role
    reference: str
    link: str
    request_id: UUID | None
    match_id: UUID | None
    language: Language
    subject: str
    text: str
    about: str
    owed_at: datetime
    read_at: datetime | None
    revision: int
    dispatches: tuple[DispatchView, ...]


class NotificationPage(Struct, frozen=True, kw_only=True):
    """The caller's own notifications, newest first.

    `unread` is the number of all unread ones; `cursor` leads to the next page.
    """

    notifications: list[NotificationView]
    unread: int
    cursor: str | None


async def _subscription(tx: Tx, ctx: Context, _call_id: UUID) -> SubscriptionView:
    subscription = await subscription_store.subscription(tx, subscription_id_of(ctx.caller))
    if subscription is None:
        raise Missing("not-found")
    policy.decide(ctx.caller, Action.SHOW_SUBSCRIPTION, subscription).required()
    email = await subscription_store.address(tx, subscription.subscription_id)
    return _subscription_view(subscription, email, ctx.now)


@get(
    "/v1/subscriptions",
    opt=requires(Action.SHOW_SUBSCRIPTION),
    summary="The subscription of the caller's appointment",
)
async def show_subscription(db: Db, caller: CurrentCaller, now: Now) -> Response[SubscriptionView]:
    async with db.transaction(by=caller) as tx:
        view = await _subscription(tx, Context(caller=caller, now=now), new_id())
    return with_etag(view, revision=view.revision)


@change(
    "/v1/subscriptions/pause",
    Action.PAUSE_SUBSCRIPTION,
    "Pause the mails of a subscription",
    read=_subscription,
    key=new_id,
)
async def pause_subscription(tx: Tx, ctx: Context, _call_id: UUID, data: JSONBody[PauseSubscription]) -> None:
    """The other channels continue. Mails that would have been sent during the pause are not sent later."""
    await actions.change_subscription(
        tx, ctx, Action.PAUSE_SUBSCRIPTION, lambda subscription: subscription.pause(data.until, now=ctx.now)
    )


@change(
    "/v1/subscriptions/resume",
    Action.RESUME_SUBSCRIPTION,
    "Resume the mails of a subscription",
    read=_subscription,
    key=new_id,
)
async def resume_subscription(tx: Tx, ctx: Context, _call_id: UUID) -> None:
    await actions.change_subscription(
        tx, ctx, Action.RESUME_SUBSCRIPTION, lambda subscription: subscription.resume(now=ctx.now)
    )


@put(
    "/v1/subscriptions",
    opt=requires(Action.REGISTER_SUBSCRIPTION),
    summary="Choose how the caller's appointment is notified",
)
async def register_subscription(
    data: JSONBody[Register],
    db: Db,
    caller: CurrentCaller,
    now: Now,
    if_match: Annotated[str | None, HeaderParameter(name="If-Match")] = None,
) -> Response[SubscriptionView]:
    """Send no `If-Match` the first time; a change names its revision. Repeating it unchanged has no effect."""
    async with db.transaction(by=caller) as tx:
        subscription = await actions.register(
            tx,
            data.email,
            data.language,
            tuple(Channel(code) for code in sorted(set(data.channels))),
            caller=caller,
            expected=None if if_match is None else expected_revision(if_match),
            now=now,
        )
    return with_etag(_subscription_view(subscription, data.email, now), revision=subscription.revision)


@get(
    "/v1/notifications",
    opt=requires(Action.LIST_NOTIFICATIONS),
    summary="The notifications of the caller, newest first",
)
async def list_notifications(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    now: Now,
    accept_language: AcceptLanguage = None,
    unread: FromQuery[bool] = False,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[NotificationPage]:
    """Uses the language that `Accept-Language` prefers, or else that of the subscription."""
    async with db.transaction(by=caller) as tx:
        found = await store.page(tx, caller, unread=unread, before=cursor, limit=limit + 1)
        count = await store.count_unread(tx, caller)
        language = await subscription_store.language(tx, caller, accept_language)
        views = await _views(tx, found, language, now)
    return paging.page(NotificationPage, views, limit, unread=count)


@get(
    "/v1/notifications/stream",
    opt=requires(Action.FOLLOW_NOTIFICATIONS),
    media_type=EVENT_STREAM,
    summary="Stream the caller's notifications",
)
async def follow_notifications(stream: StreamFactory, last_event_id: LastEventId = None) -> EventStream[Arrival]:
    """The stream does not depend on the subscription's channels. The texts are in the inbox."""
    return stream(last_event_id)


async def _read(
    tx: Tx, ctx: Context, notification_id: UUID, accept_language: AcceptLanguage = None
) -> NotificationView:
    notification = await store.get(tx, notification_id, ctx.caller)
    language = await subscription_store.language(tx, ctx.caller, accept_language)
    return (await _views(tx, [notification], language, ctx.now))[0]


@show("/v1/notifications/{notification_id:uuid}", Action.SHOW_NOTIFICATION, "One notification of the caller")
async def show_notification(
    tx: Tx, ctx: Context, notification_id: FromPath[UUID], accept_language: AcceptLanguage = None
) -> NotificationView:
    """Uses the language that `Accept-Language` prefers, or else that of the subscription.

    This does not mark the notification as read.
    """
    notification = await store.get(tx, notification_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_NOTIFICATION, notification).required()
    language = await subscription_store.language(tx, ctx.caller, accept_language)
    return (await _views(tx, [notification], language, ctx.now))[0]


@change(
    "/v1/notifications/{notification_id:uuid}/read",
    Action.READ_NOTIFICATION,
    "Mark a notification as read",
    read=_read,
    if_match=False,
)
async def read_notification(tx: Tx, ctx: Context, notification_id: FromPath[UUID]) -> None:
    """Takes no `If-Match`: the revision also changes with attempts of mails, which do not conflict with reading."""
    await actions.read(tx, ctx, notification_id)


class UnreadView(Struct, frozen=True, kw_only=True):
    """Number of the caller's unread notifications."""

    unread: int


async def _unread(tx: Tx, ctx: Context, _call_id: UUID) -> UnreadView:
    return UnreadView(unread=await store.count_unread(tx, ctx.caller))


@change(
    "/v1/notifications/read-all",
    Action.READ_ALL_NOTIFICATIONS,
    "Mark all notifications as read",
    read=_unread,
    key=new_id,
    if_match=False,
)
async def read_all_notifications(tx: Tx, ctx: Context, _call_id: UUID) -> None:
    """Marks at most 500 as read, the oldest first. `unread` is the number that is left for another call."""
    await actions.read_all(tx, ctx)


def _subscription_view(subscription: Subscription, email: str | None, now: datetime) -> SubscriptionView:
    paused = subscription.is_paused(now)
    until = subscription.paused_until if paused else None
    return from_attributes(SubscriptionView, subscription, email=email, paused=paused, paused_until=until)


async def _views(tx: Tx, found: Sequence[Notification], language: Language, now: datetime) -> list[NotificationView]:
    async with tx.as_service():
        about = await told(tx, found, by_mail=False, now=now)
    return [_view(one, each, language) for one, each in zip(found, about, strict=True)]


def _view(notification: Notification, about: About, language: Language) -> NotificationView:
    said = words(notification.notice, notification.reference, language, about, reader=notification.organization)
    return from_attributes(
        NotificationView,
        notification,
        language=language,
        subject=said.subject,
        text=said.text,
        about=said.about,
        dispatches=tuple(from_attributes(DispatchView, one) for one in notification.dispatches),
    )


ROUTES = [
    show_subscription,
    register_subscription,
    pause_subscription,
    resume_subscription,
    list_notifications,
    follow_notifications,
    show_notification,
    read_notification,
    read_all_notifications,
]
