"""Notifications, and the attempts to deliver each until it is delivered, refused or expired.

A notification is for one recipient and one cause; a dispatch is its delivery by one channel. Decisions return a fact,
and `evolve` folds it into the state.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from contracts.facts import Fact
from contracts.notifications import (
    NotificationDeferred,
    NotificationDelivered,
    NotificationExpired,
    NotificationOwed,
    NotificationRead,
    NotificationRefused,
    Record,
    SubscriptionPaused,
    SubscriptionRegistered,
    SubscriptionResumed,
)
from contracts.refusals import Conflict, Invalid
from contracts.values import Caller, Language, Role

ADDRESS_LENGTH_MAX = 254
LOCAL_PART_LENGTH_MAX = 64
RETRY_SECONDS = 300
RETRIES_MAX = 48
"""Maximum number of retries after the first attempt; at intervals of 300 seconds they take four hours."""


class Channel(StrEnum):
    """Channels of notifications. A person chooses among the first two; a webhook has only the last."""

    INBOX = "inbox"
    MAIL = "mail"
    WEBHOOK = "webhook"


class Status(StrEnum):
    """The status of a dispatch. An attempt in progress is a lease, not a status."""

    OWED = "owed"
    DELIVERED = "delivered"
    REFUSED = "refused"
    EXPIRED = "expired"


MOVES: Mapping[Status, frozenset[Status]] = {
    Status.OWED: frozenset({Status.OWED, Status.DELIVERED, Status.REFUSED, Status.EXPIRED}),
    Status.DELIVERED: frozenset(),
    Status.REFUSED: frozenset(),
    Status.EXPIRED: frozenset(),
}


class Retries(Protocol):
    """The schedule of retries."""

    def next_at(self, attempt: int, failed_at: datetime) -> datetime | None:
        """Return when to retry after this attempt, counted from 1; None if it was the last."""
        ...


class RetryIntervals(Struct, frozen=True, kw_only=True):
    """Retries at a constant interval, and their number after the first attempt."""

    retry_seconds: int = RETRY_SECONDS
    retries_max: int = RETRIES_MAX

    def next_at(self, attempt: int, failed_at: datetime) -> datetime | None:
        return failed_at + timedelta(seconds=self.retry_seconds) if attempt <= self.retries_max else None


class Accepted(Struct, frozen=True):
    """The mail server or the webhook's receiver has accepted the message; `reason` is its status."""

    reason: str | None = None


class Rejected(Struct, frozen=True):
    """The message was permanently refused; `reason` is the receiver's code or ours."""

    reason: str


class Failed(Struct, frozen=True):
    """A temporary failure, after which the message is retried."""

    reason: str


Outcome = Accepted | Rejected | Failed


class Dispatch(Struct, frozen=True, kw_only=True):
    """One channel of one notification; its id is the Message-ID of the mail, at every attempt."""

    dispatch_id: UUID
    channel: Channel
    status: Status
    attempts: int
    next_at: datetime | None
    ended_at: datetime | None = None
    reason: str | None = None


