"""Actions on contacts: load the delivery for the caller, decide, save, announce."""

from collections.abc import Sequence
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.texts import hash_texts
from contracts.values import side_of
from services.delivery.contacts import store
from services.delivery.contacts.model import DeliveryContact
from services.delivery.deliveries import actions as delivery_actions
from services.delivery.policy import Action


async def name(tx: Tx, ctx: Context, delivery_id: UUID, contacts: Sequence[DeliveryContact]) -> None:
    """Replace the contacts of the caller's side; an empty list removes them."""
    before = await delivery_actions.for_move(tx, ctx, delivery_id, Action.NAME_CONTACTS)
    side = side_of(ctx.caller.role)
    salt, texts_hash = hash_texts(contacts)
    async with tx.as_service():
        await delivery_actions.record(tx, before, before.name_contacts(side, len(contacts), texts_hash, now=ctx.now))
        await store.replace(tx, delivery_id, side, contacts, salt)
