"""Facts that take back what had been recorded wrongly of a pledge; the pledges service owns them.

Each names the entry of the ledger that it `reverses`, and says again every amount of it: the entry that follows is the
other one's opposite. Two people decided each, by the proposal that it names.
"""

from datetime import date, datetime
from uuid import UUID

from contracts.facts import Fact
from contracts.pledges import FundCode, UsdMinor, Valuation
from contracts.values import Money, Organization


class PledgeRefundReversed(Fact, frozen=True, kw_only=True, tag="pledges.pledge.refund-reversed.v1"):
    """A refund had been recorded wrongly: the money is in the fund; the amounts are those of the refund."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    reverses: UUID
    proposal_id: UUID
    money: Money
    valuation: Valuation
    support_cost_usd_minor: UsdMinor
    effective_on: date
    reversed_at: datetime


FACTS: tuple[type[Fact], ...] = (PledgeRefundReversed,)
