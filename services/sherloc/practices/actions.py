"""Actions on practices: load for the caller, decide, save, announce. The edge opens the transaction."""

from collections.abc import Callable
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.facts import Fact
from contracts.refusals import Invalid
from contracts.values import Role
from services.sherloc import policy
from services.sherloc.policy import Action
from services.sherloc.practices import delivery_store, model, store
from services.sherloc.practices.evolve import evolve
from services.sherloc.practices.model import Description, Practice, PracticeStatus, PracticeTexts
from services.sherloc.practices.search import stems_of


async def record_practice(
    tx: Tx,
    ctx: Context,
    practice_id: UUID,
    description: Description,
    texts: PracticeTexts,
    *,
    delivery_id: UUID | None,
) -> None:
    """Record a practice.

    Raises Forbidden for other roles, Invalid for a false statement on the review or another's delivery.
    """
    policy.decide(ctx.caller, Action.RECORD_PRACTICE).required()
    await _require_delivery(tx, ctx, delivery_id)
    of_provider = ctx.caller.role is Role.PROVIDER_OFFICER
    salt, texts_hash = hash_texts(texts)
    fact = model.record(
        practice_id,
        description,
        texts_hash,
        state=None if of_provider else ctx.caller.organization,
        provider=ctx.caller.organization if of_provider else None,
        delivery_id=delivery_id,
        now=ctx.now,
    )
    async with tx.as_service():
        await _save(tx, None, fact)
        await store.save_texts(tx, practice_id, texts, salt, stems_of(description, texts))


async def revise_practice(
    tx: Tx, ctx: Context, practice_id: UUID, description: Description, texts: PracticeTexts
) -> None:
    """Revise a practice. Raises Missing, Forbidden, Stale, Conflict, Invalid."""
    await _allow(tx, ctx, practice_id, Action.REVISE_PRACTICE)
    async with tx.as_service():
        before = await _locked(tx, ctx, practice_id)
        salt, texts_hash = hash_texts(texts)
        await _save(tx, before, before.revise(description, texts_hash, now=ctx.now))
        await store.save_texts(tx, practice_id, texts, salt, stems_of(description, texts))


async def move(
    tx: Tx, ctx: Context, practice_id: UUID, action: Action, decide: Callable[[Practice], Fact], *, comment: str
) -> None:
    """Make a move that does not change texts; a withdrawal deletes them.

    Raises Missing, Forbidden, Stale, Conflict, Invalid.
    """
    await _allow(tx, ctx, practice_id, action)
    async with tx.as_service():
        before = await _locked(tx, ctx, practice_id)
        after = await _save(tx, before, decide(before))
        if after.status is PracticeStatus.WITHDRAWN:
            await store.delete_texts(tx, practice_id)
        else:
            await store.save_comment(tx, practice_id, comment)


async def add_use(tx: Tx, ctx: Context, practice_id: UUID, delivery_id: UUID) -> None:
    """Record that a delivery used a practice.

    Raises Missing, Forbidden, Stale, Conflict, and Invalid for another's delivery.
    """
    await _allow(tx, ctx, practice_id, Action.ADD_USE)
    await _require_delivery(tx, ctx, delivery_id)
    async with tx.as_service():
        before = await _locked(tx, ctx, practice_id)
        is_used = await store.is_used_in(tx, practice_id, delivery_id)
        await _save(tx, before, before.add_use(delivery_id, is_used=is_used, now=ctx.now))


async def remove_use(tx: Tx, ctx: Context, practice_id: UUID, delivery_id: UUID) -> None:
    """Remove the use of a practice by a delivery.

    Raises Missing, Forbidden, Stale, Conflict, and Invalid for another's delivery.
    """
    await _allow(tx, ctx, practice_id, Action.REMOVE_USE)
    await _require_delivery(tx, ctx, delivery_id)
    async with tx.as_service():
        before = await _locked(tx, ctx, practice_id)
        is_used = await store.is_used_in(tx, practice_id, delivery_id)
        await _save(tx, before, before.remove_use(delivery_id, is_used=is_used, now=ctx.now))


async def _require_delivery(tx: Tx, ctx: Context, delivery_id: UUID | None) -> None:
    """Raise Invalid unless the caller sees this completed delivery.

    The refusal is the same for a delivery that is not completed, another's, or absent.
    """
    if delivery_id is not None and not await delivery_store.is_shown(tx, delivery_id, ctx.caller):
        raise Invalid("practice-delivery-unknown", field="delivery_id")


async def _allow(tx: Tx, ctx: Context, practice_id: UUID, action: Action) -> None:
    policy.decide(ctx.caller, action, await store.get(tx, practice_id, ctx.caller)).required()


async def _locked(tx: Tx, ctx: Context, practice_id: UUID) -> Practice:
    found = await store.get_as_service(tx, practice_id)
    assert found is not None, "the caller may see the practice, so it exists"
    check_revision(found.revision, ctx.expected)
    return found


async def _save(tx: Tx, before: Practice | None, fact: Fact) -> Practice:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after, fact)
    await announce(tx, fact, version=after.revision)
    return after
