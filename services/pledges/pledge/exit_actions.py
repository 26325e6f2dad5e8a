"""Actions that end or correct: reductions, carry-overs, closing; proposals; fiscal years.

As in `actions`, each loads the pledge for this caller, decides, and records a fact. The route opens the transaction.
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
from contracts.registry import decode_fact
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
"""Facts of pledges and allocations that can be reversed. An agreement is a document and cannot be reversed."""

# -- one person -------------------------------------------------------------------------------------------------------


async def reduce(tx: Tx, ctx: Context, pledge_id: UUID, money: Money, reason: str, *, on: date) -> None:
    pledge = await for_move(tx, ctx, pledge_id, Action.REDUCE)
    await record(tx, exits.reduce(pledge, money, reason, on=on, now=ctx.now), version=pledge.revision + 1)


async def carry_over(tx: Tx, ctx: Context, pledge_id: UUID, to_fund: str, usd_minor: int, *, on: date) -> None:
    """Carry money over to another fund, in one transaction; the funds are locked in the order of their codes."""
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
    """Raise Conflict if the fact takes effect before its money was received, or after that money was used."""
    async with tx.as_service():
        left = await ledger.lowest_of_pledge(tx, pledge, since=fact.effective_on)
    exits.require_received(pledge, fact, left)


async def close(tx: Tx, ctx: Context, pledge_id: UUID) -> None:
    pledge = await for_move(tx, ctx, pledge_id, Action.CLOSE)
    await record(tx, exits.close(pledge, now=ctx.now), version=pledge.revision + 1)


# -- two people -------------------------------------------------------------------------------------------------------


async def propose_write_off(tx: Tx, ctx: Context, proposal_id: UUID, pledge_id: UUID, reason: str, *, on: date) -> None:
    """Propose to write off the amount owed now. Refused if the write-off is impossible now."""
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
    """Propose a refund. Refused if the refund is impossible now."""
    pledge = await for_move(tx, ctx, pledge_id, Action.PROPOSE_REFUND)
    valuation = await valuation_of(tx, money, on, validity)
    back = exits.refund(pledge, money, valuation, proposal_id, reason, on=on, now=ctx.now)
    await _require_received(tx, pledge, back)
    await _propose_of_pledge(tx, ctx, proposal_id, Measure.REFUND, pledge, money, reason, on=on)


async def propose_earmark_release(tx: Tx, ctx: Context, proposal_id: UUID, pledge_id: UUID, reason: str) -> None:
    """Propose to release an earmark. Refused if that is impossible now.

    The second person checks the donor's consent.
    """
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
    """Propose to reverse an entry. Refused if the reversal is impossible now.

    Raises Missing for an unknown entry, Conflict for one that cannot be reversed or is reversed already. For a
    carry-over the proposal names the outgoing half, whichever was given; both halves are reversed together.
    """
    async with tx.as_service():
        event, fact = await _reversible(tx, entry_id)
        await _reversals_of(tx, event, fact, proposal_id, on=max(on, await fiscal_years.open_from(tx)), now=now)
    entry_id = event.id
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
    """Approve the proposal, and carry it out in the same transaction.

    It takes effect on the proposed day or, if that year is closed, on the first day of the open year.
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
        assert proposal.year is not None, "a proposed reopening has a year"
        [period] = await fiscal_years.periods(tx, year=proposal.year)
        reopened = await fiscal_years.reopen(tx, proposal.year, proposal.proposal_id, now=now)
        await record(tx, reopened, version=period.revision + 1, because=event)
        return
    on = max(proposal.effective_on, await fiscal_years.open_from(tx))
    if proposal.measure is Measure.REVERSAL:
        await _reverse(tx, proposal, event, on=on, now=now)
        return
    assert proposal.pledge_id is not None, "all other proposals have a pledge"
    pledge = await store.locked_pledge(tx, proposal.pledge_id)
    assert pledge is not None, "the pledge of a proposal exists"
    if proposal.measure is Measure.EARMARK_RELEASE:
        released = exits.release_earmark(pledge, proposal.proposal_id, proposal.reason, now=now)
        await record(tx, released, version=pledge.revision + 1, because=event)
        return
    if proposal.measure is Measure.WRITE_OFF:
        given_up = exits.write_off(pledge, proposal.proposal_id, proposal.reason, on=on, now=now)
        # Conditional instalments lapse with the write-off, and must not have grown since the proposal.
        if given_up.money != proposal.money or given_up.conditional_minor > (proposal.conditional_minor or 0):
            raise Conflict("proposal-outdated", owed_minor=given_up.money.minor)
        await record(tx, given_up, version=pledge.revision + 1, because=event)
        return
    assert proposal.money is not None, "a proposed refund has an amount"
    valuation = await valuation_of(tx, proposal.money, on, validity)
    back = exits.refund(pledge, proposal.money, valuation, proposal.proposal_id, proposal.reason, on=on, now=now)
    await _require_received(tx, pledge, back)
    await ledger.lock_balance(tx, pledge.fund)
    await record(tx, back, version=pledge.revision + 1, because=event)


async def _reverse(tx: Tx, proposal: Proposal, event: Event, *, on: date, now: datetime) -> None:
    assert proposal.entry_id is not None, "a proposed reversal has an entry"
    async with tx.as_service():
        reversed_event, fact = await _reversible(tx, proposal.entry_id)
        reversal = await _reversals_of(tx, reversed_event, fact, proposal.proposal_id, on=on, now=now)
    await record_all(tx, reversal, because=event)


