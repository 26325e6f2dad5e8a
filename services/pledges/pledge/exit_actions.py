"""What ends or corrects: pledges reduced, carried over, closed; what two people decide; years of the books.

As in `actions`: load for this caller, decide, record. The edge opens the transaction.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from msgspec.structs import replace

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce, read_event
from contracts.facts import Event, Fact
from contracts.ledger import ProposalMade
from contracts.pledges import (
    AllocationMade,
    AllocationSpent,
    PledgeBroughtForward,
    PledgeCarriedOver,
    PledgeConditionMet,
    PledgeReceiptReversed,
    PledgeReceived,
    PledgeReduced,
    PledgeRefunded,
    PledgeWrittenOff,
)
from contracts.refusals import Conflict, Missing
from contracts.values import Money
from services.pledges import policy
from services.pledges.allocations import actions as allocation_actions
from services.pledges.allocations import store as allocation_store
from services.pledges.funds.actions import require_fund
from services.pledges.ledger import fiscal_years
from services.pledges.ledger import store as ledger
from services.pledges.ledger.postings import entry_of
from services.pledges.ledger.record import fold, record, record_all
from services.pledges.money.model import Validity
from services.pledges.money.rate_actions import valuation_of
from services.pledges.pledge import exits, reminder_store, reversal_store, reversals, store
from services.pledges.pledge.actions import for_move
from services.pledges.pledge.model import Pledge, Status
from services.pledges.policy import Action
from services.pledges.proposals import store as proposal_store
from services.pledges.proposals.model import Measure, Proposal

OfPledge: TypeAlias = (
    PledgeConditionMet | PledgeReceived | PledgeReduced | PledgeWrittenOff | PledgeRefunded | PledgeCarriedOver
)
OfAllocation: TypeAlias = AllocationMade | AllocationSpent
"""What can be reversed, of a pledge and of what was set aside. An agreement is a document, and is none of it."""

# -- one person -------------------------------------------------------------------------------------------------------


async def reduce(tx: Tx, ctx: Context, pledge_id: UUID, money: Money, reason: str, *, on: date) -> None:
    pledge = await for_move(tx, ctx, pledge_id, Action.REDUCE)
    await record(tx, exits.reduce(pledge, money, reason, on=on, now=ctx.now), version=pledge.revision + 1)


async def carry_over(tx: Tx, ctx: Context, pledge_id: UUID, to_fund: str, usd_minor: int, *, on: date) -> None:
    """Out of one fund and into another, in one transaction; funds are held in the order of their codes."""
    pledge = await for_move(tx, ctx, pledge_id, Action.CARRY_OVER)
    await require_fund(tx, to_fund)
    out, into = exits.carry_over(pledge, to_fund, usd_minor, on=on, now=ctx.now)
    await _require_received(tx, pledge, out)
    available = {fund: await ledger.lock_balance(tx, fund) for fund in sorted({pledge.fund, to_fund})}
    if available[pledge.fund] < usd_minor:
        raise Conflict("balance-exceeded", available_usd_minor=available[pledge.fund])
    line_id = await allocation_store.line_of(tx, pledge.requirement_id)
    await allocation_actions.require_not_earmarked(tx, pledge.fund, usd_minor, line_id=line_id)
    await record_all(tx, [(out, pledge.revision + 1), (into, pledge.revision + 2)])


async def _require_received(
    tx: Tx, pledge: Pledge, fact: PledgeRefunded | PledgeCarriedOver | PledgeReceiptReversed
) -> None:
    """Raises Conflict where it would take effect before its money came, or once that had gone."""
    async with tx.as_service():
        left = await ledger.lowest_of_pledge(tx, pledge, since=fact.effective_on)
    exits.require_received(pledge, fact, left)


async def close(tx: Tx, ctx: Context, pledge_id: UUID) -> None:
    pledge = await for_move(tx, ctx, pledge_id, Action.CLOSE)
    await record(tx, exits.close(pledge, now=ctx.now), version=pledge.revision + 1)


# -- two people -------------------------------------------------------------------------------------------------------


async def propose_write_off(tx: Tx, ctx: Context, proposal_id: UUID, pledge_id: UUID, reason: str, *, on: date) -> None:
    """Of what is owed now. What could not be done now is not proposed either."""
    pledge = await for_move(tx, ctx, pledge_id, Action.PROPOSE_WRITE_OFF)
    given_up = exits.write_off(pledge, proposal_id, reason, on=on, now=ctx.now)
    falls_away, money = given_up.conditional_minor, given_up.money
    await _propose_of_pledge(
        tx, ctx, proposal_id, Measure.WRITE_OFF, pledge, money, reason, on=on, conditional_minor=falls_away
    )


async def propose_refund(
    tx: Tx,
    ctx: Context,
    proposal_id: UUID,
    pledge_id: UUID,
    money: Money,
    reason: str,
    *,
    on: date,
    validity: Validity,
) -> None:
    """What could not be done now is not proposed either."""
    pledge = await for_move(tx, ctx, pledge_id, Action.PROPOSE_REFUND)
    valuation = await valuation_of(tx, money, on, validity)
    back = exits.refund(pledge, money, valuation, proposal_id, reason, on=on, now=ctx.now)
    await _require_received(tx, pledge, back)
    await _propose_of_pledge(tx, ctx, proposal_id, Measure.REFUND, pledge, money, reason, on=on)


async def propose_earmark_release(tx: Tx, ctx: Context, proposal_id: UUID, pledge_id: UUID, reason: str) -> None:
    """The donor's consent is what the second person sees to. What could not be done now is not proposed either."""
    pledge = await for_move(tx, ctx, pledge_id, Action.PROPOSE_EARMARK_RELEASE)
    exits.release_earmark(pledge, proposal_id, reason, now=ctx.now)
    await _propose_of_pledge(tx, ctx, proposal_id, Measure.EARMARK_RELEASE, pledge, None, reason, on=ctx.today)


