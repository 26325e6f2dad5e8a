"""Facts of the notifications service: who wants to be told where, what somebody is owed, and whether it arrived.

A person stands in them as an id with an organization and a role. An address never does, nor the URL of a webhook: a
salted hash names it.
"""

from datetime import datetime
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
    """Somebody said in which language and by which channels to be told: the whole of it, as it now stands."""

    subscription_id: UUID
    person_id: UUID
    organization: Organization
    role: Role
    language: Language
    channels: Annotated[tuple[Code, ...], Meta(max_length=CHANNELS_MAX)]
    registered_at: datetime
    address_hash: str | None = None


class SubscriptionEnded(Fact, frozen=True, kw_only=True, tag="notifications.subscription.ended.v1"):
    """Its person was erased: nobody is told by it any more."""

    subscription_id: UUID
    ended_at: datetime


class Due(Struct, frozen=True, kw_only=True):
    """One way in which a notification has to reach its recipient."""

    dispatch_id: UUID
    channel: Code


class Record(Struct, frozen=True, kw_only=True):
    """What a webhook names for its owner to ask for: ids, and the version the event made of it."""

    aggregate: Code
    id: Code
    version: Version | None = None


class NotificationOwed(Fact, frozen=True, kw_only=True, tag="notifications.notification.owed.v1"):
    """Somebody has to be told of an event: once for each cause, by each of the channels chosen.

    `cause_id` is the event told of, or the one behind several that are told of together. `notice` names the words.
    With `webhook_id` it is that webhook that has to be told, with `record` and `happened_at`, and not the person.
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


class NotificationDelivered(Fact, frozen=True, kw_only=True, tag="notifications.notification.delivered.v1"):
    """It stands in the inbox, or the mail server or the webhook's receiver has accepted it; `reason` is its answer."""

    notification_id: UUID
    dispatch_id: UUID
    attempt: Number
    delivered_at: datetime
    reason: Code | None = None


class NotificationDeferred(Fact, frozen=True, kw_only=True, tag="notifications.notification.deferred.v1"):
    """An attempt failed for a reason of the moment; the next one comes at `next_at`."""

    notification_id: UUID
    dispatch_id: UUID
    attempt: Number
    reason: Code
    next_at: datetime
    deferred_at: datetime


class NotificationRefused(Fact, frozen=True, kw_only=True, tag="notifications.notification.refused.v1"):
    """The mail server refused it for good, or its recipient no longer wants this channel."""

    notification_id: UUID
    dispatch_id: UUID
    attempt: Number
    reason: Code
    refused_at: datetime


class NotificationExpired(Fact, frozen=True, kw_only=True, tag="notifications.notification.expired.v1"):
    """The last attempt failed as well: it is given up."""

    notification_id: UUID
    dispatch_id: UUID
    attempt: Number
    reason: Code
    expired_at: datetime


class NotificationRead(Fact, frozen=True, kw_only=True, tag="notifications.notification.read.v1"):
    """Its recipient has read it."""

    notification_id: UUID
    read_at: datetime


class WebhookRegistered(Fact, frozen=True, kw_only=True, tag="notifications.webhook.registered.v1"):
    """Somebody wants a program of theirs to be told of what their appointment is told.

    `scheme` is how it is signed (`v1a` Ed25519, `v1` HMAC), `key_id` the master key that its own is derived from.
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
    """It has a new key, of this generation; the one before signs as well until `previous_until`."""

    webhook_id: UUID
    generation: Number
    key_id: Code
    previous_until: datetime
    rotated_at: datetime


class WebhookDisabled(Fact, frozen=True, kw_only=True, tag="notifications.webhook.disabled.v1"):
    """Nothing more is sent to it: it said that it is `gone`, kept `failing`, or its `queue` was full."""

    webhook_id: UUID
    person_id: UUID
    organization: Organization
    role: Role
    reason: Code
    disabled_at: datetime


class WebhookEnabled(Fact, frozen=True, kw_only=True, tag="notifications.webhook.enabled.v1"):
    """Its owner says that it can be sent to again; what happened meanwhile is not sent."""

    webhook_id: UUID
    enabled_at: datetime


class WebhookRemoved(Fact, frozen=True, kw_only=True, tag="notifications.webhook.removed.v1"):
    """Its owner took it back; its address is erased."""

    webhook_id: UUID
    removed_at: datetime


FACTS: tuple[type[Fact], ...] = (
    SubscriptionRegistered,
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
