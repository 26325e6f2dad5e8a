"""Actions on the outreach plan: load for the caller, decide, save, announce. The edge opens the transaction."""

from collections.abc import Callable
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.facts import Fact
from services.sherloc import policy
from services.sherloc.outreach import model, store
from services.sherloc.outreach.evolve import evolve
from services.sherloc.outreach.model import OutreachActivity, OutreachTexts, Terms
from services.sherloc.policy import Action


async def plan_outreach_activity(
    tx: Tx, ctx: Context, outreach_activity_id: UUID, terms: Terms, texts: OutreachTexts
) -> None:
    """Plan an activity. Raises Forbidden, Invalid."""
    policy.decide(ctx.caller, Action.PLAN_OUTREACH_ACTIVITY).required()
    salt, texts_hash = hash_texts(texts)
    async with tx.as_service():
        await _save(tx, None, model.plan(outreach_activity_id, terms, texts_hash, now=ctx.now))
        await store.save_texts(tx, outreach_activity_id, texts, salt)


async def revise_outreach_activity(
    tx: Tx, ctx: Context, outreach_activity_id: UUID, terms: Terms, texts: OutreachTexts
) -> None:
    """Revise an activity. Raises Missing, Forbidden, Stale, Conflict, Invalid."""
    salt, texts_hash = hash_texts(texts)
    await move(
        tx,
        ctx,
        outreach_activity_id,
        Action.REVISE_OUTREACH_ACTIVITY,
        lambda one: one.revise(terms, texts_hash, now=ctx.now),
    )
    async with tx.as_service():
        await store.save_texts(tx, outreach_activity_id, texts, salt)


async def move(
    tx: Tx, ctx: Context, outreach_activity_id: UUID, action: Action, decide: Callable[[OutreachActivity], Fact]
) -> None:
    """Make a move that does not change texts. Raises Missing, Forbidden, Stale, Conflict."""
    policy.decide(ctx.caller, action, await store.get(tx, outreach_activity_id, ctx.caller)).required()
    async with tx.as_service():
        before = await store.get_as_service(tx, outreach_activity_id)
        assert before is not None, "the caller may see the activity, so it exists"
        check_revision(before.revision, ctx.expected)
        await _save(tx, before, decide(before))


async def _save(tx: Tx, before: OutreachActivity | None, fact: Fact) -> None:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision)
