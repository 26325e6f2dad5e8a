"""Actions on follow-ups: load for the caller, decide, save, announce. The edge opens the transaction."""

from datetime import datetime
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.deliveries import DeliveryCompleted
from contracts.facts import Fact
from contracts.follow_ups import Use
from contracts.values import Caller, Language
from services.delivery import policy
from services.delivery.follow_ups import model, store
from services.delivery.follow_ups.evolve import evolve
from services.delivery.follow_ups.model import FollowUp
from services.delivery.policy import Action


async def schedule(tx: Tx, completed: DeliveryCompleted) -> None:
    """Schedule the follow-ups of a delivery that has just been completed."""
    for fact in model.schedule(completed):
        await record(tx, None, fact)


async def expire(tx: Tx, now: datetime) -> int:
    """Send the questions and reminders that are due, and let follow-ups lapse; return the number of moves.

    Follow-ups locked by another process are skipped.
    """
    due = await store.due(tx, now)
    for one in due:
        fact = one.expire(now=now)
        assert fact is not None, "the follow-up is due"
        await record(tx, one, fact)
    return len(due)


async def answer(tx: Tx, ctx: Context, follow_up_id: UUID, result: Use, text: str, language: Language | None) -> None:
    """Answer a follow-up, or replace the previous answer. Raises Missing, Forbidden, Stale, Conflict."""
    shown = await store.get(tx, follow_up_id, ctx.caller)
    policy.decide(ctx.caller, Action.ANSWER, shown).required()
    check_revision(shown.revision, ctx.expected)
    async with tx.as_service():
        await _answer(tx, follow_up_id, result, text, language, expected=ctx.expected, now=ctx.now)


async def answer_by_link(
    tx: Tx, caller: Caller, follow_up_id: UUID, result: Use, text: str, language: Language | None, *, now: datetime
) -> FollowUp:
    """Answer as the recipient of a mail's link: first the result, then the text. A repeat changes nothing.

    Raises Missing, Forbidden, Conflict.
    """
    policy.decide(caller, Action.ANSWER, await store.get(tx, follow_up_id, caller)).required()
    async with tx.as_service():
        found = await store.get_as_service(tx, follow_up_id)
        assert found is not None, "it has just been read"
        said = (await store.texts_of(tx, [follow_up_id])).get(follow_up_id, "")
        if found.result is result and text in {"", said}:
            return found
        return await _answer(tx, follow_up_id, result, text or said, language or found.language, now=now)


async def _answer(
    tx: Tx,
    follow_up_id: UUID,
    result: Use,
    text: str,
    language: Language | None,
    *,
    expected: int | None = None,
    now: datetime,
) -> FollowUp:
    before = await store.get_as_service(tx, follow_up_id)
    assert before is not None, "it has just been read"
    if expected is not None:
        check_revision(before.revision, expected)
    salt, text_hash = hash_texts(text)
    fact = before.answer(result, language if text else None, text_hash if text else None, now=now)
    after = await record(tx, before, fact)
    if text:
        await store.save_text(tx, follow_up_id, salt, text)
    else:
        await store.drop_text(tx, follow_up_id)
    return after


async def record(tx: Tx, before: FollowUp | None, fact: Fact) -> FollowUp:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision)
    return after
