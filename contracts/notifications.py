"""Facts of the notifications service: subscriptions, owed notifications and deliveries, webhooks.

A person is represented by an id, an organization and a role. Addresses and webhook URLs are not included, only their
salted hash.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.facts import Fact
from contracts.values import END, Code, Language, Organization, Role

CHANNELS_MAX = 4
Link = Annotated[str, Meta(pattern=r"^/v1/[A-Za-z0-9/?=_.:-]+" + END, max_length=200)]
Number = Annotated[int, Meta(ge=1, le=10_000)]
Version = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class SubscriptionRegistered(Fact, frozen=True, kw_only=True, tag="notifications.subscription.registered.v1"):
    """A person chose a language and channels for notifications. The fact has the complete subscription."""

    subscription_id: UUID
    person_id: UUID
    organization: Organization
    role: Role
    language: Language
    channels: Annotated[tuple[Code, ...], Meta(max_length=CHANNELS_MAX)]
    registered_at: datetime
    address_hash: str | None = None


class SubscriptionPaused(Fact, frozen=True, kw_only=True, tag="notifications.subscription.paused.v1"):
    """Mails are suspended until `until`, or until the subscription is resumed; other channels continue."""

    subscription_id: UUID
    paused_at: datetime
    until: datetime | None = None


class SubscriptionResumed(Fact, frozen=True, kw_only=True, tag="notifications.subscription.resumed.v1"):
    """Mails are sent again."""

    subscription_id: UUID
    resumed_at: datetime


class SubscriptionEnded(Fact, frozen=True, kw_only=True, tag="notifications.subscription.ended.v1"):
    """The person was erased: the subscription ended."""

    subscription_id: UUID
    ended_at: datetime


class Due(Struct, frozen=True, kw_only=True):
    """A channel by which a notification is owed."""

    dispatch_id: UUID
    channel: Code


class Record(Struct, frozen=True, kw_only=True):
    """The record named in a webhook: ids to query it, and the version set by the event."""

    aggregate: Code
    id: Code
    version: Version | None = None


class NotificationOwed(Fact, frozen=True, kw_only=True, tag="notifications.notification.owed.v1"):
    """A recipient is to be notified of an event: once per cause, by each chosen channel.

    `cause_id` is the event, or the common cause of several events reported together. `notice` names the text. With
    `webhook_id` the recipient is that webhook, not the person, and `record` and `happened_at` are set. `whose` is the
    State or organization whose matter it is, `kind` the kind of assistance, and `due_on` the last day to act.
    """

    notification_id: UUID
    cause_id: UUID
    notice: Code
    person_id: UUID
    organization: Organization
    role: Role
    reference: Code
    link: Link
    dispatches: Annotated[tuple[Due, ...], Meta(min_length=1, max_length=CHANNELS_MAX)]
    owed_at: datetime
    request_id: UUID | None = None
    match_id: UUID | None = None
    webhook_id: UUID | None = None
    record: Record | None = None
    happened_at: datetime | None = None
    whose: Organization | None = None
    kind: Code | None = None
    due_on: date | None = None


class NotificationDelivered(Fact, frozen=True, kw_only=True, tag="notifications.notification.delivered.v1"):
    """The notification is in the inbox, or the mail server or webhook receiver accepted it; `reason` is its answer."""

    notification_id: UUID
    dispatch_id: UUID
    attempt: Number
    delivered_at: datetime
    reason: Code | None = None


class NotificationDeferred(Fact, frozen=True, kw_only=True, tag="notifications.notification.deferred.v1"):
    """An attempt failed temporarily; the next one is at `next_at`."""

    TIME = "deferred_at"

    notification_id: UUID
    dispatch_id: UUID
    attempt: Number
    reason: Code
    next_at: datetime
    deferred_at: datetime


class NotificationRefused(Fact, frozen=True, kw_only=True, tag="notifications.notification.refused.v1"):
    """The mail server rejected the notification permanently, or its recipient has turned off this channel."""

    notification_id: UUID
    dispatch_id: UUID
    attempt: Number
    reason: Code
    refused_at: datetime


class NotificationExpired(Fact, frozen=True, kw_only=True, tag="notifications.notification.expired.v1"):
    """The last attempt failed; there will be no further attempt."""

    notification_id: UUID
    dispatch_id: UUID
    attempt: Number
    reason: Code
    expired_at: datetime


class NotificationRead(Fact, frozen=True, kw_only=True, tag="notifications.notification.read.v1"):
    """The recipient has read the notification."""

    notification_id: UUID
    read_at: datetime


class WebhookRegistered(Fact, frozen=True, kw_only=True, tag="notifications.webhook.registered.v1"):
    """A person registered a webhook that receives the notifications of their appointment.

    `scheme` is the signature scheme (`v1a` Ed25519, `v1` HMAC), `key_id` the master key from which the webhook's key is
    derived.
    """

    webhook_id: UUID
    person_id: UUID
    organization: Organization
    role: Role
    scheme: Code
    key_id: Code
    url_hash: str
    registered_at: datetime


class WebhookRotated(Fact, frozen=True, kw_only=True, tag="notifications.webhook.rotated.v1"):
    """The webhook has a new key, of this generation; the previous key also signs until `previous_until`."""

    TIME = "rotated_at"

    webhook_id: UUID
    generation: Number
    key_id: Code
    previous_until: datetime
    rotated_at: datetime


class WebhookDisabled(Fact, frozen=True, kw_only=True, tag="notifications.webhook.disabled.v1"):
    """The webhook was disabled: its receiver answered `gone`, kept `failing`, or its `queue` was full."""

    webhook_id: UUID
    person_id: UUID
    organization: Organization
    role: Role
    reason: Code
    disabled_at: datetime


class WebhookEnabled(Fact, frozen=True, kw_only=True, tag="notifications.webhook.enabled.v1"):
    """The owner enabled the webhook again; events that occurred while it was disabled are not sent."""

    webhook_id: UUID
    enabled_at: datetime


class WebhookRemoved(Fact, frozen=True, kw_only=True, tag="notifications.webhook.removed.v1"):
    """The owner removed the webhook; its URL is erased."""

    webhook_id: UUID
    removed_at: datetime


FACTS: tuple[type[Fact], ...] = (
    SubscriptionRegistered,
    SubscriptionPaused,
    SubscriptionResumed,
    SubscriptionEnded,
    NotificationOwed,
    NotificationDelivered,
    NotificationDeferred,
    NotificationRefused,
    NotificationExpired,
    NotificationRead,
    WebhookRegistered,
    WebhookRotated,
    WebhookDisabled,
    WebhookEnabled,
    WebhookRemoved,
)
