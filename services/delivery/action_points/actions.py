"""Actions on action points: load for the caller, decide, save, announce. The edge opens the transaction."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from msgspec import Struct

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
from services.delivery.action_points.model import ActionPoint, Subject, Terms
from services.delivery.deliveries import store as delivery_store
from services.delivery.policy import Action
from services.delivery.strategies import store as strategy_store
from services.delivery.strategies.model import Strategy


class NewActionPoint(Struct, frozen=True, kw_only=True):
    """An action point to add."""

    action_point_id: UUID
    source: ActionSource
    terms: Terms
    text: str


async def add(tx: Tx, ctx: Context, delivery_id: UUID, new: NewActionPoint) -> None:
    """Add an action point to a delivery, which is locked so that its action points can be counted."""
    delivery = await delivery_store.locked(tx, delivery_id, ctx.caller)
    policy.decide(ctx.caller, Action.ADD_ACTION_POINT, delivery).required()
    async with tx.as_service():
        await _add(tx, ctx, model.of_delivery(delivery), new)


async def add_to_strategy(tx: Tx, ctx: Context, strategy_id: UUID, new: NewActionPoint) -> None:
    """Add an action point to a strategy, which is locked so that it cannot be concluded meanwhile.

    Raises Missing, Forbidden, Conflict, Invalid.
    """
    policy.decide(ctx.caller, Action.ADD_ACTION_POINT, await strategy_store.get(tx, strategy_id, ctx.caller)).required()
    async with tx.as_service():
        strategy = await _active_strategy(tx, strategy_id, Action.ADD_ACTION_POINT)
        await _add(tx, ctx, model.of_strategy(strategy), new)


async def _add(tx: Tx, ctx: Context, subject: Subject, new: NewActionPoint) -> None:
    salt, texts_hash = hash_texts(new.text)
    others = await store.count_of(tx, subject)
    fact = model.add(new.action_point_id, subject, new.source, new.terms, texts_hash, others=others, now=ctx.now)
    await record(tx, None, fact)
    await store.save_text(tx, new.action_point_id, new.text, salt)


async def _active_strategy(tx: Tx, strategy_id: UUID, action: Action) -> Strategy:
    """Lock and return the strategy. Raises Conflict if it is concluded."""
    strategy = await strategy_store.get_as_service(tx, strategy_id)
    assert strategy is not None, "the strategy was read before, or has an action point"
    strategy.require_active(action)
    return strategy


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
    """Move an action point and save the comment. Raises Missing, Forbidden, Stale, Conflict."""
    shown = await store.get(tx, action_point_id, ctx.caller)
    policy.decide(ctx.caller, action, shown).required()
    async with tx.as_service():
        if action is Action.REOPEN_ACTION_POINT and shown.strategy_id is not None:
            await _active_strategy(tx, shown.strategy_id, action)
        before = await store.get_as_service(tx, action_point_id)
        assert before is not None, "it has just been read"
        check_revision(before.revision, ctx.expected)
        policy.decide(ctx.caller, action, before).required()
        await record(tx, before, decide(before))
        await store.save_comment(tx, action_point_id, comment)


async def remind(tx: Tx, now: datetime) -> int:
    """Remind the owners of open action points that are due; return how many. Each is reminded once for each due day."""
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
