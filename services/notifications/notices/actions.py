"""Actions on subscriptions and notifications. The caller opens the transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis import erasure
from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.ids import new_id
from chassis.journal.outbox import announce, announce_all, announce_each, read_aggregate
from chassis.texts import hash_bytes
from contracts.alerts import DigestIssued, HitRecorded
from contracts.facts import Event, Fact
from contracts.notifications import Due, NotificationOwed, NotificationRead, SubscriptionRegistered
from contracts.refusals import Missing, Unconditional
from contracts.requests import (
    CirculationDecided,
    ConsentEnded,
    ConsentGiven,
    ConsentRecorded,
    ConsentWithdrawn,
    RequestSubmitted,
)
from contracts.values import Caller, Language, Role
from services.notifications import policy
from services.notifications.notices import (
    audience,
    matter,
    model,
    recipient_store,
    recipients,
    store,
    subscription_store,
)
from services.notifications.notices.model import Channel, Notification, Outcome, Retries, Status, Subscription
from services.notifications.notices.notice import COORDINATOR, Appointment, Holder, Known, Notice
from services.notifications.notices.recipient_store import Recipient
from services.notifications.policy import Action
from services.notifications.webhooks import store as webhook_store
from services.notifications.webhooks.model import QUEUE_MAX, DisableReason
from services.notifications.webhooks.model import evolve as evolve_webhook

CIRCULATION_BY_RULE = {"none": "none", "granted": "granted", "silence": "window_running"}
"""Maps the State's choice to the circulation at submission."""

READ_ALL_MAX = 500
"""Maximum number of notifications marked as read in one transaction."""

LEAST_REVISION = 0
"""The expected revision of a record that must not exist yet; no record has it."""


async def register(
    tx: Tx,
    email: str | None,
    language: Language,
    channels: tuple[Channel, ...],
    *,
    caller: Caller,
    expected: int | None,
    now: datetime,
) -> Subscription:
    """Create or replace the caller's subscription.

    An unchanged one is accepted with any revision. Raises Unconditional or Stale like any change.
    """
    policy.decide(caller, Action.REGISTER_SUBSCRIPTION).required()
    model.check_address(email, channels)
    await erasure.require_not_erased(tx, caller.person_id)
    subscription_id = model.subscription_id_of(caller)
    before = await subscription_store.subscription(tx, subscription_id, lock=True)
    if before is None:
        check_revision(LEAST_REVISION, expected or LEAST_REVISION)
    else:
        same_address = await subscription_store.address(tx, subscription_id) == email
        if same_address and (before.language, before.channels) == (language, channels):
            return before
        if expected is None:
            raise Unconditional("if-match-missing")
        check_revision(before.revision, expected)
    salt, address_hash = hash_bytes((email or "").encode())
    fact = SubscriptionRegistered(
        subscription_id=subscription_id,
        person_id=caller.person_id,
        organization=caller.organization,
        role=caller.role,
        language=language,
        channels=channels,
        registered_at=now,
        address_hash=None if email is None else address_hash,
    )
    after = model.evolve_subscription(before, fact)
    await subscription_store.save_subscription(tx, after)
    if email is None:
        await subscription_store.forget_address(tx, subscription_id)
    else:
        await subscription_store.save_address(tx, subscription_id, email, salt)
    await announce(tx, fact, version=after.revision)
    return after


async def change_subscription(
    tx: Tx, ctx: Context, action: Action, decide: Callable[[Subscription], Fact | None]
) -> None:
    """Change the caller's subscription in the expected revision; `decide` returns None if nothing changes."""
    subscription = await subscription_store.subscription(tx, model.subscription_id_of(ctx.caller), lock=True)
    if subscription is None:
        raise Missing("not-found")
    policy.decide(ctx.caller, action, subscription).required()
    check_revision(subscription.revision, ctx.expected)
    if (fact := decide(subscription)) is not None:
        await record_subscription(tx, subscription, fact)


async def record_subscription(tx: Tx, before: Subscription, fact: Fact) -> None:
    """Apply a fact to a subscription, save it, and announce the fact."""
    after = model.evolve_subscription(before, fact)
    await subscription_store.save_subscription(tx, after)
    await announce(tx, fact, version=after.revision)


# -- notifying --------------------------------------------------------------------------------------------------------


async def save_request_details(tx: Tx, fact: Fact) -> None:
    """Store the details of a request that later facts do not repeat."""
    match fact:
        case RequestSubmitted():
            if fact.reference:
                await store.save_reference(tx, fact.request_id, fact.reference)
            await store.save_circulation(tx, fact.request_id, CIRCULATION_BY_RULE[fact.circulation_rule])
        case CirculationDecided() | ConsentWithdrawn() | ConsentEnded():
            await store.save_circulation(tx, fact.request_id, fact.circulation)
        case ConsentGiven() | ConsentRecorded():
            await store.save_circulation(tx, fact.request_id, "granted")


