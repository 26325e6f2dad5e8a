"""Actions on pledges: each loads the pledge for this caller, decides, and records a fact.

The route opens the transaction.
"""

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.texts import hash_texts
from contracts.facts import Fact
from contracts.pledges import (
    Instalment,
)
from contracts.refusals import Invalid, Missing
from contracts.values import Money
from services.pledges import policy
from services.pledges.allocations import store as allocation_store
from services.pledges.funds.actions import require_fund
from services.pledges.ledger.record import check_not_ahead, record
from services.pledges.money.model import Validity
from services.pledges.money.rate_actions import valuation_of
from services.pledges.pledge import model, store
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.pledge.model import Pledge
from services.pledges.pledge.schedule import single_instalment, sorted_by_due_date, unconditional
from services.pledges.policy import Action


async def pledge(
    tx: Tx,
    pledge_id: UUID,
    fund: str,
    money: Money,
    earmarking: Earmarking,
    note: str,
    *,
    donor: str,
    requirement_id: UUID | None = None,
    extension_id: UUID | None = None,
    import_id: UUID | None = None,
    import_line: int | None = None,
    on: date,
    validity: Validity,
    now: datetime,
) -> None:
    """Make a pledge, optionally for a requirement or from an imported flow.

    The route has checked that the requirement is shown to the caller.
    """
    await require_fund(tx, fund)
    if requirement_id is not None:
        async with tx.as_service():
            requirement = await allocation_store.locked_requirement(tx, requirement_id)
        if requirement is None:
            raise Missing("not-found")
        requirement.require_gap()
    valuation = await valuation_of(tx, money, on, validity)
    salt, texts_hash = hash_texts(note)
    fact = model.pledge(
        pledge_id,
        fund,
        money,
        valuation,
        earmarking,
        texts_hash,
        donor=donor,
        requirement_id=requirement_id,
        extension_id=extension_id,
        import_id=import_id,
        import_line=import_line,
        on=on,
        now=now,
    )
    await record(tx, fact, version=1)
    await store.save_note(tx, pledge_id, note, salt)


async def reword(tx: Tx, ctx: Context, pledge_id: UUID, note: str) -> None:
    """Replace the note; the old one is deleted."""
    before = await for_move(tx, ctx, pledge_id, Action.REWORD)
    salt, texts_hash = hash_texts(note)
    await record(tx, before.reword(texts_hash, now=ctx.now), version=before.revision + 1)
    await store.save_note(tx, pledge_id, note, salt)


async def move(tx: Tx, ctx: Context, pledge_id: UUID, action: Action, decide: Callable[[Pledge], Fact]) -> None:
    """Make a transition of the table in `pledge.model` that receives no money."""
    before = await for_move(tx, ctx, pledge_id, action)
    await record(tx, decide(before), version=before.revision + 1)


async def commit(
    tx: Tx,
    ctx: Context,
    pledge_id: UUID,
    support_cost_basis_points: int,
    *,
    agreement: str | None,
    schedule: tuple[Instalment, ...],
    on: date,
    validity: Validity,
) -> None:
    """Sign an agreement over the pledge, at the rate of its day.

    Without instalments, the whole amount is due `DUE_DAYS` days after the signature.
    """
    before = await for_move(tx, ctx, pledge_id, Action.COMMIT)
    before.require("commit")
    check_not_ahead(on, ctx.now)
    parts = sorted_by_due_date(schedule) or single_instalment(before.minor, on)
    valuation = await valuation_of(tx, Money(minor=unconditional(parts), currency=before.currency), on, validity)
    fact = before.commit(valuation, support_cost_basis_points, agreement=agreement, schedule=parts, on=on, now=ctx.now)
    await record(tx, fact, version=before.revision + 1)


async def receive(
    tx: Tx,
    ctx: Context,
    pledge_id: UUID,
    money: Money,
    *,
    settles: Money | None,
    charges_minor: int,
    arrived_minor: int | None,
    on: date,
    validity: Validity,
) -> None:
    """Receive cash for an agreement, which the fund can allocate from then on.

    `settles` is the amount of the agreement that the cash settles, if the cash is in another currency; it is not
    converted here.
    """
    before = await for_move(tx, ctx, pledge_id, Action.RECEIVE)
    before.require("receive")
    if (charges_minor or arrived_minor is not None) and arrived_minor != money.minor - charges_minor:
        raise Invalid("charges-disagree", field="arrived_minor")
    valuation = await valuation_of(tx, money, on, validity)
    charges = Money(minor=charges_minor, currency=money.currency) if charges_minor else None
    # In the fact, `money` is the amount of the agreement that is settled.
    fact = before.receive(
        settles or money,
        valuation,
        cash=money if settles else None,
        charges=charges,
        charges_usd_minor=(await valuation_of(tx, charges, on, validity)).usd_minor if charges else 0,
        on=on,
        now=ctx.now,
    )
    await record(tx, fact, version=before.revision + 1)


async def for_move(tx: Tx, ctx: Context, pledge_id: UUID, action: Action) -> Pledge:
    """Lock and return the pledge, for a caller who may make this transition."""
    pledge = await store.get_pledge(tx, pledge_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, action, pledge).required()
    check_revision(pledge.revision, ctx.expected)
    return pledge
