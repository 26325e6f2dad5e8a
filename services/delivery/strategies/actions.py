"""Actions on strategies: load for the caller, decide, save, announce. The edge opens the transaction."""

from collections.abc import Callable
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.facts import Fact
from services.delivery import policy
from services.delivery.deliveries import request_store
from services.delivery.policy import Action
from services.delivery.strategies import model, store
from services.delivery.strategies.evolve import evolve
from services.delivery.strategies.model import Outline, Strategy, StrategyTexts


async def draw_up(
    tx: Tx, ctx: Context, strategy_id: UUID, request_id: UUID, outline: Outline, texts: StrategyTexts
) -> None:
    """Draw up a strategy; the request is locked so that its strategies can be counted.

    Raises Forbidden, Missing, Conflict.
    """
    policy.decide(ctx.caller, Action.DRAW_UP_STRATEGY).required()
    state = await request_store.locked_state(tx, request_id, ctx.caller)
    salt, texts_hash = hash_texts(texts)
    async with tx.as_service():
        others = await store.count_of(tx, request_id)
        fact = model.draw_up(strategy_id, request_id, state, outline, texts_hash, others=others, now=ctx.now)
        await _save(tx, None, fact)
        await store.save_texts(tx, strategy_id, texts, salt)


async def revise(tx: Tx, ctx: Context, strategy_id: UUID, outline: Outline, texts: StrategyTexts) -> None:
    salt, texts_hash = hash_texts(texts)
    before = await _for_move(tx, ctx, strategy_id, Action.REVISE_STRATEGY)
    async with tx.as_service():
        await _save(tx, before, before.revise(outline, texts_hash, now=ctx.now))
        await store.save_texts(tx, strategy_id, texts, salt)


async def conclude(tx: Tx, ctx: Context, strategy_id: UUID, comment: str) -> None:
    """Conclude a strategy.

    It is locked while its action points are counted, and also when one of them is added or reopened.
    """
    before = await _for_move(tx, ctx, strategy_id, Action.CONCLUDE_STRATEGY)
    async with tx.as_service():
        unsettled = await store.count_unsettled(tx, strategy_id)
        await _save(tx, before, before.conclude(unsettled=unsettled, now=ctx.now))
        await store.save_comment(tx, strategy_id, comment)


async def move(
    tx: Tx, ctx: Context, strategy_id: UUID, action: Action, decide: Callable[[Strategy], Fact], *, comment: str
) -> None:
    """Make a move that depends on the strategy only."""
    before = await _for_move(tx, ctx, strategy_id, action)
    async with tx.as_service():
        await _save(tx, before, decide(before))
        await store.save_comment(tx, strategy_id, comment)


async def _for_move(tx: Tx, ctx: Context, strategy_id: UUID, action: Action) -> Strategy:
    """Return the strategy, locked. Raises Missing, Forbidden, Stale."""
    policy.decide(ctx.caller, action, await store.get(tx, strategy_id, ctx.caller)).required()
    async with tx.as_service():
        before = await store.get_as_service(tx, strategy_id)
    assert before is not None, "it has just been read"
    check_revision(before.revision, ctx.expected)
    return before


async def _save(tx: Tx, before: Strategy | None, fact: Fact) -> None:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision)
