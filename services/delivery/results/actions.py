"""Actions on results: load for the caller, decide, save, announce. The edge opens the transaction."""

from collections.abc import Callable
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.facts import Fact
from contracts.refusals import Conflict
from contracts.values import side_of
from services.delivery import policy
from services.delivery.deliveries import request_store
from services.delivery.deliveries import store as delivery_store
from services.delivery.files import actions as file_actions
from services.delivery.policy import Action
from services.delivery.results import model, store
from services.delivery.results.evolve import evolve
from services.delivery.results.model import Figures, Result


async def report_first(tx: Tx, ctx: Context, delivery_id: UUID, indicator: str, figures: Figures, comment: str) -> None:
    """Report an indicator for the first time. Raises Conflict if it was reported before, or the request is closed."""
    delivery = await delivery_store.locked(tx, delivery_id, ctx.caller)
    policy.decide(ctx.caller, Action.REPORT_RESULT, delivery).required()
    await _check_evidence(tx, ctx, delivery_id, figures)
    salt, texts_hash = hash_texts(comment)
    fact = model.report_first(delivery, side_of(ctx.caller.role), indicator, figures, texts_hash, now=ctx.now)
    async with tx.as_service():
        await request_store.require_not_closed(tx, delivery.request_id)
        if await store.get_as_service(tx, fact.result_id) is not None:
            raise Conflict("result-exists", result_id=fact.result_id)
        await _record(tx, None, fact)
        await store.save_comment(tx, fact.result_id, comment, salt)


async def report(tx: Tx, ctx: Context, result_id: UUID, figures: Figures, comment: str) -> None:
    """Report a result again."""
    salt, texts_hash = hash_texts(comment)
    shown = await _for_move(tx, ctx, result_id, Action.REPORT_RESULT)
    await _check_evidence(tx, ctx, shown.delivery_id, figures)
    side = side_of(ctx.caller.role)
    await _moved(tx, ctx, result_id, lambda one: one.report(side, figures, texts_hash, now=ctx.now))
    async with tx.as_service():
        await store.save_comment(tx, result_id, comment, salt)


async def confirm(tx: Tx, ctx: Context, result_id: UUID, comment: str) -> None:
    await _for_move(tx, ctx, result_id, Action.CONFIRM_RESULT)
    await _moved(tx, ctx, result_id, lambda one: one.confirm(now=ctx.now))
    async with tx.as_service():
        await store.save_answer(tx, result_id, comment)


async def dispute(tx: Tx, ctx: Context, result_id: UUID, reason: str, comment: str) -> None:
    await _for_move(tx, ctx, result_id, Action.DISPUTE_RESULT)
    await _moved(tx, ctx, result_id, lambda one: one.dispute(reason, now=ctx.now))
    async with tx.as_service():
        await store.save_answer(tx, result_id, comment)


async def _for_move(tx: Tx, ctx: Context, result_id: UUID, action: Action) -> Result:
    """Return the result. Raises Missing, Forbidden."""
    found = await store.get(tx, result_id, ctx.caller)
    policy.decide(ctx.caller, action, found).required()
    return found


async def _moved(tx: Tx, ctx: Context, result_id: UUID, decide: Callable[[Result], Fact]) -> None:
    """Record the move of a result. Raises Stale, and Conflict once the request is closed."""
    async with tx.as_service():
        before = await store.get_as_service(tx, result_id)
        assert before is not None, "it has just been read"
        check_revision(before.revision, ctx.expected)
        await request_store.require_not_closed(tx, before.request_id)
        await _record(tx, before, decide(before))


async def _check_evidence(tx: Tx, ctx: Context, delivery_id: UUID, figures: Figures) -> None:
    if figures.file_id is not None:
        await file_actions.require_evidence(tx, ctx, delivery_id, figures.file_id)


async def _record(tx: Tx, before: Result | None, fact: Fact) -> Result:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision)
    return after
