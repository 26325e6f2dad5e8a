"""Facts of the ledger as a whole: proposals for a second approval, and closed years.

Owned by pledges; the effect of a proposal on a pledge or an allocation is a fact of that aggregate.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.facts import Fact
from contracts.pledges import FundCode, Minor, UsdMinor
from contracts.values import Code, Money, Organization

FUNDS_MAX = 500

Year = Annotated[int, Meta(ge=2000, le=2100)]


class ProposalMade(Fact, frozen=True, kw_only=True, tag="pledges.proposal.made.v1"):
    """A finance officer proposed a measure that another has to approve.

    `measure` is `write_off`, `refund` or `earmark_release` of a pledge, `reversal` of an entry of the ledger, or
    `reopening` of a year. `conditional_minor` is the amount not recognized yet that ends with a write-off; older facts
    lack the field.
    """

    proposal_id: UUID
    measure: Code
    reason: Code
    effective_on: date
    made_at: datetime
    pledge_id: UUID | None = None
    donor: Organization | None = None
    fund: FundCode | None = None
    money: Money | None = None
    entry_id: UUID | None = None
    year: Year | None = None
    conditional_minor: Minor | None = None


class ProposalApproved(Fact, frozen=True, kw_only=True, tag="pledges.proposal.approved.v1"):
    """A second finance officer approved the proposal; it was executed in the same transaction."""

    proposal_id: UUID
    measure: Code
    approved_at: datetime


class ProposalRefused(Fact, frozen=True, kw_only=True, tag="pledges.proposal.refused.v1"):
    """A finance officer refused the proposal, or its proposer withdrew it."""

    proposal_id: UUID
    measure: Code
    refused_at: datetime


class CarriedForward(Struct, frozen=True, kw_only=True):
    """The unallocated money of a fund at the end of a year, in US-dollar cents."""

    fund: FundCode
    usd_minor: UsdMinor


class PeriodClosed(Fact, frozen=True, kw_only=True, tag="pledges.period.closed.v1"):
    """A fiscal year was closed; no later entry takes effect in it."""

    period_id: UUID
    year: Year
    carried_forward: Annotated[tuple[CarriedForward, ...], Meta(max_length=FUNDS_MAX)]
    closed_at: datetime


class PeriodReopened(Fact, frozen=True, kw_only=True, tag="pledges.period.reopened.v1"):
    """Two finance officers reopened the last closed year."""

    period_id: UUID
    year: Year
    proposal_id: UUID
    reopened_at: datetime


FACTS: tuple[type[Fact], ...] = (ProposalMade, ProposalApproved, ProposalRefused, PeriodClosed, PeriodReopened)
