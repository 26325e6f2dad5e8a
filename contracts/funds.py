"""Facts of funds, and of what each needs in a year; the pledges service owns them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.facts import Fact
from contracts.pledges import FundCode, UsdMinor
from contracts.values import Code

REQUIREMENTS_MAX = 100


class YearlyRequirement(Struct, frozen=True, kw_only=True):
    """What a fund needs in a year; of a fund for SHERLOC for one of its work packages, where that is known."""

    year: Annotated[int, Meta(ge=2000, le=2100)]
    usd_minor: UsdMinor
    work_package: Code | None = None


class FundOpened(Fact, frozen=True, kw_only=True, tag="pledges.fund.opened.v1"):
    """UNODC opened a fund that can be pledged to."""

    fund_id: UUID
    code: FundCode
    requirements: Annotated[tuple[YearlyRequirement, ...], Meta(max_length=REQUIREMENTS_MAX)]
    texts_hash: str
    opened_at: datetime


class FundRequirementRevised(Fact, frozen=True, kw_only=True, tag="pledges.fund.requirement-revised.v1"):
    """UNODC stated anew what a fund needs in a year, for a work package or for none; nothing takes the need away.

    `before_usd_minor` is what was stated before, nothing where nothing was.
    """

    fund_id: UUID
    code: FundCode
    requirement: YearlyRequirement
    before_usd_minor: UsdMinor
    reason: Code
    revised_at: datetime


FACTS: tuple[type[Fact], ...] = (FundOpened, FundRequirementRevised)
