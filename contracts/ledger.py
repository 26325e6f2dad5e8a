"""Facts of the books as a whole: what two people decide together, and years that are closed.

The pledges service owns them; what a decision does to a pledge or an allocation is a fact of that one.
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
    """A finance officer proposed what another one has to approve.

    `measure` is `write_off`, `refund` or `earmark_release` of a pledge, `reversal` of an entry of the ledger, or
    `reopening` of a year.
    With what is written off `conditional_minor` falls away, which waits for its conditions; it was not told before
    there was the field.
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
    """Another finance officer than who proposed it approved it; it was done in the same moment."""

    proposal_id: UUID
    measure: Code
    approved_at: datetime


class ProposalRefused(Fact, frozen=True, kw_only=True, tag="pledges.proposal.refused.v1"):
    """A finance officer refused it, or whoever had proposed it took it back."""

    proposal_id: UUID
    measure: Code
    refused_at: datetime


class CarriedForward(Struct, frozen=True, kw_only=True):
    """What a fund can still allocate at the end of a year, in US-dollar cents."""

    fund: FundCode
    usd_minor: UsdMinor


class PeriodClosed(Fact, frozen=True, kw_only=True, tag="pledges.period.closed.v1"):
    """A year's books are closed: no entry takes effect in it any more."""

    period_id: UUID
    year: Year
    carried_forward: Annotated[tuple[CarriedForward, ...], Meta(max_length=FUNDS_MAX)]
    closed_at: datetime


class PeriodReopened(Fact, frozen=True, kw_only=True, tag="pledges.period.reopened.v1"):
    """Two finance officers opened the last closed year again."""

    period_id: UUID
    year: Year
    proposal_id: UUID
    reopened_at: datetime


FACTS: tuple[type[Fact], ...] = (ProposalMade, ProposalApproved, ProposalRefused, PeriodClosed, PeriodReopened)
