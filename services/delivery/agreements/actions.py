"""Actions on agreements: load for the caller, decide, save, announce. The edge opens the transaction."""

from datetime import date
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.agreements import AgreementTerms
from contracts.facts import Fact
from contracts.refusals import Conflict, Missing
from contracts.values import Language, side_of
from services.delivery import policy
from services.delivery.agreements import model, store
from services.delivery.agreements.evolve import evolve
from services.delivery.agreements.model import Agreement
from services.delivery.agreements.store import AgreementTexts
from services.delivery.deliveries import actions as delivery_actions
from services.delivery.deliveries import store as delivery_store
from services.delivery.deliveries.model import Delivery, DeliveryStatus
from services.delivery.files import actions as file_actions
from services.delivery.policy import Action


async def propose_first(
    tx: Tx, ctx: Context, delivery_id: UUID, terms: AgreementTerms, language: Language, texts: AgreementTexts
) -> None:
    """Propose the first version. Raises Conflict if an agreement exists."""
    delivery = await delivery_store.locked(tx, delivery_id, ctx.caller)
    policy.decide(ctx.caller, Action.PROPOSE, delivery).required()
    model.check_terms(terms, delivery)
    salt, texts_hash = hash_texts(texts)
    fact = model.propose_first(delivery, side_of(ctx.caller.role), terms, language, texts_hash, now=ctx.now)
    async with tx.as_service():
        if await store.get_as_service(tx, fact.agreement_id) is not None:
            raise Conflict("agreement-exists")
        await _record(tx, None, fact)
        await store.save_texts(tx, fact.agreement_id, fact.version, texts, salt)


async def propose(
    tx: Tx, ctx: Context, delivery_id: UUID, terms: AgreementTerms, language: Language, texts: AgreementTexts
) -> None:
    """Propose another version in answer, or an amendment. Raises Conflict if it is the other side's turn."""
    delivery, before = await _for_move(tx, ctx, delivery_id, Action.PROPOSE)
    model.check_terms(terms, delivery)
    salt, texts_hash = hash_texts(texts)
    fact = before.propose(side_of(ctx.caller.role), terms, language, texts_hash, delivery, now=ctx.now)
    async with tx.as_service():
        await _record(tx, before, fact)
        await store.save_texts(tx, fact.agreement_id, fact.version, texts, salt)


async def sign(
    tx: Tx, ctx: Context, delivery_id: UUID, version: int, signed_on: date | None, file_id: UUID | None
) -> None:
    """Sign the last version. The second signature puts it in force, and an open delivery may then begin."""
    delivery, before = await _for_move(tx, ctx, delivery_id, Action.SIGN)
    side = side_of(ctx.caller.role)
    if file_id is not None:
        await file_actions.require_scan(tx, ctx, delivery_id, file_id)
    fact = before.sign(side, version, signed_on or ctx.today, file_id, delivery, now=ctx.now)
    async with tx.as_service():
        await _record(tx, before, fact)
        if fact.waiting_for is None and delivery.status is DeliveryStatus.OPEN:
            await delivery_actions.record(tx, delivery, delivery.agree(before.agreement_id, now=ctx.now))


async def drop_amendment(tx: Tx, ctx: Context, delivery_id: UUID) -> None:
    """Drop a proposed amendment; the version in force remains so."""
    delivery, before = await _for_move(tx, ctx, delivery_id, Action.DROP_AMENDMENT)
    fact = before.drop_amendment(side_of(ctx.caller.role), delivery, now=ctx.now)
    async with tx.as_service():
        await _record(tx, before, fact)


async def _for_move(tx: Tx, ctx: Context, delivery_id: UUID, action: Action) -> tuple[Delivery, Agreement]:
    """Return the delivery and its agreement, both locked. Raises Missing, Forbidden, Stale."""
    delivery = await delivery_store.locked(tx, delivery_id, ctx.caller)
    policy.decide(ctx.caller, action, delivery).required()
    async with tx.as_service():
        found = await store.get_as_service(tx, model.agreement_id_of(delivery_id))
    if found is None:
        raise Missing("not-found")
    check_revision(found.revision, ctx.expected)
    return delivery, found


async def _record(tx: Tx, before: Agreement | None, fact: Fact) -> Agreement:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after, fact)
    await announce(tx, fact, version=after.revision)
    return after
