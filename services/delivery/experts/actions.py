"""Actions on experts: load for the caller, decide, save, announce. The edge opens the transaction."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from chassis import clock
from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.facts import Event, Fact
from services.delivery import policy
from services.delivery.experts import model, store
from services.delivery.experts.evolve import evolve
from services.delivery.experts.model import Expert, ExpertStatus, Profile
from services.delivery.experts.store import Texts
from services.delivery.policy import Action


async def enter(tx: Tx, ctx: Context, expert_id: UUID, profile: Profile, texts: Texts) -> None:
    """Enter an expert on the roster of the caller's organization."""
    policy.decide(ctx.caller, Action.ENTER_EXPERT).required()
    salt, texts_hash = hash_texts(texts)
    fact = model.enter(expert_id, ctx.caller.organization, profile, texts_hash, now=ctx.now)
    async with tx.as_service():
        await record(tx, None, fact)
        await store.save_texts(tx, expert_id, texts, salt)


async def revise(tx: Tx, ctx: Context, expert_id: UUID, profile: Profile, texts: Texts) -> None:
    salt, texts_hash = hash_texts(texts)
    await _move(tx, ctx, expert_id, Action.REVISE_EXPERT, lambda one: one.revise(profile, texts_hash, now=ctx.now))
    async with tx.as_service():
        await store.save_texts(tx, expert_id, texts, salt)


async def record_consent(tx: Tx, ctx: Context, expert_id: UUID, consented_on: date) -> None:
    def decide(expert: Expert) -> Fact:
        return expert.consent(consented_on, ctx.caller.person_id, now=ctx.now)

    await _move(tx, ctx, expert_id, Action.RECORD_CONSENT, decide)


async def withdraw(tx: Tx, ctx: Context, expert_id: UUID) -> None:
    """Withdraw an expert from the roster, and delete the name and other texts."""
    await _move(tx, ctx, expert_id, Action.WITHDRAW_EXPERT, lambda one: one.withdraw(now=ctx.now))
    async with tx.as_service():
        await store.delete_texts(tx, expert_id)


async def forget(tx: Tx, person_id: UUID, because: Event | None) -> int:
    """Delete rows that name this person, and withdraw the person from all rosters; return the number of rows."""
    found = await store.forget(tx, person_id)
    for expert_id in found:
        expert = await store.get_as_service(tx, expert_id)
        if expert is not None and expert.status is ExpertStatus.LISTED:
            await record(tx, expert, expert.withdraw(now=clock.now()), because=because)
    return len(found)


async def _move(tx: Tx, ctx: Context, expert_id: UUID, action: Action, decide: Callable[[Expert], Fact]) -> None:
    """Move an expert. Raises Missing, Forbidden, Stale, Conflict, Invalid."""
    before = await store.get(tx, expert_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, action, before).required()
    check_revision(before.revision, ctx.expected)
    async with tx.as_service():
        await record(tx, before, decide(before))


async def record(tx: Tx, before: Expert | None, fact: Fact, *, because: Event | None = None) -> Expert:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision, because=because)
    return after
