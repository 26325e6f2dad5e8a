"""Actions on informal meetings: load for the caller, decide, save, announce. The edge opens the transaction."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.facts import Fact
from contracts.refusals import Missing
from contracts.values import Language
from services.sherloc import policy
from services.sherloc.meetings import model, store
from services.sherloc.meetings.evolve import evolve
from services.sherloc.meetings.model import Meeting, MeetingTexts
from services.sherloc.meetings.store import Lesson
from services.sherloc.policy import Action


async def plan_meeting(
    tx: Tx, ctx: Context, meeting_id: UUID, starts_on: date, language: Language, texts: MeetingTexts
) -> None:
    """Plan a meeting. Raises Forbidden, Invalid."""
    policy.decide(ctx.caller, Action.PLAN_MEETING).required()
    salt, texts_hash = hash_texts(texts)
    async with tx.as_service():
        await _save(tx, None, model.plan(meeting_id, starts_on, language, texts_hash, now=ctx.now))
        await store.save_texts(tx, meeting_id, texts, salt)


async def revise_meeting(
    tx: Tx, ctx: Context, meeting_id: UUID, starts_on: date, language: Language, texts: MeetingTexts
) -> None:
    """Revise a meeting. Raises Missing, Forbidden, Stale, Conflict, Invalid."""
    salt, texts_hash = hash_texts(texts)
    await move(
        tx,
        ctx,
        meeting_id,
        Action.REVISE_MEETING,
        lambda one: one.revise(starts_on, language, texts_hash, now=ctx.now),
    )
    async with tx.as_service():
        await store.save_texts(tx, meeting_id, texts, salt)


async def move(tx: Tx, ctx: Context, meeting_id: UUID, action: Action, decide: Callable[[Meeting], Fact]) -> None:
    """Make a move that does not change texts. Raises Missing, Forbidden, Stale, Conflict."""
    policy.decide(ctx.caller, action, await store.get(tx, meeting_id, ctx.caller)).required()
    async with tx.as_service():
        before = await _locked(tx, meeting_id)
        check_revision(before.revision, ctx.expected)
        await _save(tx, before, decide(before))


async def add_lesson(tx: Tx, ctx: Context, meeting_id: UUID, lesson_id: UUID, text: str) -> None:
    """Add a lesson without its author and without a fact. Raises Missing, Forbidden, Conflict, Invalid."""
    policy.decide(ctx.caller, Action.ADD_LESSON, await store.get(tx, meeting_id, ctx.caller)).required()
    async with tx.as_service():
        (await _locked(tx, meeting_id)).check_lesson(lesson_id, await store.count_lessons(tx, meeting_id))
        await store.save_lesson(tx, meeting_id, Lesson(lesson_id=lesson_id, text=text))


async def remove_lesson(tx: Tx, ctx: Context, meeting_id: UUID, lesson_id: UUID) -> None:
    """Remove a lesson. Raises Missing, also for an unknown lesson, Forbidden, Stale, Conflict."""
    await move(tx, ctx, meeting_id, Action.REMOVE_LESSON, lambda one: one.remove_lesson(lesson_id, now=ctx.now))
    async with tx.as_service():
        if not await store.delete_lesson(tx, meeting_id, lesson_id):
            raise Missing("not-found")


async def _locked(tx: Tx, meeting_id: UUID) -> Meeting:
    found = await store.get_as_service(tx, meeting_id)
    assert found is not None, "the caller may see the meeting, so it exists"
    return found


async def _save(tx: Tx, before: Meeting | None, fact: Fact) -> None:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision)
