"""Facts of what a donor's money is for; the pledges service owns them, and none of them moves any money."""

from datetime import datetime
from uuid import UUID

from contracts.facts import Fact
from contracts.pledges import FundCode
from contracts.values import Code, Organization


class PledgeEarmarkReleased(Fact, frozen=True, kw_only=True, tag="pledges.pledge.earmark-released.v1"):
    """Two finance officers recorded that its donor agrees: it is for its fund, no more for one need alone."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    proposal_id: UUID
    reason: Code
    released_at: datetime
    requirement_id: UUID | None = None


FACTS: tuple[type[Fact], ...] = (PledgeEarmarkReleased,)