class Notification(Struct, frozen=True, kw_only=True):
    """A notification of one cause to one person, or to one of their webhooks, with its dispatches."""

    notification_id: UUID
    cause_id: UUID
    notice: str
    person_id: UUID
    organization: str
    role: Role
    reference: str
    link: str
    request_id: UUID | None
    match_id: UUID | None
    owed_at: datetime
    revision: int
    dispatches: tuple[Dispatch, ...]
    read_at: datetime | None = None
    webhook_id: UUID | None = None
    record: Record | None = None
    happened_at: datetime | None = None
    whose: str | None = None
    kind: str | None = None
    due_on: date | None = None

    def dispatch(self, dispatch_id: UUID) -> Dispatch:
        return next(one for one in self.dispatches if one.dispatch_id == dispatch_id)

    def _open(self, dispatch_id: UUID) -> Dispatch:
        """Return the dispatch. Raises Conflict if it has ended."""
        dispatch = self.dispatch(dispatch_id)
        if not MOVES[dispatch.status]:
            raise Conflict("dispatch-ended", status=dispatch.status)
        return dispatch

    def settle(self, dispatch_id: UUID, outcome: Outcome, retries: Retries, *, now: datetime) -> Fact:
        """Return the fact for the outcome of an attempt. Raises Conflict for a dispatch that has ended."""
        match outcome:
            case Accepted(reason):
                return self.deliver(dispatch_id, reason, now=now)
            case Rejected(reason):
                return self.refuse(dispatch_id, reason, now=now)
            case Failed(reason):
                return self.defer(dispatch_id, reason, retries, now=now)

    def deliver(self, dispatch_id: UUID, reason: str | None = None, *, now: datetime) -> NotificationDelivered:
        return NotificationDelivered(
            notification_id=self.notification_id,
            dispatch_id=dispatch_id,
            attempt=self._open(dispatch_id).attempts + 1,
            delivered_at=now,
            reason=reason,
        )

    def refuse(self, dispatch_id: UUID, reason: str, *, now: datetime) -> NotificationRefused:
        return NotificationRefused(
            notification_id=self.notification_id,
            dispatch_id=dispatch_id,
            attempt=self._open(dispatch_id).attempts + 1,
            reason=reason,
            refused_at=now,
        )

    def defer(
        self, dispatch_id: UUID, reason: str, retries: Retries, *, now: datetime
    ) -> NotificationDeferred | NotificationExpired:
        """Schedule a retry after a temporary failure, or expire after the last attempt."""
        attempt = self._open(dispatch_id).attempts + 1
        next_at = retries.next_at(attempt, now)
        if next_at is None:
            return NotificationExpired(
                notification_id=self.notification_id,
                dispatch_id=dispatch_id,
                attempt=attempt,
                reason=reason,
                expired_at=now,
            )
        return NotificationDeferred(
            notification_id=self.notification_id,
            dispatch_id=dispatch_id,
            attempt=attempt,
            reason=reason,
            next_at=next_at,
            deferred_at=now,
        )

    def read(self, *, now: datetime) -> NotificationRead | None:
        """Mark the notification as read; None if it was read before."""
        return NotificationRead(notification_id=self.notification_id, read_at=now) if self.read_at is None else None


def evolve(notification: Notification | None, fact: Fact) -> Notification:
    """Apply a fact; the revision increases by one."""
    if notification is None:
        assert isinstance(fact, NotificationOwed), "a notification begins with being owed"
        return _queued(fact)
    notification = replace(notification, revision=notification.revision + 1)
    match fact:
        case NotificationRead():
            return replace(notification, read_at=fact.read_at)
        case NotificationDelivered():
            return _with(notification, _ended(notification, fact, Status.DELIVERED, fact.delivered_at, fact.reason))
        case NotificationRefused():
            return _with(notification, _ended(notification, fact, Status.REFUSED, fact.refused_at, fact.reason))
        case NotificationExpired():
            return _with(notification, _ended(notification, fact, Status.EXPIRED, fact.expired_at, fact.reason))
        case NotificationDeferred():
            dispatch = notification.dispatch(fact.dispatch_id)
            return _with(
                notification, replace(dispatch, attempts=fact.attempt, next_at=fact.next_at, reason=fact.reason)
            )
    raise AssertionError(f"{fact.type} is not a notification's fact")


def _queued(fact: NotificationOwed) -> Notification:
    return Notification(
        notification_id=fact.notification_id,
        cause_id=fact.cause_id,
        notice=fact.notice,
        person_id=fact.person_id,
        organization=fact.organization,
        role=fact.role,
        reference=fact.reference,
        link=fact.link,
        request_id=fact.request_id,
        match_id=fact.match_id,
        owed_at=fact.owed_at,
        webhook_id=fact.webhook_id,
        record=fact.record,
        happened_at=fact.happened_at,
        whose=fact.whose,
        kind=fact.kind,
        due_on=fact.due_on,
        revision=1,
        dispatches=tuple(
            Dispatch(
                dispatch_id=due.dispatch_id,
                channel=Channel(due.channel),
                status=Status.OWED,
                attempts=0,
                next_at=fact.owed_at,
            )
            for due in fact.dispatches
        ),
    )


def _ended(
    notification: Notification,
    fact: NotificationDelivered | NotificationRefused | NotificationExpired,
    status: Status,
    ended_at: datetime,
    reason: str | None,
) -> Dispatch:
    return replace(
        notification.dispatch(fact.dispatch_id),
        status=status,
        attempts=fact.attempt,
        next_at=None,
        ended_at=ended_at,
        reason=reason,
    )


