"""Actions on all tables of this service: erase a person, and rebuild the tables from the journal."""

from uuid import UUID

from chassis import clock, erasure
from chassis.db.database import Tx
from chassis.journal.outbox import announce
from contracts.alerts import AlertRemoved, DigestIssued, HitRecorded
from contracts.facts import Event
from contracts.notifications import SubscriptionEnded
from contracts.registry import decode_fact
from services.notifications.alerts import actions as alert_actions
from services.notifications.alerts import store as alert_store
from services.notifications.alerts.model import evolve as evolve_alert
from services.notifications.digests import store as digest_store
from services.notifications.hits import store as hit_store
from services.notifications.notices import model, store, subscription_store
from services.notifications.webhooks import store as webhook_store
from services.notifications.webhooks.model import evolve as evolve_webhook


async def forget(tx: Tx, person_id: UUID, because: Event | None = None) -> erasure.Dropped:
    """Delete a person's subscriptions, webhooks and alerts; their notifications contain no names and remain.

    A mail that is still due no longer has an address, and ends as `unsubscribed`.
    """
    now = clock.now()
    dropped = dict(await erasure.forget(tx, person_id, because))
    subscriptions = await subscription_store.subscriptions_of(tx, person_id)
    webhooks = await webhook_store.of_person(tx, person_id)
    for subscription in subscriptions:
        ended = SubscriptionEnded(subscription_id=subscription.subscription_id, ended_at=now)
        await announce(tx, ended, version=subscription.revision + 1, because=because)
        await subscription_store.forget_subscription(tx, subscription.subscription_id)
    for webhook in webhooks:
        removed = evolve_webhook(webhook, fact := webhook.remove(now=now))
        await webhook_store.save(tx, removed)
        await announce(tx, fact, version=removed.revision, because=because)
        await webhook_store.forget_url(tx, webhook.webhook_id)
    alerts = await alert_store.of_person(tx, person_id)
    for alert in alerts:
        await alert_actions.delete(tx, alert, now=now, because=because)
    return {**dropped, "subscription": len(subscriptions), "webhook": len(webhooks), "alert": len(alerts)}


async def rebuild(tx: Tx, event: Event) -> None:
    """Apply one fact of our own journal to the tables, as the action that announced it did."""
    fact = decode_fact(event)
    assert fact is not None, "our own journal holds facts of our own contracts"
    if event.aggregate == "webhook":
        await webhook_store.save(tx, evolve_webhook(await webhook_store.locked(tx, event.aggregate_id), fact))
        return
    match fact:
        case SubscriptionEnded():
            await subscription_store.forget_subscription(tx, fact.subscription_id)
        case _ if event.aggregate == "subscription":
            subscription = await subscription_store.subscription(tx, event.aggregate_id)
            await subscription_store.save_subscription(tx, model.evolve_subscription(subscription, fact))
        case AlertRemoved():
            await alert_store.delete(tx, fact.alert_id)
        case HitRecorded():
            await hit_store.save(tx, fact)
            if fact.digest_id is not None:
                await digest_store.save_due(tx, fact)
        case DigestIssued():
            await digest_store.save_issued(tx, [fact])
        case _ if event.aggregate == "alert":
            await alert_store.save(tx, evolve_alert(await alert_store.get_as_service(tx, event.aggregate_id), fact))
        case _:
            before = await store.locked(tx, event.aggregate_id)
            after = model.evolve(before, fact)
            if before:
                await store.save(tx, after)
            else:
                await store.add(tx, [after])
