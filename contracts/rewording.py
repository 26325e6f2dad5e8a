"""Facts of words that their donor put otherwise; the pledges service owns them, and none of them moves any money."""

from datetime import datetime
from uuid import UUID

from contracts.facts import Fact
from contracts.pledges import FundCode
from contracts.values import Organization


class PledgeReworded(Fact, frozen=True, kw_only=True, tag="pledges.pledge.reworded.v1"):
    """Its note says something else, and what it said before is forgotten."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    texts_hash: str
    reworded_at: datetime


class InKindContributionReworded(Fact, frozen=True, kw_only=True, tag="pledges.in_kind_contribution.reworded.v1"):
    """Its description says something else, and what it said before is forgotten."""

    in_kind_contribution_id: UUID
    donor: Organization
    fund: FundCode
    texts_hash: str
    reworded_at: datetime


FACTS: tuple[type[Fact], ...] = (PledgeReworded, InKindContributionReworded)