async def create_notifications(tx: Tx, event: Event, fact: Fact, *, now: datetime) -> None:
    """Create the notifications of a fact, one for each person and each webhook."""
    await save_request_details(tx, fact)
    notices = audience.notices_for(fact, caused=event.causationid is not None)
    if not notices:
        return
    known = await store.known(tx, fact)
    notified: set[UUID] = set()
    for notice in notices:
        appointments = recipients.appointments(notice, fact)
        match_id = getattr(fact, "match_id", None) if notice.only_if_notified_before else None
        people = await recipient_store.recipients(tx, appointments, notified_of_match=match_id)
        programs = await webhook_store.recipients(tx, appointments, notified_of_match=match_id)
        if COORDINATOR in appointments:
            if recipients.is_escalation(notice):
                people += await recipient_store.without_subscription(tx, [COORDINATOR], now)
            people, programs = await _routed(tx, notice, fact, people, programs, now)
        if notice.approval:
            people += await recipient_store.without_subscription(tx, appointments, now)
            barred = recipients.barred_from_approving(event, fact)
            people = sorted((one for one in people if one.person_id not in barred), key=_by_person)
            programs = [one for one in programs if one.person_id not in barred]
        if (person_id := recipients.person_notified(notice, fact)) is not None:
            people = sorted([*people, *await recipient_store.recipients_of_person(tx, person_id, now)], key=_by_person)
        contacts, reading = recipients.contacts_notified(notice, fact)
        if contacts:
            named = await recipient_store.recipients_among(tx, contacts, reading, now)
            people = sorted([*people, *named], key=_by_person)
        once = {one.key: one for one in [*people, *programs] if one.key not in notified}
        notified |= once.keys()
        await notify(tx, [_Addressed(notice, one, event, fact, known) for one in once.values()], now=now)


async def _routed(
    tx: Tx, notice: Notice, fact: Fact, people: list[Recipient], programs: list[Recipient], now: datetime
) -> tuple[list[Recipient], list[Recipient]]:
    """Return the recipients without the coordinators whose remit does not hold the request."""
    remits = await recipient_store.remits(tx, now)
    if not any(one.regions or one.topics or one.head for held in remits.values() for one in held):
        return people, programs
    coordinators = {one.person_id for one in (*people, *programs) if one.role is Role.COORDINATOR}
    chosen = recipients.routed(notice, coordinators, remits, await recipient_store.subject_of(tx, fact))

    def is_chosen(one: Recipient) -> bool:
        return one.role is not Role.COORDINATOR or one.person_id in chosen

    return list(filter(is_chosen, people)), list(filter(is_chosen, programs))


def _by_person(recipient: Recipient) -> UUID:
    return recipient.person_id


class _Addressed(NamedTuple):
    """A recipient, and the fact of which they are notified."""

    notice: Notice
    recipient: Recipient
    event: Event
    fact: Fact
    known: Known


async def notify_owners(
    tx: Tx, owners: Sequence[tuple[Holder, Notice, Event, HitRecorded | DigestIssued]], *, now: datetime
) -> None:
    """Create the notification of each owner of a hit or digest, and of each of the owner's webhooks."""
    people = await recipient_store.holders(tx, [owner for owner, *_ in owners])
    appointments = sorted({Appointment(owner.organization, owner.role) for owner, *_ in owners})
    webhooks = await webhook_store.recipients(tx, appointments, notified_of_match=None)
    addressed = []
    for person, (owner, notice, event, fact) in zip(people, owners, strict=True):
        known = await store.known(tx, fact)
        own = [one for one in webhooks if Holder(one.person_id, one.organization, one.role) == owner]
        addressed += [_Addressed(notice, one, event, fact, known) for one in (person, *own)]
    await notify(tx, addressed, now=now)


async def notify(tx: Tx, addressed: Sequence[_Addressed], *, now: datetime) -> None:
    """Create notifications: those of persons together, then those of webhooks, counting the queue of each."""
    people = [one for one in addressed if one.recipient.webhook_id is None]
    await create_notifications_owed(tx, [(_owed(one, now), one.event) for one in people])
    for one in addressed:
        webhook_id = one.recipient.webhook_id
        if webhook_id is None:
            continue
        if await webhook_store.count_waiting(tx, webhook_id, QUEUE_MAX) >= QUEUE_MAX:
            await disable(tx, webhook_id, DisableReason.QUEUE, because=one.event, now=now)
        else:
            await create_notification(tx, _owed(one, now), because=one.event)