async def _reversals_of(
    tx: Tx, event: Event, fact: OfPledge | OfAllocation, proposal_id: UUID, *, on: date, now: datetime
) -> Sequence[tuple[Fact, int]]:
    """Return the facts that reverse this one, with their versions; its record is locked."""
    if isinstance(fact, OfAllocation):
        return await _reversals_of_allocation(tx, event, fact, proposal_id, on=on, now=now)
    return await _reversals_of_pledge(tx, event, fact, proposal_id, on=on, now=now)


async def _reversals_of_pledge(
    tx: Tx, event: Event, fact: OfPledge, proposal_id: UUID, *, on: date, now: datetime
) -> Sequence[tuple[Fact, int]]:
    """Return the facts that reverse this one, with their versions.

    The pledge is locked, then the balance of each fund.
    """
    pledge = await store.locked_pledge(tx, fact.pledge_id)
    assert pledge is not None, "the pledge of an entry exists"
    reversal: Fact
    match fact:
        case PledgeReceived():
            reversal = exits.reverse_receipt(pledge, event.id, fact, proposal_id, on=on, now=now)
            await _require_received(tx, pledge, reversal)
        case PledgeRefunded():
            reversal = reversals.reverse_refund(pledge, event.id, fact, proposal_id, on=on, now=now)
        case PledgeConditionMet():
            reversal = reversals.reverse_condition(pledge, event.id, fact, proposal_id, on=on, now=now)
        case PledgeReduced():
            before = await reversal_store.pledge_before(tx, event)
            reversal = reversals.reverse_reduction(pledge, event.id, fact, before, proposal_id, on=on, now=now)
        case PledgeWrittenOff():
            before = await reversal_store.pledge_before(tx, event)
            reversal = reversals.reverse_write_off(pledge, event.id, fact, before, proposal_id, on=on, now=now)
        case PledgeCarriedOver():
            other = (await reversal_store.related_event(tx, event, 1)).id
            out, into = reversals.reverse_carry_over(pledge, event.id, fact, other, proposal_id, on=on, now=now)
            available = {fund: await ledger.lock_balance(tx, fund) for fund in sorted({out.fund, into.fund})}
            if available[into.fund] < into.usd_minor:
                raise Conflict("balance-exceeded", available_usd_minor=available[into.fund])
            return [(out, pledge.revision + 1), (into, pledge.revision + 2)]
    await ledger.lock_balance(tx, fact.fund)
    return [(reversal, pledge.revision + 1)]


async def _reversals_of_allocation(
    tx: Tx, event: Event, fact: OfAllocation, proposal_id: UUID, *, on: date, now: datetime
) -> Sequence[tuple[Fact, int]]:
    """Like `_reversals_of`, for allocations and spending; money for a cancelled purpose goes back to its fund."""
    is_over = await allocation_actions.lock_purpose(tx, fact.allocation_id)
    allocation = await allocation_store.locked_allocation(tx, fact.allocation_id)
    version = allocation.revision + 1
    await ledger.lock_balance(tx, fact.fund)
    if isinstance(fact, AllocationMade):
        return [(allocation.reverse(event.id, proposal_id, on=on, now=now), version)]
    reversal = allocation.reverse_spending(event.id, fact, proposal_id, on=on, now=now)
    if reversal.returned or not is_over:
        return [(reversal, version)]
    left = replace(allocation, spent_usd_minor=allocation.spent_usd_minor - fact.usd_minor)
    donors = await allocation_store.fund_donors(tx, fact.fund)
    last = await ledger.last_value_date(tx, allocation.allocation_id)
    back = left.give_back(donors, on=max(reversal.effective_on, last), now=now)
    return [(reversal, version), (back, version + 1)]


async def _reversible(tx: Tx, entry_id: UUID) -> tuple[Event, OfPledge | OfAllocation]:
    """Return the fact of an entry that can be reversed and is not reversed yet.

    For either half of a carry-over it is the outgoing one. Raises Missing for an event without an entry.
    """
    event = await read_event(tx, entry_id)
    fact = decode_fact(event) if event else None
    if event is not None and isinstance(fact, PledgeBroughtForward):
        event = await reversal_store.related_event(tx, event, -1)
        fact = decode_fact(event)
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
    """Close a year. Raises Conflict with the conditions of the checklist that are not met."""
    await fiscal_years.lock_years(tx)
    proposed = await proposal_store.open_in(tx, year)
    checked = await fiscal_years.checklist(tx, year, proposed=proposed, today=now.date())
    carried = await fiscal_years.carried_forward(tx, year)
    before = await fiscal_years.periods(tx, year=year)
    version = before[0].revision + 1 if before else 1
    await record(tx, fiscal_years.close(year, checked, carried, now=now), version=version)


# -- clocks -----------------------------------------------------------------------------------------------------------


async def due(tx: Tx, now: datetime, *, lapse_days: int) -> list[UUID]:
    """List pledges due for a reminder, and pledges without an agreement for more than that many days."""
    unsigned = await reminder_store.unsigned(tx, now.date() - timedelta(days=lapse_days))
    return [*await reminder_store.reminders_due(tx, now), *unsigned]


async def remind_or_lapse(tx: Tx, pledge_id: UUID, now: datetime) -> None:
    """Lapse a pledge without an agreement; otherwise remind of an instalment, if a reminder is due."""
    pledge = await store.locked_pledge(tx, pledge_id)
    if pledge is None:
        return
    fact: Fact | None = exits.remind(pledge, now.date(), now=now)
    if pledge.status is Status.PLEDGED:
        fact = exits.lapse(pledge, on=now.date(), now=now)
    if fact is not None:
        await record(tx, fact, version=pledge.revision + 1)
