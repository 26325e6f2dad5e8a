"""Actions on action points: load for the caller, decide, save, announce. The edge opens the transaction."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.action_points import ActionSource
from contracts.facts import Fact
from services.delivery import policy
from services.delivery.action_points import model, store
from services.delivery.action_points.evolve import evolve
from services.delivery.action_points.model import ActionPoint, Terms
from services.delivery.deliveries import store as delivery_store
from services.delivery.policy import Action


async def add(
    tx: Tx, ctx: Context, action_point_id: UUID, delivery_id: UUID, source: ActionSource, terms: Terms, text: str
) -> None:
    """The delivery is locked, so that its action points can be counted."""
    delivery = await delivery_store.locked(tx, delivery_id, ctx.caller)
    policy.decide(ctx.caller, Action.ADD_ACTION_POINT, delivery).required()
    salt, texts_hash = hash_texts(text)
    async with tx.as_service():
        others = await store.count_of(tx, delivery_id)
        fact = model.add(action_point_id, delivery, source, terms, texts_hash, others=others, now=ctx.now)
        await record(tx, None, fact)
        await store.save_text(tx, action_point_id, text, salt)


async def revise(tx: Tx, ctx: Context, action_point_id: UUID, terms: Terms, text: str) -> None:
    salt, texts_hash = hash_texts(text)
    await move(
        tx, ctx, action_point_id, Action.REVISE_ACTION_POINT, lambda one: one.revise(terms, texts_hash, now=ctx.now)
    )
    async with tx.as_service():
        await store.save_text(tx, action_point_id, text, salt)


async def move(
    tx: Tx,
    ctx: Context,
    action_point_id: UUID,
    action: Action,
    decide: Callable[[ActionPoint], Fact],
    *,
    comment: str = "",
) -> None:
    """Raises Missing, Forbidden, Stale."""
    shown = await store.get(tx, action_point_id, ctx.caller)
    policy.decide(ctx.caller, action, shown).required()
    async with tx.as_service():
        before = await store.known(tx, action_point_id)
        assert before is not None, "it was shown"
        check_revision(before.revision, ctx.expected)
        policy.decide(ctx.caller, action, before).required()
        await record(tx, before, decide(before))
        await store.save_comment(tx, action_point_id, comment)


async def remind(tx: Tx, now: datetime) -> int:
    """Remind the owners of those whose due day has come; return how many. Each is reminded once a due day."""
    due = await store.due(tx, now.date())
    for point in due:
        await record(tx, point, point.remind(now=now))
    return len(due)


async def record(tx: Tx, before: ActionPoint | None, fact: Fact) -> ActionPoint:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision)
    return after
