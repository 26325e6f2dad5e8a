"""Actions on messages: load the delivery for the caller, decide, save, announce."""

from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.erasure import require_not_erased
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.facts import Fact
from contracts.refusals import Missing
from contracts.values import Language
from services.delivery import policy
from services.delivery.contacts import store as contact_store
from services.delivery.deliveries import store as delivery_store
from services.delivery.files import actions as file_actions
from services.delivery.files import model as file_model
from services.delivery.files import store as file_store
from services.delivery.policy import Action
from services.delivery.thread import model, store
from services.delivery.thread.evolve import evolve
from services.delivery.thread.model import Message, MessageTexts, NewMessage


async def send(
    tx: Tx,
    ctx: Context,
    delivery_id: UUID,
    message_id: UUID,
    texts: MessageTexts,
    *,
    language: Language,
    private: bool,
    files: tuple[UUID, ...],
) -> None:
    """Send a message; the delivery is locked so that its messages have one order."""
    delivery = await delivery_store.locked(tx, delivery_id, ctx.caller)
    policy.decide(ctx.caller, Action.SEND_MESSAGE, delivery).required()
    side = file_model.author_side(ctx.caller.role)
    message = NewMessage(
        message_id=message_id,
        author_id=ctx.caller.person_id,
        organization=ctx.caller.organization,
        role=ctx.caller.role,
        language=language,
        private=private,
        files=files,
    )
    salt, texts_hash = hash_texts(texts)
    async with tx.as_service():
        found = await file_store.among(tx, files, ctx.caller) if files else []
        taken = await store.taken(tx, delivery_id, files) if files else set()
        fact = model.send(
            delivery,
            message,
            files=[one for one in found if one.file_id not in taken],
            contacts=await contact_store.of_delivery(tx, delivery_id),
            before=await store.before(tx, delivery_id, side, private=private),
            texts_hash=texts_hash,
            now=ctx.now,
        )
        await _record(tx, None, fact)
        await store.save_texts(tx, message_id, texts, salt)


async def withdraw(tx: Tx, ctx: Context, message_id: UUID) -> None:
    """Delete the text and the files of a message that the caller wrote. The message itself remains, as withdrawn."""
    seen = await store.get(tx, message_id, ctx.caller)
    policy.decide(ctx.caller, Action.WITHDRAW_MESSAGE, seen).required()
    async with tx.as_service():
        found = await store.get_as_service(tx, message_id)
        assert found is not None, "it has just been read"
        check_revision(found.revision, ctx.expected)
        await _record(tx, found, found.withdraw(now=ctx.now))
        await store.delete_texts(tx, message_id)
        for file_id in found.files:
            file = await file_store.get_as_service(tx, file_id)
            if file is not None and file.status in file_model.MOVES["remove_file"]:
                await file_actions.drop(tx, file, now=ctx.now)


async def mark_read(tx: Tx, ctx: Context, delivery_id: UUID, message_id: UUID) -> None:
    """Record that the caller has read up to this message.

    Raises Missing if the delivery has no such message that the caller may see.
    """
    delivery = await delivery_store.get(tx, delivery_id, ctx.caller)
    policy.decide(ctx.caller, Action.MARK_READ, delivery).required()
    await require_not_erased(tx, ctx.caller.person_id)
    if (await store.get(tx, message_id, ctx.caller)).delivery_id != delivery_id:
        raise Missing("not-found")
    side = file_model.author_side(ctx.caller.role)
    async with tx.as_service():
        await store.mark(tx, delivery_id, ctx.caller.person_id, side, message_id, now=ctx.now)


async def _record(tx: Tx, before: Message | None, fact: Fact) -> None:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision)