async def _propose_of_pledge(
    tx: Tx,
    ctx: Context,
    proposal_id: UUID,
    measure: Measure,
    pledge: Pledge,
    money: Money | None,
    reason: str,
    *,
    on: date,
    conditional_minor: int | None = None,
) -> None:
    await proposal_store.require_none_open(tx, measure, pledge.pledge_id)
    made = ProposalMade(
        proposal_id=proposal_id,
        measure=measure,
        reason=reason,
        effective_on=on,
        made_at=ctx.now,
        pledge_id=pledge.pledge_id,
        donor=pledge.donor,
        fund=pledge.fund,
        money=money,
        conditional_minor=conditional_minor,
    )
    await record(tx, made, version=1)


async def propose_reversal(tx: Tx, proposal_id: UUID, entry_id: UUID, reason: str, *, on: date, now: datetime) -> None:
    """Raises Missing for an entry there is none of, Conflict for one that is not reversed, or is already.

    What could not be done now is not proposed either. Of a carry-over it is the half that left its fund, whichever is
    named: both go back together.
    """
    async with tx.as_service():
        told, fact = await _reversible(tx, entry_id)
        await _take_back(tx, told, fact, proposal_id, on=max(on, await fiscal_years.open_from(tx)), now=now)
    entry_id = told.id
    await proposal_store.require_none_open(tx, Measure.REVERSAL, entry_id)
    made = ProposalMade(
        proposal_id=proposal_id,
        measure=Measure.REVERSAL,
        reason=reason,
        effective_on=on,
        made_at=now,
        entry_id=entry_id,
    )
    await record(tx, made, version=1)


async def propose_reopening(tx: Tx, proposal_id: UUID, year: int, reason: str, *, now: datetime) -> None:
    await fiscal_years.require_last(tx, year)
    await proposal_store.require_none_open(tx, Measure.REOPENING, None)
    made = ProposalMade(
        proposal_id=proposal_id,
        measure=Measure.REOPENING,
        reason=reason,
        effective_on=date(year, 12, 31),
        made_at=now,
        year=year,
    )
    await record(tx, made, version=1)


async def refuse(tx: Tx, ctx: Context, proposal_id: UUID) -> None:
    proposal = await _for_decision(tx, ctx, proposal_id, Action.REFUSE_PROPOSAL)
    await record(tx, proposal.refuse(now=ctx.now), version=proposal.revision + 1)


async def approve(tx: Tx, ctx: Context, proposal_id: UUID, *, validity: Validity) -> None:
    """The second person's word, and in the same transaction what it leads to.

    Takes effect on the day proposed, or where that year is closed by now on the first day of the open one.
    """
    proposal = await _for_decision(tx, ctx, proposal_id, Action.APPROVE_PROPOSAL)
    approved = proposal.approve(now=ctx.now)
    if proposal.measure is Measure.REOPENING:
        await fiscal_years.lock_years(tx)
    event = await announce(tx, approved, version=proposal.revision + 1)
    async with tx.as_service():
        await fold(tx, [(event, approved)])
    await _carry_out(tx, proposal, event, validity, now=ctx.now)


