"""Actions on contributions: load for the caller, decide, save, announce. The edge opens the transaction."""

from collections.abc import Callable
from uuid import UUID

from msgspec.structs import replace

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.contributions import ContributionKind
from contracts.facts import Fact
from services.sherloc import policy
from services.sherloc.contributions import model, store
from services.sherloc.contributions.evolve import evolve
from services.sherloc.contributions.model import Content, Contribution, ContributionStatus, ContributionTexts
from services.sherloc.policy import Action

_NO_TEXTS = ContributionTexts()


async def draft_contribution(
    tx: Tx,
    ctx: Context,
    contribution_id: UUID,
    kind: ContributionKind,
    content: Content,
    texts: ContributionTexts,
    *,
    comment: str,
) -> None:
    """Begin a contribution of the caller's State. Raises Forbidden, Invalid."""
    policy.decide(ctx.caller, Action.DRAFT_CONTRIBUTION).required()
    salt, texts_hash = hash_texts(texts)
    fact = model.draft(contribution_id, ctx.caller.organization, kind, content, texts, texts_hash, now=ctx.now)
    async with tx.as_service():
        await _save(tx, None, fact, comment)
        await store.save_texts(tx, contribution_id, texts, salt)


async def revise_contribution(
    tx: Tx, ctx: Context, contribution_id: UUID, content: Content, texts: ContributionTexts, *, comment: str
) -> None:
    """Revise a contribution; its earlier texts are deleted. Raises Missing, Forbidden, Stale, Conflict, Invalid."""
    await _allow(tx, ctx, contribution_id, Action.REVISE_CONTRIBUTION)
    salt, texts_hash = hash_texts(texts)
    async with tx.as_service():
        before = await _locked(tx, ctx, contribution_id)
        await _save(tx, before, before.revise(content, texts, texts_hash, now=ctx.now), comment)
        await store.save_texts(tx, contribution_id, texts, salt)


async def submit_contribution(tx: Tx, ctx: Context, contribution_id: UUID, *, comment: str) -> None:
    """Submit a contribution. Raises Missing, Forbidden, Stale, Conflict, Invalid."""
    await _allow(tx, ctx, contribution_id, Action.SUBMIT_CONTRIBUTION)
    async with tx.as_service():
        before = await _locked(tx, ctx, contribution_id)
        await _save(tx, before, before.submit(await _texts_of(tx, contribution_id), now=ctx.now), comment)


async def publish_contribution(
    tx: Tx, ctx: Context, contribution_id: UUID, *, portal_address: str, comment: str
) -> None:
    """Record the publication of a contribution on SHERLOC. Raises Missing, Forbidden, Stale, Conflict."""
    await _allow(tx, ctx, contribution_id, Action.PUBLISH_CONTRIBUTION)
    async with tx.as_service():
        before = await _locked(tx, ctx, contribution_id)
        texts = replace(await _texts_of(tx, contribution_id), portal_address=portal_address)
        salt, texts_hash = hash_texts(texts)
        await _save(tx, before, before.put_on_portal(texts_hash, now=ctx.now), comment)
        await store.save_texts(tx, contribution_id, texts, salt)


async def supersede_contribution(
    tx: Tx, ctx: Context, contribution_id: UUID, superseded_by: UUID, *, comment: str
) -> None:
    """Record that a newer contribution replaces this one. Raises Missing, Forbidden, Stale, Conflict, Invalid."""
    await _allow(tx, ctx, contribution_id, Action.SUPERSEDE_CONTRIBUTION)
    async with tx.as_service():
        before = await _locked(tx, ctx, contribution_id)
        newer = await store.get_as_service(tx, superseded_by)
        await _save(tx, before, before.supersede(newer, now=ctx.now), comment)


async def move(
    tx: Tx, ctx: Context, contribution_id: UUID, action: Action, decide: Callable[[Contribution], Fact], *, comment: str
) -> None:
    """Make a move that does not change texts; a withdrawal deletes them. Raises Missing, Forbidden, Stale, Conflict."""
    await _allow(tx, ctx, contribution_id, action)
    async with tx.as_service():
        before = await _locked(tx, ctx, contribution_id)
        fact = decide(before)
        if evolve(before, fact).status is ContributionStatus.WITHDRAWN:
            await store.delete_texts(tx, contribution_id)
            comment = ""
        await _save(tx, before, fact, comment)


async def _allow(tx: Tx, ctx: Context, contribution_id: UUID, action: Action) -> None:
    policy.decide(ctx.caller, action, await store.get(tx, contribution_id, ctx.caller)).required()


async def _locked(tx: Tx, ctx: Context, contribution_id: UUID) -> Contribution:
    found = await store.get_as_service(tx, contribution_id)
    assert found is not None, "the caller may see the contribution, so it exists"
    check_revision(found.revision, ctx.expected)
    return found


async def _texts_of(tx: Tx, contribution_id: UUID) -> ContributionTexts:
    return (await store.texts_of(tx, [contribution_id])).get(contribution_id, _NO_TEXTS)


async def _save(tx: Tx, before: Contribution | None, fact: Fact, comment: str) -> Contribution:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision)
    await store.save_comment(tx, after, comment)
    return after
