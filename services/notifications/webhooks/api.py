"""The routes of webhooks, which receive the events that notify the caller's appointment, and of their deliveries."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, ExpectedRevision, Now, requires
from chassis.http.commands import change, create, show
from chassis.http.pages import Pagination, Part
from contracts.conversion import from_attributes
from contracts.values import Role
from services.notifications import policy
from services.notifications.notices.model import Status
from services.notifications.policy import Action
from services.notifications.webhooks import actions as webhook_actions
from services.notifications.webhooks import store as webhook_store
from services.notifications.webhooks.config import WebhookConfig
from services.notifications.webhooks.destinations import URL_LENGTH_MAX
from services.notifications.webhooks.model import DisableReason, Webhook, WebhookStatus
from services.notifications.webhooks.signing import Keyring, Scheme, secret_of, verification_key_of
from services.notifications.webhooks.store import Delivery

STATUS_DIGITS = 3
Own = NamedDependency[WebhookConfig]


class RegisterWebhook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The URL for events (`https://name.domain/path`), and the signature scheme.

    All libraries of Standard Webhooks verify `v1`, HMAC-SHA256; with `v1a`, Ed25519, the receiver keeps no secret.
    """

    url: Annotated[str, Meta(max_length=URL_LENGTH_MAX)]
    scheme: Scheme = Scheme.HMAC


class WebhookView(Struct, frozen=True, kw_only=True):
    """A webhook: `enabled`, or `disabled` because its receiver is `gone`, kept `failing`, or had a full `queue`.

    Signatures of `v1a` are verified with `verification_key`; those of `v1` with `secret`, which is shown only in the
    response to the registration or rotation. Until `previous_until` the previous key signs as well.
    """

    webhook_id: UUID
    organization: str
    role: Role
    url: str
    scheme: Scheme
    status: WebhookStatus
    reason: DisableReason | None
    verification_key: str | None
    secret: str | None
    previous_until: datetime | None
    registered_at: datetime
    revision: int


class WebhookList(Struct, frozen=True, kw_only=True):
    """All webhooks of the caller's appointment, oldest first."""

    webhooks: list[WebhookView]
    cursor: str | None = None


class WebhookDeliveryView(Struct, frozen=True, kw_only=True):
    """An event for one webhook: `owed`, `delivered`, `refused` or `expired`, and the number of attempts.

    `delivery_id` is its `webhook-id`, the same at every attempt. `status_code` is that of the last response; without a
    response, `reason` is `unresolved`, `address-denied`, `unreachable`, `tls`, `timeout` or `disconnected`. The event
    was no longer sent if `reason` is `no_longer_visible`, `not_appointed`, `webhook_disabled` or `webhook_removed`.
    """

    delivery_id: UUID
    event_id: UUID
    type: str
    aggregate: str
    id: str
    version: int | None
    happened_at: datetime
    owed_at: datetime
    status: Status
    attempts: int
    status_code: int | None
    reason: str | None
    next_at: datetime | None
    ended_at: datetime | None


class WebhookDeliveryPage(Struct, frozen=True, kw_only=True):
    """Deliveries to a webhook, newest first; `cursor` leads to the next page."""

    deliveries: list[WebhookDeliveryView]
    cursor: str | None


async def _read(tx: Tx, ctx: Context, webhook_id: UUID, own: Own) -> WebhookView:
    return await _shown(tx, await webhook_store.get(tx, webhook_id, ctx.caller), own.keyring, now=ctx.now)


@create(
    "/v1/webhooks",
    Action.REGISTER_WEBHOOK,
    "Register a webhook for the notifications of the caller's appointment",
    read=_read,
)
async def register_webhook(
    tx: Tx, ctx: Context, webhook_id: UUID, data: JSONBody[RegisterWebhook], own: Own
) -> WebhookView:
    """The webhook receives ids and types, never texts. The secret of `v1` is shown only in this response."""
    keyring = own.keyring
    webhook = await webhook_actions.register(
        tx, ctx, webhook_id, data.url, data.scheme, bounds=own.bounds, keyring=keyring
    )
    return _view(webhook, data.url, keyring, now=ctx.now, secret=True)


@get("/v1/webhooks", opt=requires(Action.LIST_WEBHOOKS), summary="The webhooks of the caller's appointment")
async def list_webhooks(db: Db, own: Own, caller: CurrentCaller, now: Now, part: Part) -> WebhookList:
    async with db.transaction(by=caller) as tx:
        found = await webhook_store.of_caller(tx, caller)
        urls = await webhook_store.urls(tx, [one.webhook_id for one in found])
    shown = [_view(one, urls[one.webhook_id], own.keyring, now=now) for one in found]
    return part.of(WebhookList(webhooks=shown))


