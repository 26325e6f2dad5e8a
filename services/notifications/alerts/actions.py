"""Actions on alerts. The caller opens the transaction."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from chassis import erasure
from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from contracts.alerts import AlertCreated, AlertRemoved, Criteria
from contracts.facts import Event, Fact
from contracts.refusals import Conflict
from services.notifications import policy
from services.notifications.alerts import store
from services.notifications.alerts.model import ALERTS_MAX, Alert, AlertSubject, Frequency, check_criteria, evolve
from services.notifications.policy import Action


async def create(
    tx: Tx, ctx: Context, alert_id: UUID, subject: AlertSubject, criteria: Criteria, frequency: Frequency
) -> None:
    """Create an alert.

    Raises Forbidden for a role without alerts on this subject, Invalid for unknown codes, Conflict at the limit.
    """
    caller = ctx.caller
    policy.decide(caller, Action.CREATE_ALERT, subject).required()
    check_criteria(subject, criteria)
    await erasure.require_not_erased(tx, caller.person_id)
    await store.one_at_a_time(tx, caller)
    if len(await store.of_caller(tx, caller)) >= ALERTS_MAX:
        raise Conflict("alert-limit-reached", limit=ALERTS_MAX)
    fact = AlertCreated(
        alert_id=alert_id,
        person_id=caller.person_id,
        organization=caller.organization,
        role=caller.role,
        subject=subject,
        criteria=criteria,
        frequency=frequency,
        created_at=ctx.now,
    )
    await record(tx, None, fact)


async def change(tx: Tx, ctx: Context, alert_id: UUID, action: Action, decide: Callable[[Alert], Fact | None]) -> None:
    """Change an alert in the expected revision; `decide` returns None if nothing changes."""
    alert = await _expected(tx, ctx, alert_id, action)
    fact = decide(alert)
    if fact is not None:
        await record(tx, alert, fact)


async def remove(tx: Tx, ctx: Context, alert_id: UUID) -> None:
    alert = await _expected(tx, ctx, alert_id, Action.REMOVE_ALERT)
    await delete(tx, alert, now=ctx.now)


async def record(tx: Tx, before: Alert | None, fact: Fact) -> None:
    """Apply a fact to an alert, save it, and announce the fact."""
    after = evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision)


async def delete(tx: Tx, alert: Alert, *, now: datetime, because: Event | None = None) -> None:
    await store.delete(tx, alert.alert_id)
    removed = AlertRemoved(alert_id=alert.alert_id, removed_at=now)
    await announce(tx, removed, version=alert.revision + 1, because=because)


async def _expected(tx: Tx, ctx: Context, alert_id: UUID, action: Action) -> Alert:
    alert = await store.get(tx, alert_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, action, alert).required()
    check_revision(alert.revision, ctx.expected)
    return alert
