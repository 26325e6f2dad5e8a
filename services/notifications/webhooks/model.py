"""Webhooks: their statuses, keys, retries and bodies.

They follow the Standard Webhooks specification 1.0.0 (standardwebhooks.com): headers, signatures, schedule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from contracts.facts import Fact
from contracts.notifications import (
    Record,
    WebhookDisabled,
    WebhookEnabled,
    WebhookRegistered,
    WebhookRemoved,
    WebhookRotated,
)
from contracts.refusals import Conflict
from contracts.values import Role
from services.notifications.webhooks.signing import Scheme

WEBHOOKS_MAX = 5
"""Maximum number of webhooks of one appointment of a person."""
QUEUE_MAX = 10_000
"""Maximum number of events waiting for one webhook; one more disables it and notifies its owner."""
TESTS_HOURLY_MAX = 10
OVERLAP_HOURS = 24
"""Hours during which the previous key also signs."""

DELAYS_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""The specification's schedule: nine retries after the first attempt, over 75 hours and 35 minutes."""
JITTER = 0.2
"""Maximum random addition to a delay, as a part of the delay."""
WAIT_SECONDS_MAX = 86_400
"""Maximum Retry-After that is respected."""

TEST_EVENT = "notifications.webhook.tested.v1"
GONE = "410"


class DisableReason(StrEnum):
    """Reasons for which a webhook is disabled: its receiver is gone, kept failing, or had a full queue."""

    GONE = "gone"
    FAILING = "failing"
    QUEUE = "queue"


class WebhookStatus(StrEnum):
    ENABLED = "enabled"
    DISABLED = "disabled"
    REMOVED = "removed"


MOVES: Mapping[str, frozenset[WebhookStatus]] = {
    "test": frozenset({WebhookStatus.ENABLED}),
    "disable": frozenset({WebhookStatus.ENABLED}),
    "enable": frozenset({WebhookStatus.DISABLED}),
    "rotate": frozenset({WebhookStatus.ENABLED, WebhookStatus.DISABLED}),
    "remove": frozenset({WebhookStatus.ENABLED, WebhookStatus.DISABLED}),
}


class Webhook(Struct, frozen=True, kw_only=True):
    """A webhook without its URL; `reason` says why it is disabled."""

    webhook_id: UUID
    person_id: UUID
    organization: str
    role: Role
    scheme: Scheme
    status: WebhookStatus
    reason: DisableReason | None
    generation: int
    key_id: str
    previous_key_id: str | None
    previous_until: datetime | None
    url_hash: str
    registered_at: datetime
    revision: int

    def check(self, move: str) -> None:
        """Raise Conflict if the webhook's status does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("webhook-status", status=self.status, move=move)

    def rotate(self, key_id: str, *, now: datetime) -> WebhookRotated:
        self.check("rotate")
        return WebhookRotated(
            webhook_id=self.webhook_id,
            generation=self.generation + 1,
            key_id=key_id,
            previous_until=now + timedelta(hours=OVERLAP_HOURS),
            rotated_at=now,
        )

    def disable(self, reason: DisableReason, *, now: datetime) -> WebhookDisabled | None:
        """Disable the webhook; None if it is not enabled."""
        if self.status not in MOVES["disable"]:
            return None
        return WebhookDisabled(
            webhook_id=self.webhook_id,
            person_id=self.person_id,
            organization=self.organization,
            role=self.role,
            reason=reason,
            disabled_at=now,
        )

    def enable(self, *, now: datetime) -> WebhookEnabled:
        self.check("enable")
        return WebhookEnabled(webhook_id=self.webhook_id, enabled_at=now)

    def remove(self, *, now: datetime) -> WebhookRemoved:
        self.check("remove")
        return WebhookRemoved(webhook_id=self.webhook_id, removed_at=now)

    def keys(self, *, now: datetime) -> Sequence[tuple[str, int]]:
        """Return the signing keys as master key and generation: the newest and, for a while, the previous one."""
        newest = (self.key_id, self.generation)
        if self.previous_key_id is None or self.previous_until is None or self.previous_until <= now:
            return [newest]
        return [newest, (self.previous_key_id, self.generation - 1)]


def evolve(webhook: Webhook | None, fact: Fact) -> Webhook:
    """Apply a fact."""
    if webhook is None:
        assert isinstance(fact, WebhookRegistered), "a webhook begins with being registered"
        return Webhook(
            webhook_id=fact.webhook_id,
            person_id=fact.person_id,
            organization=fact.organization,
            role=fact.role,
            scheme=Scheme(fact.scheme),
            status=WebhookStatus.ENABLED,
            reason=None,
            generation=1,
            key_id=fact.key_id,
            previous_key_id=None,
            previous_until=None,
            url_hash=fact.url_hash,
            registered_at=fact.registered_at,
            revision=1,
        )
    webhook = replace(webhook, revision=webhook.revision + 1)
    match fact:
        case WebhookRotated():
            return replace(
                webhook,
                generation=fact.generation,
                key_id=fact.key_id,
                previous_key_id=webhook.key_id,
                previous_until=fact.previous_until,
            )
        case WebhookDisabled():
            return replace(webhook, status=WebhookStatus.DISABLED, reason=DisableReason(fact.reason))
        case WebhookEnabled():
            return replace(webhook, status=WebhookStatus.ENABLED, reason=None)
        case WebhookRemoved():
            return replace(webhook, status=WebhookStatus.REMOVED, reason=None)
    raise AssertionError(f"{fact.type} is not a webhook's fact")


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """The retry schedule, with `spread` (0 to 1) times the jitter, or a later time requested by the receiver."""

    spread: float
    wait_seconds: int = 0
    delays_seconds: tuple[int, ...] = DELAYS_SECONDS

    def next_at(self, attempt: int, failed_at: datetime) -> datetime | None:
        """Return when to retry; None if this attempt, counted from 1, was the last."""
        if attempt > len(self.delays_seconds):
            return None
        delay = self.delays_seconds[attempt - 1] * (1 + JITTER * self.spread)
        return failed_at + timedelta(seconds=max(delay, self.wait_seconds))


def wait_seconds(retry_after: str | None, now: datetime) -> int:
    """Return the seconds requested by a `Retry-After` (RFC 9110 section 10.2.3), within limits; 0 if it is invalid."""
    if retry_after is None:
        return 0
    if retry_after.isascii() and retry_after.isdigit():
        return min(int(retry_after), WAIT_SECONDS_MAX) if len(retry_after) < 10 else WAIT_SECONDS_MAX
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(int((until - now).total_seconds()), 0), WAIT_SECONDS_MAX)


class WebhookEventData(Struct, frozen=True, kw_only=True):
    """The id of an event, and the record that it changed, with its version."""

    event_id: UUID
    aggregate: str
    id: str
    version: int | None


class WebhookEvent(Struct, frozen=True, kw_only=True):
    """The body of a webhook message: type and time of the event, and ids with which to request the rest."""

    type: str
    timestamp: datetime
    data: WebhookEventData


def payload(notice: str, cause_id: UUID, record: Record, happened_at: datetime) -> bytes:
    """Return the body, the same at every attempt."""
    return msgspec.json.encode(
        WebhookEvent(
            type=notice.partition(":")[0],
            timestamp=happened_at,
            data=WebhookEventData(event_id=cause_id, aggregate=record.aggregate, id=record.id, version=record.version),
        )
    )
