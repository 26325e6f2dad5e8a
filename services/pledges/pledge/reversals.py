"""Reversals of facts of a pledge, except receipts (`exits`).

These are decisions over a frozen pledge: one person proposes, another approves (`proposals`). The pledge becomes what
it would be without the fact. Later facts keep their amounts; if they cannot, the reversal is refused. The reversal
opens a closed pledge again.
"""

from datetime import date, datetime
from uuid import UUID

from contracts.pledge_reversals import (
    InstalmentRestored,
    PledgeBroughtForwardReversed,
    PledgeCarryOverReversed,
    PledgeConditionReversed,
    PledgeReductionReversed,
    PledgeRefundReversed,
    PledgeWriteOffReversed,
)
from contracts.pledges import PledgeCarriedOver, PledgeConditionMet, PledgeReduced, PledgeRefunded, PledgeWrittenOff
from contracts.refusals import Conflict
from services.pledges.pledge.model import Pledge
from services.pledges.pledge.schedule import reduction_reversed


def reverse_refund(
    pledge: Pledge, entry_id: UUID, refund: PledgeRefunded, proposal_id: UUID, *, on: date, now: datetime
) -> PledgeRefundReversed:
    """Reverse a refund: no money has left the fund, nor has programme support cost."""
    pledge.require("reverse_refund")
    return PledgeRefundReversed(
        pledge_id=pledge.pledge_id,
        donor=pledge.donor,
        fund=pledge.fund,
        reverses=entry_id,
        proposal_id=proposal_id,
        money=refund.money,
        valuation=refund.valuation,
        support_cost_usd_minor=refund.support_cost_usd_minor,
        effective_on=max(on, refund.effective_on),
        reversed_at=now,
    )


def reverse_write_off(
    pledge: Pledge,
    entry_id: UUID,
    given_up: PledgeWrittenOff,
    before: Pledge,
    proposal_id: UUID,
    *,
    on: date,
    now: datetime,
) -> PledgeWriteOffReversed:
    """Reverse a write-off: the whole amount is owed again. `before` is the pledge before the write-off."""
    pledge.require("reverse_write_off")
    return PledgeWriteOffReversed(
        pledge_id=pledge.pledge_id,
        donor=pledge.donor,
        fund=pledge.fund,
        reverses=entry_id,
        proposal_id=proposal_id,
        money=given_up.money,
        usd_minor=given_up.usd_minor,
        conditional_minor=given_up.conditional_minor,
        restored=_restored(pledge, before, given_up.conditional_minor),
        effective_on=max(on, given_up.effective_on),
        reversed_at=now,
        valuation=given_up.valuation,
    )


def reverse_carry_over(
    pledge: Pledge,
    entry_id: UUID,
    out: PledgeCarriedOver,
    brought_forward_id: UUID,
    proposal_id: UUID,
    *,
    on: date,
    now: datetime,
) -> tuple[PledgeCarryOverReversed, PledgeBroughtForwardReversed]:
    """Reverse both halves, by the entry of each. The caller checks that the other fund has the money."""
    pledge.require("reverse_carry_over")
    on = max(on, out.effective_on)
    return (
        PledgeCarryOverReversed(
            pledge_id=pledge.pledge_id,
            donor=pledge.donor,
            fund=pledge.fund,
            to_fund=out.to_fund,
            reverses=entry_id,
            proposal_id=proposal_id,
            usd_minor=out.usd_minor,
            effective_on=on,
            reversed_at=now,
        ),
        PledgeBroughtForwardReversed(
            pledge_id=pledge.pledge_id,
            donor=pledge.donor,
            fund=out.to_fund,
            from_fund=pledge.fund,
            reverses=brought_forward_id,
            proposal_id=proposal_id,
            usd_minor=out.usd_minor,
            effective_on=on,
            reversed_at=now,
        ),
    )


def reverse_condition(
    pledge: Pledge, entry_id: UUID, met: PledgeConditionMet, proposal_id: UUID, *, on: date, now: datetime
) -> PledgeConditionReversed:
    """Reverse a met condition: the instalment waits for its condition again.

    Raises Conflict if the instalment is not owed in full: first reverse what was paid, written off or reduced since.
    """
    pledge.require("reverse_condition")
    part = next(one for one in pledge.schedule if one.number == met.instalment)
    left_minor, left_usd_minor = pledge.outstanding_minor - met.money.minor, pledge.carried_usd_minor - met.usd_minor
    # An amount needs its carrying value, and no cent may be carried without an amount.
    if part.minor != met.money.minor or left_minor < 0 or left_usd_minor < 0 or (not left_minor and left_usd_minor):
        owed = min(part.minor, pledge.outstanding_minor)
        raise Conflict("pledge-exceeded", owed_minor=owed, currency=pledge.currency)
    return PledgeConditionReversed(
        pledge_id=pledge.pledge_id,
        donor=pledge.donor,
        fund=pledge.fund,
        reverses=entry_id,
        proposal_id=proposal_id,
        instalment=met.instalment,
        condition=met.condition,
        money=met.money,
        usd_minor=met.usd_minor,
        effective_on=max(on, met.effective_on),
        reversed_at=now,
        valuation=met.valuation,
    )


def reverse_reduction(
    pledge: Pledge,
    entry_id: UUID,
    reduced: PledgeReduced,
    before: Pledge,
    proposal_id: UUID,
    *,
    on: date,
    now: datetime,
) -> PledgeReductionReversed:
    """Pledge or owe the amount again; `before` is the pledge before the reduction.

    Raises Conflict if the pledge was withdrawn or lapsed, or if an agreement over the rest was signed since.
    """
    move = "reverse_reduction"
    pledge.require(move)
    if (reduced.recognized_minor is None) != (pledge.committed_on is None):
        raise Conflict("pledge-status", status=pledge.status, move=move)
    return PledgeReductionReversed(
        pledge_id=pledge.pledge_id,
        donor=pledge.donor,
        fund=pledge.fund,
        reverses=entry_id,
        proposal_id=proposal_id,
        money=reduced.money,
        recognized_minor=reduced.recognized_minor,
        pledged_usd_minor=reduced.pledged_usd_minor,
        committed_usd_minor=reduced.committed_usd_minor,
        restored=_restored(pledge, before, reduced.money.minor),
        effective_on=max(on, reduced.effective_on),
        reversed_at=now,
        valuation=reduced.valuation,
    )


def _restored(pledge: Pledge, before: Pledge, minor: int) -> tuple[InstalmentRestored, ...]:
    """Return the instalments with the reduced amounts put back; other changes since stay."""
    parts = reduction_reversed(pledge.schedule, before.schedule, minor)
    return tuple(InstalmentRestored(number=part.number, minor=part.minor) for part in parts)