async def _carry_out(tx: Tx, proposal: Proposal, event: Event, validity: Validity, *, now: datetime) -> None:
    if proposal.measure is Measure.REOPENING:
        assert proposal.year is not None, "a reopening names its year"
        [period] = await fiscal_years.periods(tx, year=proposal.year)
        reopened = await fiscal_years.reopen(tx, proposal.year, proposal.proposal_id, now=now)
        await record(tx, reopened, version=period.revision + 1, because=event)
        return
    on = max(proposal.effective_on, await fiscal_years.open_from(tx))
    if proposal.measure is Measure.REVERSAL:
        await _reverse(tx, proposal, event, on=on, now=now)
        return
    assert proposal.pledge_id is not None, "all others name their pledge"
    pledge = await store.locked_pledge(tx, proposal.pledge_id)
    assert pledge is not None, "a proposal names a pledge there is"
    if proposal.measure is Measure.EARMARK_RELEASE:
        released = exits.release_earmark(pledge, proposal.proposal_id, proposal.reason, now=now)
        await record(tx, released, version=pledge.revision + 1, because=event)
        return
    if proposal.measure is Measure.WRITE_OFF:
        given_up = exits.write_off(pledge, proposal.proposal_id, proposal.reason, on=on, now=now)
        # What waits for conditions falls away with it, and was not proposed where it has become more.
        if given_up.money != proposal.money or given_up.conditional_minor > (proposal.conditional_minor or 0):
            raise Conflict("proposal-outdated", owed_minor=given_up.money.minor)
        await record(tx, given_up, version=pledge.revision + 1, because=event)
        return
    assert proposal.money is not None, "a refund names its amount"
    valuation = await valuation_of(tx, proposal.money, on, validity)
    back = exits.refund(pledge, proposal.money, valuation, proposal.proposal_id, proposal.reason, on=on, now=now)
    await _require_received(tx, pledge, back)
    await ledger.lock_balance(tx, pledge.fund)
    await record(tx, back, version=pledge.revision + 1, because=event)


async def _reverse(tx: Tx, proposal: Proposal, event: Event, *, on: date, now: datetime) -> None:
    assert proposal.entry_id is not None, "a reversal names its entry"
    async with tx.as_service():
        told, fact = await _reversible(tx, proposal.entry_id)
        taken_back = await _take_back(tx, told, fact, proposal.proposal_id, on=on, now=now)
    await record_all(tx, taken_back, because=event)


async def _take_back(
    tx: Tx, told: Event, fact: OfPledge | OfAllocation, proposal_id: UUID, *, on: date, now: datetime
) -> Sequence[tuple[Fact, int]]:
    """What takes the fact back, with the version of each; whatever it is of is held."""
    if isinstance(fact, OfAllocation):
        return await _take_back_of_allocation(tx, told, fact, proposal_id, on=on, now=now)
    return await _take_back_of_pledge(tx, told, fact, proposal_id, on=on, now=now)


async def _take_back_of_pledge(
    tx: Tx, told: Event, fact: OfPledge, proposal_id: UUID, *, on: date, now: datetime
) -> Sequence[tuple[Fact, int]]:
    """What takes the fact back, with its version; the pledge is held, and then the balance of each fund."""
    pledge = await store.locked_pledge(tx, fact.pledge_id)
    assert pledge is not None, "an entry's pledge is there"
    taken_back: Fact
    match fact:
        case PledgeReceived():
            taken_back = exits.reverse_receipt(pledge, told.id, fact, proposal_id, on=on, now=now)
            await _require_received(tx, pledge, taken_back)
        case PledgeRefunded():
            taken_back = reversals.reverse_refund(pledge, told.id, fact, proposal_id, on=on, now=now)
        case PledgeConditionMet():
            taken_back = reversals.reverse_condition(pledge, told.id, fact, proposal_id, on=on, now=now)
        case PledgeReduced():
            before = await reversal_store.pledge_before(tx, told)
            taken_back = reversals.reverse_reduction(pledge, told.id, fact, before, proposal_id, on=on, now=now)
        case PledgeWrittenOff():
            before = await reversal_store.pledge_before(tx, told)
            taken_back = reversals.reverse_write_off(pledge, told.id, fact, before, proposal_id, on=on, now=now)
        case PledgeCarriedOver():
            other = (await reversal_store.related_event(tx, told, 1)).id
            out, into = reversals.reverse_carry_over(pledge, told.id, fact, other, proposal_id, on=on, now=now)
            available = {fund: await ledger.lock_balance(tx, fund) for fund in sorted({out.fund, into.fund})}
            if available[into.fund] < into.usd_minor:
                raise Conflict("balance-exceeded", available_usd_minor=available[into.fund])
            return [(out, pledge.revision + 1), (into, pledge.revision + 2)]
    await ledger.lock_balance(tx, fact.fund)
    return [(taken_back, pledge.revision + 1)]


