"""Actions on webhooks, and the outcome of attempts to send to them."""

from datetime import datetime, timedelta
from uuid import UUID

from chassis import erasure
from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.ids import new_id
from chassis.journal.outbox import announce
from chassis.texts import hash_bytes
from contracts.facts import Fact
from contracts.notifications import Due, NotificationExpired, NotificationOwed, Record, WebhookRegistered
from contracts.refusals import Conflict
from contracts.registry import decode_fact
from services.notifications import policy
from services.notifications.notices import actions
from services.notifications.notices.model import Channel, Outcome, Rejected
from services.notifications.policy import Action
from services.notifications.webhooks import store as webhook_store
from services.notifications.webhooks.destinations import Bounds, destination_of
from services.notifications.webhooks.model import (
    GONE,
    TEST_EVENT,
    TESTS_HOURLY_MAX,
    WEBHOOKS_MAX,
    DisableReason,
    Schedule,
    Webhook,
    evolve,
)
from services.notifications.webhooks.signing import Keyring, Scheme
from services.notifications.webhooks.store import DeliveryAttempt


async def register(
    tx: Tx, ctx: Context, webhook_id: UUID, url: str, scheme: Scheme, *, bounds: Bounds, keyring: Keyring
) -> Webhook:
    """Register a webhook of the caller's appointment. Raises Invalid for a wrong URL, Conflict at the limit."""
    caller = ctx.caller
    policy.decide(caller, Action.REGISTER_WEBHOOK).required()
    await erasure.require_not_erased(tx, caller.person_id)
    destination_of(url, bounds)
    await webhook_store.one_at_a_time(tx, caller)
    if len(await webhook_store.of_caller(tx, caller)) >= WEBHOOKS_MAX:
        raise Conflict("webhook-limit-reached", limit=WEBHOOKS_MAX)
    salt, url_hash = hash_bytes(url.encode())
    fact = WebhookRegistered(
        webhook_id=webhook_id,
        person_id=caller.person_id,
        organization=caller.organization,
        role=caller.role,
        scheme=scheme,
        key_id=keyring.newest,
        url_hash=url_hash,
        registered_at=ctx.now,
    )
    webhook = await _record(tx, None, fact)
    await webhook_store.save_url(tx, webhook_id, url, salt)
    return webhook


async def rotate(tx: Tx, ctx: Context, webhook_id: UUID, *, keyring: Keyring) -> Webhook:
    """Rotate the key of a webhook. The previous key also signs for a while; a second rotation then drops the oldest."""
    webhook = await _expected(tx, ctx, webhook_id, Action.ROTATE_WEBHOOK)
    return await _record(tx, webhook, webhook.rotate(keyring.newest, now=ctx.now))


async def enable(tx: Tx, ctx: Context, webhook_id: UUID) -> Webhook:
    webhook = await _expected(tx, ctx, webhook_id, Action.ENABLE_WEBHOOK)
    return await _record(tx, webhook, webhook.enable(now=ctx.now))


async def remove(tx: Tx, ctx: Context, webhook_id: UUID) -> None:
    """Remove a webhook. Its address is erased at once; queued events are no longer sent."""
    webhook = await _expected(tx, ctx, webhook_id, Action.REMOVE_WEBHOOK)
    await _record(tx, webhook, webhook.remove(now=ctx.now))
    await webhook_store.forget_url(tx, webhook_id)


async def test(tx: Tx, ctx: Context, webhook_id: UUID) -> None:
    """Queue a test event. Raises Conflict if the webhook is disabled, or was tested too often."""
    webhook = await webhook_store.get(tx, webhook_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, Action.TEST_WEBHOOK, webhook).required()
    webhook.check("test")
    since = ctx.now - timedelta(hours=1)
    if await webhook_store.count_since(tx, webhook_id, TEST_EVENT, since) >= TESTS_HOURLY_MAX:
        raise Conflict("webhook-tests-spent", hourly_limit=TESTS_HOURLY_MAX)
    owed = NotificationOwed(
        notification_id=new_id(),
        cause_id=new_id(),
        notice=TEST_EVENT,
        person_id=webhook.person_id,
        organization=webhook.organization,
        role=webhook.role,
        reference=str(webhook_id),
        link=f"/v1/webhooks/{webhook_id}",
        dispatches=(Due(dispatch_id=new_id(), channel=Channel.WEBHOOK),),
        owed_at=ctx.now,
        webhook_id=webhook_id,
        record=Record(aggregate="webhook", id=str(webhook_id), version=webhook.revision),
        happened_at=ctx.now,
    )
    await actions.create_notification(tx, owed, because=None)


async def settle(
    tx: Tx,
    attempt: DeliveryAttempt,
    outcome: Outcome,
    schedule: Schedule,
    *,
    holder: UUID,
    now: datetime,
) -> None:
    """Record the outcome of an attempt, and end the turn once the time has passed for which the receiver asked.

    A webhook whose receiver is gone, or has accepted no event during all retries of one, is disabled.
    """
    event = await actions.settle(tx, attempt.notification_id, attempt.dispatch_id, outcome, schedule, now=now)
    await webhook_store.end_turn(tx, attempt.webhook.webhook_id, holder=holder, rest_seconds=schedule.wait_seconds)
    if event is None:
        return
    if outcome == Rejected(GONE):
        await actions.disable(tx, attempt.webhook.webhook_id, DisableReason.GONE, because=event, now=now)
    elif isinstance(decode_fact(event), NotificationExpired) and await webhook_store.none_delivered_since_queued(
        tx, attempt.notification_id
    ):
        await actions.disable(tx, attempt.webhook.webhook_id, DisableReason.FAILING, because=event, now=now)


async def _expected(tx: Tx, ctx: Context, webhook_id: UUID, action: Action) -> Webhook:
    webhook = await webhook_store.get(tx, webhook_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, action, webhook).required()
    check_revision(webhook.revision, ctx.expected)
    return webhook


async def _record(tx: Tx, before: Webhook | None, fact: Fact) -> Webhook:
    """Apply a fact to a webhook, save it, and announce the fact."""
    after = evolve(before, fact)
    await webhook_store.save(tx, after)
    await announce(tx, fact, version=after.revision)
    return after
