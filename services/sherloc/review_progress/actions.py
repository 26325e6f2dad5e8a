"""Actions on review progress: load for the caller, decide, save, announce. The edge opens the transaction."""

from collections.abc import Callable
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.effects import Progress
from contracts.facts import Fact
from contracts.refusals import Conflict
from contracts.values import Language
from services.sherloc import policy
from services.sherloc.policy import Action
from services.sherloc.review_progress import model, store
from services.sherloc.review_progress.evolve import evolve
from services.sherloc.review_progress.model import ReviewProgress, ReviewProgressStatus
from services.sherloc.review_progress.rules import NewReviewProgress


async def record_review_progress(
    tx: Tx,
    ctx: Context,
    review_progress_id: UUID,
    state: str,
    cluster: str,
    progress: Progress,
    language: Language,
    text: str,
) -> None:
    """Record progress. Raises Forbidden for another State, Conflict if the cluster already has a record."""
    policy.decide(ctx.caller, Action.RECORD_REVIEW_PROGRESS, NewReviewProgress(state=state)).required()
    salt, texts_hash = hash_texts(text)
    async with tx.as_service():
        await store.lock(tx, review_progress_id)
        if await store.get_as_service(tx, review_progress_id):
            raise Conflict("review-progress-recorded")
        fact = model.record(review_progress_id, state, cluster, progress, language, texts_hash, now=ctx.now)
        await _save(tx, None, fact)
        await store.save_text(tx, review_progress_id, text, salt)


async def revise_review_progress(
    tx: Tx, ctx: Context, review_progress_id: UUID, progress: Progress, language: Language, text: str
) -> None:
    """Revise a record. Raises Missing, Forbidden, Stale, Conflict."""
    salt, texts_hash = hash_texts(text)
    await move(
        tx,
        ctx,
        review_progress_id,
        Action.REVISE_REVIEW_PROGRESS,
        lambda one: one.revise(progress, language, texts_hash, now=ctx.now),
    )
    async with tx.as_service():
        await store.save_text(tx, review_progress_id, text, salt)


async def move(
    tx: Tx, ctx: Context, review_progress_id: UUID, action: Action, decide: Callable[[ReviewProgress], Fact]
) -> None:
    """Make a move that does not change texts; a withdrawal deletes them.

    Raises Missing, Forbidden, Stale, Conflict.
    """
    policy.decide(ctx.caller, action, await store.get(tx, review_progress_id, ctx.caller)).required()
    async with tx.as_service():
        before = await store.get_as_service(tx, review_progress_id)
        assert before is not None, "the caller may see the record, so it exists"
        check_revision(before.revision, ctx.expected)
        after = await _save(tx, before, decide(before))
        if after.status is ReviewProgressStatus.WITHDRAWN:
            await store.delete_text(tx, review_progress_id)


async def _save(tx: Tx, before: ReviewProgress | None, fact: Fact) -> ReviewProgress:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision)
    return after
