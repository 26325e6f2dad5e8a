"""Actions on contact points: load the offering for the caller, decide, save, announce."""

from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.texts import hash_texts
from services.matching.offerings import actions as offering_actions
from services.matching.offerings import contact_store
from services.matching.offerings.contact_store import Contact
from services.matching.policy import Action


async def name(tx: Tx, ctx: Context, offering_id: UUID, contact: Contact) -> None:
    """Name the contact point of an offering, or replace it."""
    before = await offering_actions.for_move(tx, ctx, offering_id, Action.CHANGE_CONTACT)
    salt, texts_hash = hash_texts(contact)
    after = await offering_actions.record(tx, before, before.name_contact(texts_hash, now=ctx.now))
    await contact_store.save(tx, after, contact, salt)


async def remove(tx: Tx, ctx: Context, offering_id: UUID) -> None:
    """Remove the contact point with its texts. Raise Conflict if none is named."""
    before = await offering_actions.for_move(tx, ctx, offering_id, Action.REMOVE_CONTACT)
    await offering_actions.record(tx, before, before.remove_contact(now=ctx.now))
    await contact_store.delete(tx, offering_id)
