"""Actions on the public catalogue: load the offering for the caller, decide, save, announce."""

from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.texts import hash_texts
from contracts.values import Language
from services.matching.offerings import actions as offering_actions
from services.matching.offerings import publication_store
from services.matching.offerings.store import Texts
from services.matching.policy import Action


async def make_public(tx: Tx, ctx: Context, offering_id: UUID, language: Language, texts: Texts) -> None:
    """Publish an offering with a text for the public, or replace that text."""
    before = await offering_actions.for_move(tx, ctx, offering_id, Action.PUBLISH)
    salt, texts_hash = hash_texts(texts)
    await offering_actions.record(tx, before, before.make_public(language, texts_hash, now=ctx.now))
    await publication_store.save(tx, offering_id, texts, salt)


async def unpublish(tx: Tx, ctx: Context, offering_id: UUID) -> None:
    """Remove an offering from the catalogue, and delete its public text."""
    before = await offering_actions.for_move(tx, ctx, offering_id, Action.UNPUBLISH)
    await offering_actions.record(tx, before, before.unpublish(now=ctx.now))
    await publication_store.delete(tx, offering_id)
