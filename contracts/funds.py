"""Facts of funds: yearly requirements and gender markers; owned by pledges."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.facts import Fact
from contracts.pledges import FundCode, UsdMinor
from contracts.values import Code

REQUIREMENTS_MAX = 100

GenderMarker = Annotated[int, Meta(ge=0, le=2)]
"""The OECD DAC's gender equality marker: 0 not targeted, 1 significant objective, 2 principal objective."""

WORK_PACKAGES = (
    "case_law_upload",
    "development",
    "hosting",
    "legal_research",
    "maintenance",
    "training",
    "translation",
)
"""Work packages: the purposes, besides requests, that a SHERLOC fund can be spent on (I.a to I.g, I.o)."""


class YearlyRequirement(Struct, frozen=True, kw_only=True):
    """The requirement of a fund for a year; for a SHERLOC fund by work package, where known."""

    year: Annotated[int, Meta(ge=2000, le=2100)]
    usd_minor: UsdMinor
    work_package: Code | None = None


class FundOpened(Fact, frozen=True, kw_only=True, tag="pledges.fund.opened.v1"):
    """UNODC opened a fund for pledges.

    `gender_marker` is None if not assessed, which differs from 0.
    """

    fund_id: UUID
    code: FundCode
    requirements: Annotated[tuple[YearlyRequirement, ...], Meta(max_length=REQUIREMENTS_MAX)]
    texts_hash: str
    opened_at: datetime
    gender_marker: GenderMarker | None = None


class FundRequirementRevised(Fact, frozen=True, kw_only=True, tag="pledges.fund.requirement-revised.v1"):
    """UNODC set the requirement of a fund, or of one of its work packages, for a year. It cannot be removed.

    `before_usd_minor` is the previous requirement, 0 if there was none.
    """

    fund_id: UUID
    code: FundCode
    requirement: YearlyRequirement
    before_usd_minor: UsdMinor
    reason: Code
    revised_at: datetime


class FundGenderMarkerStated(Fact, frozen=True, kw_only=True, tag="pledges.fund.gender-marker-stated.v1"):
    """UNODC set the gender equality marker of a fund or of one of its work packages.

    A work package without a marker uses that of the fund. None removes the marker.
    """

    fund_id: UUID
    code: FundCode
    work_package: Code | None
    gender_marker: GenderMarker | None
    stated_at: datetime


FACTS: tuple[type[Fact], ...] = (FundOpened, FundRequirementRevised, FundGenderMarkerStated)
