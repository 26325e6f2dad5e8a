"""Actions on effects: load for the caller, decide, save, announce. The edge opens the transaction."""

from collections.abc import Callable
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.facts import Fact
from contracts.refusals import Invalid
from services.delivery import policy
from services.delivery.deliveries import store as delivery_store
from services.delivery.effects import model, store
from services.delivery.effects.evolve import evolve
from services.delivery.effects.model import Change, Effect, EffectStatus, EffectTexts
from services.delivery.files import store as file_store
from services.delivery.files.model import author_side
from services.delivery.policy import Action


async def record_effect(
    tx: Tx, ctx: Context, effect_id: UUID, delivery_id: UUID, change: Change, texts: EffectTexts
) -> None:
    """Record an effect; the delivery is locked so that its evidence cannot be removed meanwhile.

    Raises Missing, Forbidden, Conflict, Invalid.
    """
    delivery = await delivery_store.locked(tx, delivery_id, ctx.caller)
    policy.decide(ctx.caller, Action.RECORD_EFFECT, delivery).required()
    salt, texts_hash = hash_texts(texts)
    side = author_side(ctx.caller.role)
    fact = model.record(effect_id, delivery, side, change, texts, texts_hash, by=ctx.caller.person_id, now=ctx.now)
    async with tx.as_service():
        if change.file_id is not None and not await file_store.is_evidence_of(tx, change.file_id, delivery_id):
            raise Invalid("effect-evidence-unsuitable", field="file_id")
        await _save(tx, None, fact)
        await store.save_texts(tx, effect_id, texts, salt)


async def move(
    tx: Tx, ctx: Context, effect_id: UUID, action: Action, decide: Callable[[Effect], Fact], *, comment: str = ""
) -> None:
    """Move an effect and save the comment; withdrawal deletes its texts. Raises Missing, Forbidden, Stale, Conflict."""
    policy.decide(ctx.caller, action, await store.get(tx, effect_id, ctx.caller)).required()
    async with tx.as_service():
        before = await store.get_as_service(tx, effect_id)
        assert before is not None, "it has just been read"
        check_revision(before.revision, ctx.expected)
        after = await _save(tx, before, decide(before))
        if after.status is EffectStatus.WITHDRAWN:
            await store.delete_texts(tx, effect_id)
        else:
            await store.save_comment(tx, effect_id, comment)


async def _save(tx: Tx, before: Effect | None, fact: Fact) -> Effect:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision)
    return after