async def _take_back_of_allocation(
    tx: Tx, told: Event, fact: OfAllocation, proposal_id: UUID, *, on: date, now: datetime
) -> Sequence[tuple[Fact, int]]:
    """The same of money set aside, or used; what nobody waits for any more goes back to its fund."""
    is_over = await allocation_actions.hold_purpose(tx, fact.allocation_id)
    allocation = await allocation_store.locked_allocation(tx, fact.allocation_id)
    version = allocation.revision + 1
    await ledger.lock_balance(tx, fact.fund)
    if isinstance(fact, AllocationMade):
        return [(allocation.reverse(told.id, proposal_id, on=on, now=now), version)]
    taken_back = allocation.reverse_spending(told.id, fact, proposal_id, on=on, now=now)
    if taken_back.returned or not is_over:
        return [(taken_back, version)]
    left = replace(allocation, spent_usd_minor=allocation.spent_usd_minor - fact.usd_minor)
    donors = await allocation_store.fund_donors(tx, fact.fund)
    last = await ledger.last_value_date(tx, allocation.allocation_id)
    back = left.give_back(donors, on=max(taken_back.effective_on, last), now=now)
    return [(taken_back, version), (back, version + 1)]


async def _reversible(tx: Tx, entry_id: UUID) -> tuple[Event, OfPledge | OfAllocation]:
    """The fact behind an entry that can be reversed, and was not. Raises Missing for what made no entry.

    Behind either half of a carry-over it is the one by which money left its fund.
    """
    event = await read_event(tx, entry_id)
    fact = event.fact() if event else None
    if event is not None and isinstance(fact, PledgeBroughtForward):
        event = await reversal_store.related_event(tx, event, -1)
        fact = event.fact()
    if event is None or fact is None:
        raise Missing("not-found")
    if not isinstance(fact, OfPledge | OfAllocation) or await ledger.is_reversed(tx, event.id):
        raise Conflict("entry-not-reversible")
    if entry_of(event.id, event.time, fact) is None:
        raise Missing("not-found")
    return event, fact


async def _for_decision(tx: Tx, ctx: Context, proposal_id: UUID, action: Action) -> Proposal:
    proposal = await proposal_store.get(tx, proposal_id, lock=True)
    policy.decide(ctx.caller, action, proposal).required()
    check_revision(proposal.revision, ctx.expected)
    return proposal


# -- years ------------------------------------------------------------------------------------------------------------


async def close_year(tx: Tx, year: int, *, now: datetime) -> None:
    """Raises Conflict with what is missing on the checklist."""
    await fiscal_years.lock_years(tx)
    proposed = await proposal_store.open_in(tx, year)
    checked = await fiscal_years.checklist(tx, year, proposed=proposed, today=now.date())
    carried = await fiscal_years.carried_forward(tx, year)
    before = await fiscal_years.periods(tx, year=year)
    version = before[0].revision + 1 if before else 1
    await record(tx, fiscal_years.close(year, checked, carried, now=now), version=version)


# -- clocks -----------------------------------------------------------------------------------------------------------


async def due(tx: Tx, now: datetime, *, lapse_days: int) -> list[UUID]:
    """Pledges of which a donor is to be reminded, and those that nobody has signed for in so many days."""
    unsigned = await reminder_store.unsigned(tx, now.date() - timedelta(days=lapse_days))
    return [*await reminder_store.reminders_due(tx, now), *unsigned]


async def remind_or_lapse(tx: Tx, pledge_id: UUID, now: datetime) -> None:
    """Whichever is due of it."""
    pledge = await store.locked_pledge(tx, pledge_id)
    if pledge is None:
        return
    fact: Fact | None = exits.remind(pledge, now.date(), now=now)
    if pledge.status is Status.PLEDGED:
        fact = exits.lapse(pledge, on=now.date(), now=now)
    if fact is not None:
        await record(tx, fact, version=pledge.revision + 1)
