"""Ways in which a pledge shrinks or ends, and reminders of due instalments.

Each is an entry of the ledger, never an edit. These are decisions over a frozen pledge, as in `model`. One person
proposes and another approves write-offs, refunds and reversals (`proposals`).
"""

from datetime import date, datetime
from uuid import UUID

from contracts.earmarks import PledgeEarmarkReleased
from contracts.pledges import (
    PledgeBroughtForward,
    PledgeCarriedOver,
    PledgeClosed,
    PledgeLapsed,
    PledgeReceiptReversed,
    PledgeReceived,
    PledgeReduced,
    PledgeRefunded,
    PledgeWrittenOff,
    Valuation,
)
from contracts.refusals import Conflict, Invalid, Mismatch
from contracts.reminders import PledgeDueSoon, PledgeOverdue
from contracts.values import Money
from services.pledges.money.model import check_amount, read_rate, support_cost_of, usd_minor_of
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.pledge.model import LowestAmounts, Pledge
from services.pledges.pledge.schedule import due


def remind(pledge: Pledge, today: date, *, now: datetime) -> PledgeDueSoon | PledgeOverdue | None:
    """Return a reminder of the first instalment for which one is due; None if there is none."""
    for one in due(pledge.schedule, pledge.received_minor + pledge.written_off_minor):
        number = one.reminder(today)
        if number:
            kind = PledgeOverdue if one.instalment.due_on < today else PledgeDueSoon
            return kind(
                pledge_id=pledge.pledge_id,
                donor=pledge.donor,
                fund=pledge.fund,
                instalment=one.instalment.number,
                due_on=one.instalment.due_on,
                money=Money(minor=one.open_minor, currency=pledge.currency),
                reminder=number,
                reminded_at=now,
            )
    return None


def lapse(pledge: Pledge, *, on: date, now: datetime) -> PledgeLapsed:
    """Lapse a pledge over which no agreement was signed."""
    pledge.require("lapse")
    _check_not_before(pledge, on, "lapsed_on")
    return PledgeLapsed(
        pledge_id=pledge.pledge_id,
        donor=pledge.donor,
        fund=pledge.fund,
        money=pledge.money,
        valuation=pledge.open_valuation,
        effective_on=on,
        lapsed_at=now,
    )


def reduce(pledge: Pledge, money: Money, reason: str, *, on: date, now: datetime) -> PledgeReduced:
    """Reduce by `money`, conditional instalments first. Raises Conflict if nothing or too little would be left.

    To give up the whole amount, withdraw the pledge or write it off.
    """
    pledge.require("reduce")
    _check(pledge, money, on, "reduced_on")
    under_agreement = pledge.committed_on is not None
    least = pledge.received_minor + pledge.written_off_minor if under_agreement else 0
    if money.minor > pledge.minor - least or money.minor == pledge.minor:
        raise Conflict("reduction-exceeds", reducible_minor=pledge.minor - max(least, 1), currency=pledge.currency)
    recognized = max(0, money.minor - pledge.conditional_minor) if under_agreement else None
    worth = _part_of_open(pledge, money) if recognized is None else _part_of_owed(pledge, recognized)
    return PledgeReduced(
        pledge_id=pledge.pledge_id,
        donor=pledge.donor,
        fund=pledge.fund,
        reason=reason,
        money=money,
        recognized_minor=recognized,
        pledged_usd_minor=worth if recognized is None else 0,
        committed_usd_minor=0 if recognized is None else worth,
        effective_on=on,
        reduced_at=now,
        valuation=pledge.carried(worth),
    )


