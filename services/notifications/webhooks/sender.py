"""The sender of webhook events: it attempts each until it is delivered, refused or expired; one may be sent twice.

Like a mail, an event is claimed under a lease, sent outside any transaction, and settled in a new one. Whether the
owner may still know of the event is checked when it is claimed, before each attempt.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog
from msgspec import Struct

from chassis.auth.callers import AppointmentLookup
from chassis.db.database import Database, with_retries
from chassis.ids import new_id
from chassis.supervise import finish_despite_cancel
from chassis.telemetry import with_correlation
from contracts.refusals import Invalid
from services.notifications.hits import actions as hit_actions
from services.notifications.notices import audience
from services.notifications.notices.model import Accepted, Failed, Outcome, Rejected
from services.notifications.webhooks import actions as webhook_actions
from services.notifications.webhooks import signing
from services.notifications.webhooks import store as webhook_store
from services.notifications.webhooks.destinations import Bounds, destination_of
from services.notifications.webhooks.http_client import NotDelivered, SafeHttpClient
from services.notifications.webhooks.model import (
    DELAYS_SECONDS,
    GONE,
    TEST_EVENT,
    Schedule,
    Webhook,
    WebhookStatus,
    payload,
    wait_seconds,
)
from services.notifications.webhooks.signing import Keyring
from services.notifications.webhooks.store import DeliveryAttempt

SENDERS = 4
"""Number of concurrent senders in each process; slow receivers delay others only if they occupy all of them."""
POLL_SECONDS = 0.5
POLL_IDLE_SECONDS = 60.0
"""Longest pause if nothing is due here: the longest time until an event from another process is claimed."""

LEASE_SECONDS = 60
"""Duration of a lease, longer than an attempt and the recording of its outcome take."""
NO_LONGER_VISIBLE = "no_longer_visible"
NOT_APPOINTED = "not_appointed"
USER_AGENT = "Entraide-Webhooks/1"

log = structlog.get_logger()


class Terms(Struct, frozen=True, kw_only=True):
    """Allowed destinations, and the retry schedule."""

    bounds: Bounds
    delays_seconds: tuple[int, ...] = DELAYS_SECONDS
    lease_seconds: int = LEASE_SECONDS


class WebhookSender:
    """Sends due events one after the other. `spread` returns a random number from 0 to 1.

    `appointments` holds the appointments in force; while they are unknown nothing is sent.
    """

    def __init__(
        self,
        db: Database,
        client: SafeHttpClient,
        keyring: Keyring,
        terms: Terms,
        appointments: AppointmentLookup,
        *,
        clock: Callable[[], datetime],
        spread: Callable[[], float],
    ) -> None:
        self._db = db
        self._client = client
        self._keyring = keyring
        self._terms = terms
        self._appointments = appointments
        self._clock = clock
        self._spread = spread
        self._due_in_seconds: float | None = None

    async def run(self) -> None:
        """Send until cancelled; an attempt in progress is completed first."""
        while True:
            if self._appointments.stale():
                await asyncio.sleep(POLL_SECONDS)
            elif not await finish_despite_cancel(self.send_next()):
                await self._db.activity.pause(
                    POLL_SECONDS, idle_seconds=POLL_IDLE_SECONDS, due_in_seconds=self._due_in_seconds
                )

    async def send_next(self) -> bool:
        """Make one due attempt; False if there is none."""
        holder, now = new_id(), self._clock()
        async with self._db.transaction() as tx:
            attempt = await webhook_store.claim(tx, holder=holder, now=now, lease_seconds=self._terms.lease_seconds)
            if attempt is None:
                self._due_in_seconds = await webhook_store.due_in_seconds(tx, now=now)
            else:
                organization = attempt.webhook.organization
                visible = await hit_actions.may_be_sent(tx, attempt.notice, organization, attempt.found_id, now=now)
        if attempt is None:
            return False
        with with_correlation(attempt.correlation_id):
            refused = refusal_of(attempt) if visible else NO_LONGER_VISIBLE
            refused = refused or self._appointment_refusal(attempt.webhook)
            outcome, wait = (Rejected(refused), 0) if refused else await self._attempt(attempt)
            schedule = Schedule(spread=self._spread(), wait_seconds=wait, delays_seconds=self._terms.delays_seconds)

            async def settle() -> None:
                async with self._db.transaction() as tx:
                    await webhook_actions.settle(tx, attempt, outcome, schedule, holder=holder, now=self._clock())

            await with_retries(settle)
            log.info("webhook attempted", dispatch_id=str(attempt.dispatch_id), outcome=type(outcome).__name__)
        return True

    def _appointment_refusal(self, webhook: Webhook) -> str | None:
        held = self._appointments.holds(webhook.person_id, webhook.organization, webhook.role, self._clock())
        return None if held else NOT_APPOINTED

    async def _attempt(self, attempt: DeliveryAttempt) -> tuple[Outcome, int]:
        """Return the outcome, and for how many seconds the receiver asked for no further attempts."""
        assert attempt.url is not None, "a webhook has an address until it is removed"
        now = self._clock()
        webhook = attempt.webhook
        body = payload(attempt.notice, attempt.cause_id, attempt.record, attempt.happened_at)
        keys = [self._keyring.key(key_id, webhook.webhook_id, n) for key_id, n in webhook.keys(now=now)]
        headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT} | signing.headers(
            webhook.scheme, keys, str(attempt.dispatch_id), int(now.timestamp()), body
        )
        try:
            answer = await self._client.post(destination_of(attempt.url, self._terms.bounds), body, headers)
        except NotDelivered as error:
            return Failed(error.reason), 0
        except Invalid:
            # The URL was allowed when it was registered; the operator's limits are stricter now.
            return Failed("address-denied"), 0
        return outcome_of(answer.status), wait_seconds(answer.retry_after, now) if answer.status >= 300 else 0


def refusal_of(attempt: DeliveryAttempt) -> str | None:
    """Return the reason for which this is no longer sent; None if there is none."""
    webhook = attempt.webhook
    if webhook.status is not WebhookStatus.ENABLED:
        return f"webhook_{webhook.status}"
    if attempt.notice != TEST_EVENT and not audience.may_be_sent_to(
        attempt.notice, webhook.organization, webhook.role, circulation=attempt.circulation
    ):
        return NO_LONGER_VISIBLE
    return None


def outcome_of(status: int) -> Outcome:
    """Map a response status to an outcome, by the specification: 2xx success, 410 gone, anything else retried."""
    if 200 <= status <= 299:
        return Accepted(str(status))
    return Rejected(GONE) if str(status) == GONE else Failed(str(status))
