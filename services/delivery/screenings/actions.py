"""Actions on screenings: load for the caller, decide, save, announce. The edge opens the transaction."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.ids import new_id
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.facts import Fact
from contracts.refusals import Conflict
from contracts.screenings import Answered, ScreeningKind
from services.delivery import policy
from services.delivery.action_points import actions as action_point_actions
from services.delivery.action_points.actions import NewActionPoint
from services.delivery.action_points.model import Terms
from services.delivery.deliveries import store as delivery_store
from services.delivery.policy import Action
from services.delivery.screenings import model, store
from services.delivery.screenings.evolve import evolve
from services.delivery.screenings.model import SOURCES, Screening


async def begin(
    tx: Tx,
    ctx: Context,
    delivery_id: UUID,
    kind: ScreeningKind,
    answers: Sequence[Answered],
    comments: Mapping[str, str],
) -> None:
    """Begin a screening. Raises Conflict if it was begun before, or the delivery is terminated."""
    delivery = await delivery_store.locked(tx, delivery_id, ctx.caller)
    policy.decide(ctx.caller, Action.ANSWER_SCREENING, delivery).required()
    model.require_delivery(delivery, Action.ANSWER_SCREENING)
    salt, texts_hash = hash_texts(comments)
    fact = model.begin(delivery, kind, answers, texts_hash, now=ctx.now)
    async with tx.as_service():
        if await store.get_as_service(tx, fact.screening_id) is not None:
            raise Conflict("screening-exists", screening_id=fact.screening_id)
        await _record(tx, None, fact)
        await store.save_comments(tx, fact.screening_id, comments, salt)


async def answer(
    tx: Tx, ctx: Context, screening_id: UUID, answers: Sequence[Answered], comments: Mapping[str, str]
) -> None:
    """Replace the previous answers."""
    salt, texts_hash = hash_texts(comments)
    await move(tx, ctx, screening_id, Action.ANSWER_SCREENING, lambda one: one.answer(answers, texts_hash, now=ctx.now))
    async with tx.as_service():
        await store.save_comments(tx, screening_id, comments, salt)


async def complete(tx: Tx, ctx: Context, screening_id: UUID, recommendations: Sequence[tuple[Terms, str]]) -> None:
    """Complete a screening. Each recommendation becomes an action point of the delivery, with its text."""
    done = await move(
        tx,
        ctx,
        screening_id,
        Action.COMPLETE_SCREENING,
        lambda one: one.complete(len(recommendations), now=ctx.now),
    )
    for terms, text in recommendations:
        new = NewActionPoint(action_point_id=new_id(), source=SOURCES[done.screening], terms=terms, text=text)
        await action_point_actions.add(tx, ctx, done.delivery_id, new)


async def move(
    tx: Tx, ctx: Context, screening_id: UUID, action: Action, decide: Callable[[Screening], Fact]
) -> Screening:
    """Move a screening. Raises Missing, Forbidden, Stale, Invalid; Conflict also once the delivery is terminated."""
    shown = await store.get(tx, screening_id, ctx.caller)
    policy.decide(ctx.caller, action, shown).required()
    model.require_delivery(await delivery_store.locked(tx, shown.delivery_id, ctx.caller), action)
    async with tx.as_service():
        before = await store.get_as_service(tx, screening_id)
        assert before is not None, "it has just been read"
        check_revision(before.revision, ctx.expected)
        return await _record(tx, before, decide(before))


async def _record(tx: Tx, before: Screening | None, fact: Fact) -> Screening:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision)
    return after
