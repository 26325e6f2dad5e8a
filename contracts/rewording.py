"""Facts of texts changed by their donor, which move no money; owned by pledges."""

from datetime import datetime
from uuid import UUID

from contracts.facts import Fact
from contracts.pledges import FundCode
from contracts.values import Organization


class PledgeReworded(Fact, frozen=True, kw_only=True, tag="pledges.pledge.reworded.v1"):
    """The note of a pledge was changed; the old text is deleted."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    texts_hash: str
    reworded_at: datetime


class InKindContributionReworded(Fact, frozen=True, kw_only=True, tag="pledges.in_kind_contribution.reworded.v1"):
    """The description of a contribution was changed; the old text is deleted."""

    in_kind_contribution_id: UUID
    donor: Organization
    fund: FundCode
    texts_hash: str
    reworded_at: datetime


FACTS: tuple[type[Fact], ...] = (PledgeReworded, InKindContributionReworded)