def _with(notification: Notification, changed: Dispatch) -> Notification:
    return replace(
        notification,
        dispatches=tuple(changed if one.dispatch_id == changed.dispatch_id else one for one in notification.dispatches),
    )


# -- subscriptions ----------------------------------------------------------------------------------------------------


class Subscription(Struct, frozen=True, kw_only=True):
    """The channels and language of one appointment's notifications, without the address."""

    subscription_id: UUID
    person_id: UUID
    organization: str
    role: Role
    language: Language
    channels: tuple[Channel, ...]
    address_hash: str | None
    paused: bool
    paused_until: datetime | None
    registered_at: datetime
    revision: int

    def is_paused(self, now: datetime) -> bool:
        """Check whether the mails of the subscription are paused."""
        return self.paused and (self.paused_until is None or now < self.paused_until)

    def pause(self, until: datetime | None, *, now: datetime) -> SubscriptionPaused | None:
        """Pause the mails; None if they are already paused until then. Raises Invalid for a time in the past."""
        if until is not None and until <= now:
            raise Invalid("pause-over", field="until")
        if self.is_paused(now) and self.paused_until == until:
            return None
        return SubscriptionPaused(subscription_id=self.subscription_id, until=until, paused_at=now)

    def resume(self, *, now: datetime) -> SubscriptionResumed | None:
        """Resume the mails; None if they are not paused."""
        if not self.is_paused(now):
            return None
        return SubscriptionResumed(subscription_id=self.subscription_id, resumed_at=now)


def subscription_id_of(caller: Caller) -> UUID:
    """Return the id of an appointment's subscription, derived so that a concurrent second registration is refused."""
    return appointment_subscription_id(caller.person_id, caller.organization, caller.role)


def appointment_subscription_id(person_id: UUID, organization: str, role: Role) -> UUID:
    """Like `subscription_id_of`, for an appointment without its caller."""
    return uuid5(NAMESPACE_URL, f"entraide:subscription:{person_id}:{organization}:{role}")


def evolve_subscription(subscription: Subscription | None, fact: Fact) -> Subscription:
    """Apply a fact. A registration leaves a pause as it is."""
    if isinstance(fact, SubscriptionRegistered):
        return _registered(subscription, fact)
    assert subscription is not None, "a subscription begins with being registered"
    subscription = replace(subscription, revision=subscription.revision + 1)
    match fact:
        case SubscriptionPaused():
            return replace(subscription, paused=True, paused_until=fact.until)
        case SubscriptionResumed():
            return replace(subscription, paused=False, paused_until=None)
    raise AssertionError(f"{fact.type} does not change a subscription")


def _registered(subscription: Subscription | None, fact: SubscriptionRegistered) -> Subscription:
    return Subscription(
        subscription_id=fact.subscription_id,
        person_id=fact.person_id,
        organization=fact.organization,
        role=fact.role,
        language=fact.language,
        channels=tuple(Channel(code) for code in fact.channels),
        address_hash=fact.address_hash,
        paused=subscription.paused if subscription else False,
        paused_until=subscription.paused_until if subscription else None,
        registered_at=fact.registered_at,
        revision=subscription.revision + 1 if subscription else 1,
    )


def check_address(email: str | None, channels: tuple[Channel, ...]) -> None:
    """Raise Invalid for an address to which mail cannot be sent, or a mail channel without an address.

    Only visible ASCII is allowed around one `@`, without brackets, quotes, backslashes, commas, colons and semicolons,
    because the address is written into a header and an SMTP command and must not end either. An encoded word (RFC 2047)
    is refused, because a header decodes it: it could hold a line end, or another address.
    """
    if email is None:
        if Channel.MAIL in channels:
            raise Invalid("address-missing")
        return
    local, at, domain = email.rpartition("@")
    visible = all("!" <= letter <= "~" and letter not in '"(),:;<>@[\\]' for letter in local + domain)
    if not (
        at
        and visible
        and "=?" not in local
        and 0 < len(local) <= LOCAL_PART_LENGTH_MAX
        and len(email) <= ADDRESS_LENGTH_MAX
        and _is_domain(domain)
    ):
        raise Invalid("address-invalid")


def _is_domain(domain: str) -> bool:
    labels = domain.split(".")
    return len(labels) > 1 and all(
        0 < len(label) <= 63 and label[0] != "-" != label[-1] and label.replace("-", "").isalnum() for label in labels
    )