def _owed(addressed: _Addressed, now: datetime) -> NotificationOwed:
    notice, recipient, event, fact, known = addressed
    request_id, match_id = matter.about(notice, fact)
    program = recipient.webhook_id is not None
    return NotificationOwed(
        notification_id=new_id(),
        cause_id=event.id if program else matter.cause_of(notice, fact, event.id, event.causationid),
        notice=notice.code,
        person_id=recipient.person_id,
        organization=recipient.organization,
        role=recipient.role,
        reference=matter.reference_of(notice, fact, known),
        link=matter.link_of(notice, fact),
        dispatches=tuple(Due(dispatch_id=new_id(), channel=channel) for channel in sorted(set(recipient.channels))),
        owed_at=now,
        request_id=request_id,
        match_id=match_id,
        webhook_id=recipient.webhook_id,
        record=matter.record_of(notice, event, fact) if program else None,
        happened_at=event.time if program else None,
        whose=matter.whose(notice, fact, known),
        kind=known.kind,
        due_on=matter.due_on(fact),
    )


async def create_notification(tx: Tx, owed: NotificationOwed, *, because: Event | None) -> None:
    """Create a notification, unless its recipient has one of this cause already."""
    await create_notifications_owed(tx, [(owed, because)])


async def create_notifications_owed(tx: Tx, owed: Sequence[tuple[NotificationOwed, Event | None]]) -> None:
    """Create notifications, each with its cause, in one statement; those for the inbox are delivered at once."""
    if not owed:
        return
    made: list[Notification] = []
    facts: list[tuple[Fact, int, Event | None]] = []
    for one, because in owed:
        notification = model.evolve(None, one)
        facts.append((one, notification.revision, because))
        for dispatch in notification.dispatches:
            if dispatch.channel is Channel.INBOX:
                delivered = notification.deliver(dispatch.dispatch_id, now=one.owed_at)
                notification = model.evolve(notification, delivered)
                facts.append((delivered, notification.revision, because))
        made.append(notification)
    added = await store.add(tx, made)
    await announce_each(tx, [one for one in facts if one[0].aggregate_id in added])


async def disable(tx: Tx, webhook_id: UUID, reason: DisableReason, *, because: Event, now: datetime) -> None:
    """Disable a webhook and notify its owner. Does nothing if it is not enabled."""
    webhook = await webhook_store.locked(tx, webhook_id)
    fact = None if webhook is None else webhook.disable(reason, now=now)
    if webhook is None or fact is None:
        return
    after = evolve_webhook(webhook, fact)
    await webhook_store.save(tx, after)
    event = await announce(tx, fact, version=after.revision, because=because)
    owner = await recipient_store.recipient(tx, webhook.person_id, webhook.organization, webhook.role)
    await notify(tx, [_Addressed(audience.TO_OWNER[type(fact)], owner, event, fact, Known())], now=now)


async def record(tx: Tx, before: Notification, fact: Fact, *, because: Event | None = None) -> Notification:
    """Apply a fact to a notification, save it, and announce the fact."""
    after = model.evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision, because=because)
    return after


# -- sending ----------------------------------------------------------------------------------------------------------


async def settle(
    tx: Tx, notification_id: UUID, dispatch_id: UUID, outcome: Outcome, retries: Retries, *, now: datetime
) -> Event | None:
    """Record the outcome of an attempt, and end its lease. If two senders attempted it, the first outcome counts.

    Returns the event; None if the dispatch had ended before.
    """
    notification = await store.locked(tx, notification_id)
    await store.end_lease(tx, dispatch_id)
    if notification is None or notification.dispatch(dispatch_id).status is not Status.OWED:
        return None
    owed = (await read_aggregate(tx, notification_id, limit=1))[0]
    fact = notification.settle(dispatch_id, outcome, retries, now=now)
    after = model.evolve(notification, fact)
    await store.save(tx, after)
    return await announce(tx, fact, version=after.revision, because=owed)


async def read(tx: Tx, ctx: Context, notification_id: UUID) -> Notification:
    """Mark a notification as read; repeating this changes nothing."""
    notification = await store.get(tx, notification_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, Action.READ_NOTIFICATION, notification).required()
    fact = notification.read(now=ctx.now)
    return notification if fact is None else await record(tx, notification, fact)


async def read_all(tx: Tx, ctx: Context) -> None:
    """Mark the caller's unread notifications as read, at most READ_ALL_MAX, the oldest first."""
    policy.decide(ctx.caller, Action.READ_ALL_NOTIFICATIONS).required()
    found = await store.lock_unread(tx, ctx.caller, limit=READ_ALL_MAX)
    facts = [NotificationRead(notification_id=one.notification_id, read_at=ctx.now) for one in found]
    after = [model.evolve(one, fact) for one, fact in zip(found, facts, strict=True)]
    await store.save_read(tx, after)
    await announce_all(tx, [(fact, one.revision) for fact, one in zip(facts, after, strict=True)])