def write_off(pledge: Pledge, proposal_id: UUID, reason: str, *, on: date, now: datetime) -> PledgeWrittenOff:
    """Write off all that is outstanding; conditional instalments lapse with it. Raises Conflict if nothing is owed."""
    pledge.require("write_off")
    _check_not_before(pledge, on, "written_off_on")
    if not pledge.outstanding_minor:
        raise Conflict("nothing-owed")
    return PledgeWrittenOff(
        pledge_id=pledge.pledge_id,
        donor=pledge.donor,
        fund=pledge.fund,
        proposal_id=proposal_id,
        reason=reason,
        money=Money(minor=pledge.outstanding_minor, currency=pledge.currency),
        usd_minor=pledge.carried_usd_minor,
        conditional_minor=pledge.conditional_minor,
        effective_on=on,
        written_off_at=now,
        valuation=pledge.carried(pledge.carried_usd_minor),
    )


def refund(
    pledge: Pledge, money: Money, valuation: Valuation, proposal_id: UUID, reason: str, *, on: date, now: datetime
) -> PledgeRefunded:
    """Refund money to the donor. Raises Conflict for more than is left of the donor's payments."""
    pledge.require("refund")
    _check(pledge, money, on, "refunded_on")
    left = pledge.received_minor - pledge.refunded_minor
    # Money carried over to another fund cannot be refunded as well; its worth is known in dollars only.
    if money.minor > left or (pledge.carried_over_usd_minor and valuation.usd_minor > pledge.usable_usd_minor):
        raise Conflict("refund-exceeds", refundable_minor=left, currency=pledge.currency)
    return PledgeRefunded(
        pledge_id=pledge.pledge_id,
        donor=pledge.donor,
        fund=pledge.fund,
        proposal_id=proposal_id,
        reason=reason,
        money=money,
        valuation=valuation,
        support_cost_usd_minor=_support_cost_back(pledge, money, valuation.usd_minor),
        effective_on=on,
        refunded_at=now,
    )


def _support_cost_back(pledge: Pledge, money: Money, usd_minor: int) -> int:
    """Return the part of programme support cost in a refund.

    It is at most what was deducted, even if the currency rose; the final refund takes all that is left.
    """
    assert pledge.support_cost_basis_points is not None, "an agreement has its programme support cost"
    if money.minor == pledge.received_minor - pledge.refunded_minor and not pledge.carried_over_usd_minor:
        return min(pledge.support_cost_usd_minor, usd_minor)
    return min(support_cost_of(usd_minor, pledge.support_cost_basis_points), pledge.support_cost_usd_minor)


def carry_over(
    pledge: Pledge, to_fund: str, usd_minor: int, *, on: date, now: datetime
) -> tuple[PledgeCarriedOver, PledgeBroughtForward]:
    """Return both halves of a carry-over.

    Raises Conflict for more than is left of the donor's payments, Invalid for the same fund.
    """
    pledge.require("carry_over")
    check_amount(usd_minor)
    _check_not_before(pledge, on, "carried_over_on")
    if to_fund == pledge.fund:
        raise Invalid("same-fund")
    left = pledge.usable_usd_minor - pledge.support_cost_usd_minor - pledge.charges_usd_minor
    if usd_minor > left:
        raise Conflict("carry-over-exceeds", left_usd_minor=left)
    return (
        PledgeCarriedOver(
            pledge_id=pledge.pledge_id,
            donor=pledge.donor,
            fund=pledge.fund,
            to_fund=to_fund,
            usd_minor=usd_minor,
            effective_on=on,
            carried_over_at=now,
        ),
        PledgeBroughtForward(
            pledge_id=pledge.pledge_id,
            donor=pledge.donor,
            fund=to_fund,
            from_fund=pledge.fund,
            usd_minor=usd_minor,
            effective_on=on,
            brought_forward_at=now,
        ),
    )


