"""Actions on sessions: load for the caller, decide, save, announce.

The deliveries of a session are locked first, in the order of their ids, so that a delivery is not completed while one
of its sessions is planned or moved.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.facts import Event, Fact
from contracts.refusals import Conflict, Invalid, Missing
from contracts.values import Period
from services.delivery import policy
from services.delivery.deliveries import store as delivery_store
from services.delivery.deliveries.model import NOT_ENDED, Delivery
from services.delivery.experts import store as expert_store
from services.delivery.policy import Action
from services.delivery.sessions import model, participant_store, store
from services.delivery.sessions.evolve import evolve
from services.delivery.sessions.model import DELIVERY_ENDED, OPEN_FOR, Session, SessionStatus, Terms
from services.delivery.sessions.participant_store import Counts
from services.delivery.sessions.participants import by_sex
from services.delivery.sessions.store import Texts

Decide = Callable[[Session, Sequence[Delivery]], Fact]


async def plan(
    tx: Tx,
    ctx: Context,
    session_id: UUID,
    delivery_id: UUID,
    others: Sequence[UUID],
    days: Period,
    terms: Terms,
    texts: Texts,
) -> None:
    """Plan a session for this delivery, and for `others` of the same joint delivery that the caller may see."""
    found = await _locked(tx, ctx, delivery_id, [delivery_id, *others])
    salt, texts_hash = hash_texts(texts.place)
    fact = model.plan(session_id, found, days, terms, texts_hash, texts.comment, now=ctx.now)
    async with tx.as_service():
        await _check_trainers(tx, terms, fact.provider)
        await record(tx, None, fact)
        await store.save_texts(tx, session_id, texts, salt)


async def _locked(tx: Tx, ctx: Context, delivery_id: UUID, wanted: Sequence[UUID]) -> list[Delivery]:
    """Lock the deliveries and return them, the first one first.

    Raises Missing for the first one, Invalid for another one that the caller may not see, and Forbidden.
    """
    found: dict[UUID, Delivery] = {}
    for one in sorted(set(wanted)):
        try:
            found[one] = await delivery_store.locked(tx, one, ctx.caller)
            policy.decide(ctx.caller, Action.PLAN_SESSION, found[one]).required()
        except Missing as missing:
            raise missing if one == delivery_id else Invalid("session-deliveries", field="deliveries") from missing
    return [found[one] for one in dict.fromkeys([delivery_id, *wanted])]


async def move(tx: Tx, ctx: Context, session_id: UUID, action: Action, decide: Decide, *, comment: str = "") -> Session:
    """Move a session. Raises Missing, Forbidden, Stale; Conflict also if none of its deliveries allows the move."""
    shown = await _for_move(tx, ctx, session_id, action)
    async with tx.as_service():
        deliveries = [
            one for each in sorted(shown.deliveries) if (one := await delivery_store.get_as_service(tx, each))
        ]
        before = await store.get_as_service(tx, session_id)
        assert before is not None, "it has just been read"
        check_revision(before.revision, ctx.expected)
        before.require(action)
        going_on = [one for one in deliveries if one.status in OPEN_FOR[action]]
        if not going_on:
            raise Conflict("delivery-status", status=deliveries[0].status, move=action)
        after = await record(tx, before, decide(before, going_on))
        await store.save_comment(tx, session_id, comment)
    return after


async def _for_move(tx: Tx, ctx: Context, session_id: UUID, action: Action) -> Session:
    """Return the session, not locked yet, because its deliveries are locked first. Raises Missing, Forbidden, Stale."""
    found = await store.get(tx, session_id, ctx.caller)
    policy.decide(ctx.caller, action, found).required()
    check_revision(found.revision, ctx.expected)
    return found


async def revise(tx: Tx, ctx: Context, session_id: UUID, terms: Terms, texts: Texts) -> None:
    salt, texts_hash = hash_texts(texts.place)
    shown = await _for_move(tx, ctx, session_id, Action.REVISE_SESSION)
    async with tx.as_service():
        await _check_trainers(tx, terms, shown.provider)
    await move(tx, ctx, session_id, Action.REVISE_SESSION, lambda one, _: one.revise(terms, texts_hash, now=ctx.now))
    async with tx.as_service():
        await store.save_texts(tx, session_id, texts, salt)


async def _check_trainers(tx: Tx, terms: Terms, provider: str) -> None:
    """Raise Invalid if a trainer is not on the provider's roster."""
    if await expert_store.not_on_roster(tx, terms.trainers, provider):
        raise Invalid("trainer-unknown", field="trainers")


async def report(
    tx: Tx, ctx: Context, session_id: UUID, action: Action, counts: Mapping[UUID, Counts], *, comment: str = ""
) -> None:
    """Record that a session took place (`hold`), or its participants later, for deliveries that the caller may see.

    Raises Invalid for a delivery that the session does not serve or the caller may not see, Conflict for one whose
    status does not allow the move.
    """
    shown = await _for_move(tx, ctx, session_id, action)
    for delivery_id in counts:
        if delivery_id not in shown.deliveries or not await delivery_store.is_seen(tx, delivery_id, ctx.caller):
            raise Invalid("participants-delivery", field="participants")
    salt, counts_hash = hash_texts({str(one): each for one, each in counts.items()})

    took_part = [by_sex(one, each) for one, each in counts.items()]
    async with tx.as_service():
        trainers = await expert_store.by_sex(tx, shown.trainers)

    def decide(session: Session, going_on: Sequence[Delivery]) -> Fact:
        if not counts.keys() <= {one.delivery_id for one in going_on}:
            raise Conflict("delivery-status", move=action)
        if action is Action.HOLD:
            return session.hold(took_part, counts_hash if counts else None, trainers, now=ctx.now)
        return session.report(took_part, counts_hash, now=ctx.now)

    await move(tx, ctx, session_id, action, decide, comment=comment)
    if counts:
        async with tx.as_service():
            await participant_store.save(tx, session_id, counts, salt)


async def cancel_planned(tx: Tx, delivery: Delivery, *, now: datetime, because: Event | None = None) -> None:
    """Cancel the planned sessions of a terminated delivery that serve no other delivery in progress."""
    for session in await store.not_cancelled(tx, delivery.delivery_id):
        if session.status is not SessionStatus.PLANNED:
            continue
        others = [
            await delivery_store.get_as_service(tx, one) for one in session.deliveries if one != delivery.delivery_id
        ]
        if not any(one is not None and one.status in NOT_ENDED for one in others):
            await record(tx, session, session.cancel(DELIVERY_ENDED, now=now), because=because)


async def record(tx: Tx, before: Session | None, fact: Fact, *, because: Event | None = None) -> Session:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision, because=because)
    return after