@show("/v1/webhooks/{webhook_id:uuid}", Action.SHOW_WEBHOOK, "One webhook")
async def show_webhook(tx: Tx, ctx: Context, webhook_id: FromPath[UUID], own: Own) -> WebhookView:
    webhook = await webhook_store.get(tx, webhook_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_WEBHOOK, webhook).required()
    return await _shown(tx, webhook, own.keyring, now=ctx.now)


@delete("/v1/webhooks/{webhook_id:uuid}", opt=requires(Action.REMOVE_WEBHOOK), summary="Remove a webhook")
async def remove_webhook(
    webhook_id: FromPath[UUID], db: Db, caller: CurrentCaller, expected: ExpectedRevision, now: Now
) -> None:
    """Erases the address of the webhook; queued events are no longer sent."""
    async with db.transaction(by=caller) as tx:
        await webhook_actions.remove(tx, Context(caller=caller, now=now, expected=expected), webhook_id)


@change("/v1/webhooks/{webhook_id:uuid}/rotate", Action.ROTATE_WEBHOOK, "Rotate the key of a webhook", read=_read)
async def rotate_webhook(tx: Tx, ctx: Context, webhook_id: FromPath[UUID], own: Own) -> WebhookView:
    """The previous key also signs for a day. The secret of `v1` is shown only in this response."""
    keyring = own.keyring
    webhook = await webhook_actions.rotate(tx, ctx, webhook_id, keyring=keyring)
    return await _shown(tx, webhook, keyring, now=ctx.now, secret=True)


@change("/v1/webhooks/{webhook_id:uuid}/enable", Action.ENABLE_WEBHOOK, "Enable a disabled webhook", read=_read)
async def enable_webhook(tx: Tx, ctx: Context, webhook_id: FromPath[UUID]) -> None:
    """Enables the webhook from now on: events that occurred while it was disabled are not sent."""
    await webhook_actions.enable(tx, ctx, webhook_id)


@change(
    "/v1/webhooks/{webhook_id:uuid}/test",
    Action.TEST_WEBHOOK,
    "Send a test event",
    read=_read,
    if_match=False,
    status_code=202,
)
async def test_webhook(tx: Tx, ctx: Context, webhook_id: FromPath[UUID]) -> None:
    """Sends an event of the type `notifications.webhook.tested.v1`; its outcome is listed in the deliveries."""
    await webhook_actions.test(tx, ctx, webhook_id)


@get(
    "/v1/webhooks/{webhook_id:uuid}/deliveries",
    opt=requires(Action.LIST_DELIVERIES),
    summary="Deliveries of events to a webhook, newest first",
)
async def list_webhook_deliveries(
    webhook_id: FromPath[UUID],
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=webhook_store.LIST_MAX)] = 50,
) -> Response[WebhookDeliveryPage]:
    async with db.transaction(by=caller) as tx:
        webhook = await webhook_store.get(tx, webhook_id, caller)
        policy.decide(caller, Action.LIST_DELIVERIES, webhook).required()
        found = await webhook_store.deliveries(tx, webhook_id, caller, before=cursor, limit=limit + 1)
    return paging.page(WebhookDeliveryPage, found, limit, view=_delivery_view, at=lambda last: last.notification_id)


async def _shown(tx: Tx, webhook: Webhook, keyring: Keyring, *, now: datetime, secret: bool = False) -> WebhookView:
    urls = await webhook_store.urls(tx, [webhook.webhook_id])
    return _view(webhook, urls[webhook.webhook_id], keyring, now=now, secret=secret)


def _view(webhook: Webhook, url: str, keyring: Keyring, *, now: datetime, secret: bool = False) -> WebhookView:
    key = keyring.key(webhook.key_id, webhook.webhook_id, webhook.generation)
    hmac = webhook.scheme is Scheme.HMAC
    return from_attributes(
        WebhookView,
        webhook,
        url=url,
        verification_key=None if hmac else verification_key_of(key),
        secret=secret_of(key) if hmac and secret else None,
        previous_until=webhook.previous_until if len(webhook.keys(now=now)) > 1 else None,
    )


def _delivery_view(one: Delivery) -> WebhookDeliveryView:
    answered = one.reason is not None and len(one.reason) == STATUS_DIGITS and one.reason.isdigit()
    return from_attributes(
        WebhookDeliveryView,
        one,
        delivery_id=one.dispatch_id,
        event_id=one.cause_id,
        type=one.notice.partition(":")[0],
        aggregate=one.record_aggregate,
        id=one.record_id,
        version=one.record_version,
        status_code=int(str(one.reason)) if answered else None,
        reason=None if answered else one.reason,
    )


ROUTES = [
    register_webhook,
    list_webhooks,
    show_webhook,
    remove_webhook,
    rotate_webhook,
    enable_webhook,
    test_webhook,
    list_webhook_deliveries,
]
