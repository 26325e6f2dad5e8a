"""Actions on portal extensions: load for the caller, decide, save, announce. The edge opens the transaction."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.facts import Event, Fact
from contracts.pledges import PledgePledged
from contracts.values import Language
from services.sherloc import policy
from services.sherloc.extensions import model, store
from services.sherloc.extensions.evolve import evolve
from services.sherloc.extensions.model import Description, Extension, ExtensionTexts
from services.sherloc.extensions.store import Note
from services.sherloc.policy import Action


async def propose_extension(
    tx: Tx, ctx: Context, extension_id: UUID, description: Description, texts: ExtensionTexts
) -> None:
    """Propose an extension. Raises Forbidden."""
    policy.decide(ctx.caller, Action.PROPOSE_EXTENSION).required()
    salt, texts_hash = hash_texts(texts)
    async with tx.as_service():
        await _save(tx, None, model.propose(extension_id, description, texts_hash, now=ctx.now))
        await store.save_texts(tx, extension_id, texts, salt)


async def revise_extension(
    tx: Tx, ctx: Context, extension_id: UUID, description: Description, texts: ExtensionTexts
) -> None:
    """Revise an extension. Raises Missing, Forbidden, Stale, Conflict."""
    await _allow(tx, ctx, extension_id, Action.REVISE_EXTENSION)
    salt, texts_hash = hash_texts(texts)
    async with tx.as_service():
        before = await _expected(tx, ctx, extension_id)
        await _save(tx, before, before.revise(description, texts_hash, now=ctx.now))
        await store.save_texts(tx, extension_id, texts, salt)


async def change_phase(
    tx: Tx, ctx: Context, extension_id: UUID, action: Action, decide: Callable[[Extension, tuple[str, ...]], Fact]
) -> None:
    """Change the phase of an extension. Raises Missing, Forbidden, Stale, Conflict.

    The fact names the donors who earmarked a pledge to the extension.
    """
    await _allow(tx, ctx, extension_id, action)
    async with tx.as_service():
        before = await _expected(tx, ctx, extension_id)
        await _save(tx, before, decide(before, await store.donors_of(tx, extension_id)))


async def vote(tx: Tx, ctx: Context, extension_id: UUID, action: Action, decide: Callable[[Extension], Fact]) -> None:
    """Record or withdraw a State's vote. Raises Missing, Forbidden, Conflict.

    The revision is not checked, because votes of different States do not conflict.
    """
    await _allow(tx, ctx, extension_id, action)
    async with tx.as_service():
        before = await _locked(tx, extension_id)
        await _save(tx, before, decide(before))


async def note_progress(tx: Tx, ctx: Context, extension_id: UUID, language: Language, text: str) -> None:
    """Add a note on the progress. Raises Missing, Forbidden, Stale, Conflict."""
    await _allow(tx, ctx, extension_id, Action.NOTE_PROGRESS)
    salt, texts_hash = hash_texts(text)
    async with tx.as_service():
        before = await _expected(tx, ctx, extension_id)
        after = await _save(tx, before, before.note(language, texts_hash, now=ctx.now))
        note = Note(revision=after.revision, language=language, text=text, noted_at=ctx.now)
        await store.save_note(tx, extension_id, note, salt)


async def on_pledged(tx: Tx, _: Event, fact: PledgePledged) -> None:
    """Store the donor of a pledge that is earmarked to an extension."""
    if fact.extension_id is not None:
        await store.save_earmark(tx, fact.pledge_id, fact.extension_id, fact.donor)


async def on_earmark_ended(tx: Tx, _: Event, fact: Any) -> None:
    """Delete the earmark of a pledge that was withdrawn or has lapsed."""
    await store.end_earmark(tx, fact.pledge_id)


async def _allow(tx: Tx, ctx: Context, extension_id: UUID, action: Action) -> None:
    policy.decide(ctx.caller, action, await store.get(tx, extension_id, ctx.caller)).required()


async def _locked(tx: Tx, extension_id: UUID) -> Extension:
    found = await store.get_as_service(tx, extension_id)
    assert found is not None, "the caller may see the extension, so it exists"
    return found


async def _expected(tx: Tx, ctx: Context, extension_id: UUID) -> Extension:
    """Return the extension in the revision that the caller has read. Raises Stale."""
    found = await _locked(tx, extension_id)
    check_revision(found.revision, ctx.expected)
    return found


async def _save(tx: Tx, before: Extension | None, fact: Fact) -> Extension:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision)
    return after
