"""Actions on the register: load for the caller, decide, save, announce. The edge opens the transaction."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.facts import Fact
from contracts.refusals import Conflict
from contracts.values import Role
from services.sherloc import policy
from services.sherloc.legislation import model, store
from services.sherloc.legislation.evolve import evolve
from services.sherloc.legislation.model import Legislation, LegislationTexts, Statement
from services.sherloc.policy import Action

_NO_TEXTS = LegislationTexts()


async def record_legislation(
    tx: Tx,
    ctx: Context,
    legislation_id: UUID,
    state: str,
    article: str,
    statement: Statement,
    texts: LegislationTexts,
    *,
    comment: str,
) -> None:
    """Record a law.

    Raises Forbidden for another State, Conflict if the article already has a record, Invalid.
    """
    policy.decide(ctx.caller, Action.RECORD_LEGISLATION, policy.NewLegislation(state=state)).required()
    salt, texts_hash = hash_texts(texts)
    async with tx.as_service():
        await store.lock(tx, legislation_id)
        if await store.get_as_service(tx, legislation_id):
            raise Conflict("legislation-recorded")
        fact = model.record(legislation_id, state, article, statement, texts, texts_hash, now=ctx.now)
        after = await _save(tx, None, fact, comment)
        await store.save_texts(tx, after, texts, salt)


async def revise_legislation(
    tx: Tx, ctx: Context, legislation_id: UUID, statement: Statement, texts: LegislationTexts, *, comment: str
) -> None:
    """Revise a record and keep its page of SHERLOC. Raises Missing, Forbidden, Stale, Conflict, Invalid."""
    await _allow(tx, ctx, legislation_id, Action.REVISE_LEGISLATION)
    async with tx.as_service():
        before = await _locked(tx, ctx, legislation_id)
        texts = replace(texts, portal_address=(await _texts_of(tx, before)).portal_address)
        salt, texts_hash = hash_texts(texts)
        after = await _save(tx, before, before.revise(statement, texts, texts_hash, now=ctx.now), comment)
        await store.save_texts(tx, after, texts, salt)


async def submit_legislation(tx: Tx, ctx: Context, legislation_id: UUID, *, comment: str) -> None:
    """Submit a record. Raises Missing, Forbidden, Stale, Conflict, Invalid."""
    await _allow(tx, ctx, legislation_id, Action.SUBMIT_LEGISLATION)
    async with tx.as_service():
        before = await _locked(tx, ctx, legislation_id)
        await _save(tx, before, before.submit(await _texts_of(tx, before), now=ctx.now), comment)


async def publish_legislation(tx: Tx, ctx: Context, legislation_id: UUID, *, portal_address: str, comment: str) -> None:
    """Record the publication of a law on SHERLOC. Raises Missing, Forbidden, Stale, Conflict."""
    await _allow(tx, ctx, legislation_id, Action.PUBLISH_LEGISLATION)
    async with tx.as_service():
        before = await _locked(tx, ctx, legislation_id)
        texts = replace(await _texts_of(tx, before), portal_address=portal_address)
        salt, texts_hash = hash_texts(texts)
        after = await _save(tx, before, before.mark_published(texts_hash, now=ctx.now), comment)
        await store.save_texts(tx, after, texts, salt)


async def move(
    tx: Tx, ctx: Context, legislation_id: UUID, action: Action, decide: Callable[[Legislation], Fact], *, comment: str
) -> None:
    """Make a move that does not change texts. Raises Missing, Forbidden, Stale, Conflict."""
    await _allow(tx, ctx, legislation_id, action)
    async with tx.as_service():
        before = await _locked(tx, ctx, legislation_id)
        await _save(tx, before, decide(before), comment)


async def confirm_published(tx: Tx, state: str, role: Role, *, now: datetime) -> int:
    """Confirm all records of a State that are on SHERLOC, as the service; return their number."""
    found = await store.published_of(tx, state)
    for one in found:
        await _save(tx, one, one.confirm_unchanged(role, now=now), "")
    return len(found)


async def _allow(tx: Tx, ctx: Context, legislation_id: UUID, action: Action) -> None:
    policy.decide(ctx.caller, action, await store.get(tx, legislation_id, ctx.caller)).required()


async def _locked(tx: Tx, ctx: Context, legislation_id: UUID) -> Legislation:
    found = await store.get_as_service(tx, legislation_id)
    assert found is not None, "the caller may see the record, so it exists"
    check_revision(found.revision, ctx.expected)
    return found


async def _texts_of(tx: Tx, record: Legislation) -> LegislationTexts:
    key = record.legislation_id, record.texts_revision
    return (await store.texts_of(tx, [key])).get(key, _NO_TEXTS)


async def _save(tx: Tx, before: Legislation | None, fact: Fact, comment: str) -> Legislation:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after, fact)
    await announce(tx, fact, version=after.revision)
    await store.save_comment(tx, after, comment)
    return after