def require_received(
    pledge: Pledge, fact: PledgeRefunded | PledgeCarriedOver | PledgeReceiptReversed, left: LowestAmounts
) -> None:
    """Raise Conflict unless the money that leaves had been received by its value date and was not used since.

    `left` is the lowest amounts of the pledge's money from that day on.
    """
    match fact:
        case PledgeRefunded():
            if fact.money.minor > left.minor or (
                pledge.carried_over_usd_minor and fact.valuation.usd_minor > left.usd_minor
            ):
                raise Conflict("not-yet-received", received_minor=max(0, left.minor), currency=pledge.currency)
        case PledgeCarriedOver():
            if fact.usd_minor > left.net_usd_minor:
                raise Conflict("not-yet-received", received_usd_minor=max(0, left.net_usd_minor))
        case PledgeReceiptReversed():
            if fact.money.minor > left.minor or fact.valuation.usd_minor > left.usd_minor:
                raise Conflict("receipt-used", refunded_minor=pledge.refunded_minor, currency=pledge.currency)


def release_earmark(pledge: Pledge, proposal_id: UUID, reason: str, *, now: datetime) -> PledgeEarmarkReleased:
    """Release the earmark, with the donor's consent. Raises Conflict unless the pledge is tightly earmarked."""
    if pledge.earmarking is not Earmarking.TIGHTLY_EARMARKED:
        raise Conflict("earmark-not-tight", earmarking=pledge.earmarking)
    return PledgeEarmarkReleased(
        pledge_id=pledge.pledge_id,
        donor=pledge.donor,
        fund=pledge.fund,
        requirement_id=pledge.requirement_id,
        proposal_id=proposal_id,
        reason=reason,
        released_at=now,
    )


def close(pledge: Pledge, *, now: datetime) -> PledgeClosed:
    pledge.require("close")
    return PledgeClosed(pledge_id=pledge.pledge_id, donor=pledge.donor, fund=pledge.fund, closed_at=now)


def reverse_receipt(
    pledge: Pledge, entry_id: UUID, receipt: PledgeReceived, proposal_id: UUID, *, on: date, now: datetime
) -> PledgeReceiptReversed:
    """Reverse a receipt. Raises Conflict if so much was refunded or carried over that less than the receipt is left."""
    pledge.require("reverse_receipt")
    if (
        receipt.money.minor > pledge.received_minor - pledge.refunded_minor
        or receipt.valuation.usd_minor > pledge.usable_usd_minor
        or receipt.support_cost_usd_minor > pledge.support_cost_usd_minor
    ):
        raise Conflict("receipt-used", refunded_minor=pledge.refunded_minor, currency=pledge.currency)
    return PledgeReceiptReversed(
        pledge_id=pledge.pledge_id,
        donor=pledge.donor,
        fund=pledge.fund,
        reverses=entry_id,
        proposal_id=proposal_id,
        money=receipt.money,
        cash=receipt.cash,
        valuation=receipt.valuation,
        agreed_usd_minor=receipt.agreed_usd_minor,
        relieved_usd_minor=receipt.relieved_usd_minor,
        support_cost_usd_minor=receipt.support_cost_usd_minor,
        charges=receipt.charges,
        charges_usd_minor=receipt.charges_usd_minor,
        effective_on=max(on, receipt.effective_on),
        reversed_at=now,
        agreed_valuation=receipt.agreed_valuation,
    )


def _check(pledge: Pledge, money: Money, on: date, field: str) -> None:
    check_amount(money.minor)
    if money.currency != pledge.currency:
        raise Mismatch("currency-differs", expected=pledge.currency)
    _check_not_before(pledge, on, field)


def _check_not_before(pledge: Pledge, on: date, field: str) -> None:
    if on < (pledge.committed_on or pledge.pledged_on):
        raise Invalid("dates-reversed", field=field)


def _part_of_open(pledge: Pledge, money: Money) -> int:
    return min(usd_minor_of(money, read_rate(pledge.valuation.rate)), pledge.open_usd_minor)


def _part_of_owed(pledge: Pledge, minor: int) -> int:
    """Return the carrying value of an owed amount.

    For the full debt it is all that is left, so that rounding leaves no cent.
    """
    if minor == pledge.outstanding_minor:
        return pledge.carried_usd_minor
    worth = usd_minor_of(Money(minor=minor, currency=pledge.currency), pledge.agreed_rate)
    return min(worth, pledge.carried_usd_minor)
