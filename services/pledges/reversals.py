"""How what had been recorded wrongly of a pledge is taken back, but for receipts (`exits`).

Decisions over a frozen pledge: proposed by one person and approved by another (`proposals`). The pledge is as it would
be had the fact never been; what has happened since stands with its amounts, and where it cannot, the reversal is
refused. A pledge that is closed stays as it is.
"""

from datetime import date, datetime
from uuid import UUID

from contracts.pledge_reversals import PledgeRefundReversed
from contracts.pledges import PledgeRefunded
from services.pledges.domain import Pledge


def reverse_refund(
    pledge: Pledge, entry_id: UUID, refund: PledgeRefunded, proposal_id: UUID, *, on: date, now: datetime
) -> PledgeRefundReversed:
    """Nothing has left the fund, nor programme support. Raises Conflict for a pledge that is closed."""
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
