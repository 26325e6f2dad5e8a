"""Facts of earmarks, which move no money; owned by pledges."""

from datetime import datetime
from uuid import UUID

from contracts.facts import Fact
from contracts.pledges import FundCode
from contracts.values import Code, Organization


class PledgeEarmarkReleased(Fact, frozen=True, kw_only=True, tag="pledges.pledge.earmark-released.v1"):
    """Two finance officers recorded the donor's agreement to release the earmark: the pledge is for its whole fund."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    proposal_id: UUID
    reason: Code
    released_at: datetime
    requirement_id: UUID | None = None


FACTS: tuple[type[Fact], ...] = (PledgeEarmarkReleased,)
