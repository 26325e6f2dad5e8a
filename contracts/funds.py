"""Facts of funds: what each needs in a year, and how far it is for the equality of women and men; pledges owns them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.facts import Fact
from contracts.pledges import FundCode, UsdMinor
from contracts.values import Code

REQUIREMENTS_MAX = 100

GenderMarker = Annotated[int, Meta(ge=0, le=2)]
"""The OECD DAC's marker of gender equality: 0 not targeted, 1 a significant objective, 2 the principal one."""


class YearlyRequirement(Struct, frozen=True, kw_only=True):
    """What a fund needs in a year; of a fund for SHERLOC for one of its work packages, where that is known."""

    year: Annotated[int, Meta(ge=2000, le=2100)]
    usd_minor: UsdMinor
    work_package: Code | None = None


class FundOpened(Fact, frozen=True, kw_only=True, tag="pledges.fund.opened.v1"):
    """UNODC opened a fund that can be pledged to.

    `gender_marker` is None where nobody has judged it, which is not 0.
    """

    fund_id: UUID
    code: FundCode
    requirements: Annotated[tuple[YearlyRequirement, ...], Meta(max_length=REQUIREMENTS_MAX)]
    texts_hash: str
    opened_at: datetime
    gender_marker: GenderMarker | None = None


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


class FundGenderMarkerStated(Fact, frozen=True, kw_only=True, tag="pledges.fund.gender-marker-stated.v1"):
    """UNODC stated how far a fund is for the equality of women and men, or one of its work packages.

    A work package without a statement of its own has the fund's. None takes back what was stated before.
    """

    fund_id: UUID
    code: FundCode
    work_package: Code | None
    gender_marker: GenderMarker | None
    stated_at: datetime


FACTS: tuple[type[Fact], ...] = (FundOpened, FundRequirementRevised, FundGenderMarkerStated)
