"""Facts of the pledges service: funds, pledges and what becomes of them, rates, requirements and allocations.

Every fact that moves money carries the original amount, its worth in US-dollar minor units, and the rate with its
source and date, so that the ledger can be made again from the facts alone. `effective_on` is the value date.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.facts import Fact
from contracts.values import END, MINOR_UNITS_MAX, Code, Currency, Money, Organization, State

YEARS_MAX = 20
RATES_MAX = 300
IMPORT_ROWS_MAX = 5_000
FUND_DONORS_MAX = 200

UsdMinor = Annotated[int, Meta(ge=0, le=MINOR_UNITS_MAX, description="cents of the US dollar")]
RateText = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{1,9}([.][0-9]{1,10})?" + END,
        min_length=1,
        max_length=20,
        description="US dollars for one unit of a currency, in decimal digits",
    ),
]
FundCode = Annotated[str, Meta(pattern="^[A-Z][A-Z0-9-]+" + END, min_length=3, max_length=32)]
# Who listens may hear of an allocation before it hears of the agreements: their order is not promised.
FundDonors = Annotated[
    tuple[Organization, ...],
    Meta(max_length=FUND_DONORS_MAX, description="who had signed for money to the fund by then"),
]


class Valuation(Struct, frozen=True, kw_only=True):
    """What an amount is worth in US-dollar minor units, by which rate, whose, and of which day."""

    usd_minor: UsdMinor
    rate: RateText
    rate_source: Code
    rate_date: date


class YearlyRequirement(Struct, frozen=True, kw_only=True):
    """What a fund needs in a year."""

    year: Annotated[int, Meta(ge=2000, le=2100)]
    usd_minor: UsdMinor


class FundOpened(Fact, frozen=True, kw_only=True, tag="pledges.fund.opened.v1"):
    """UNODC opened a fund that can be pledged to."""

    fund_id: UUID
    code: FundCode
    requirements: Annotated[tuple[YearlyRequirement, ...], Meta(max_length=YEARS_MAX)]
    texts_hash: str
    opened_at: datetime


class Rate(Struct, frozen=True, kw_only=True):
    """What one unit of a currency is worth in US dollars from a day on, and who says so."""

    source: Code
    currency: Currency
    valid_from: date
    usd_per_unit: RateText


class RatesLoaded(Fact, frozen=True, kw_only=True, tag="pledges.rate_table.loaded.v1"):
    """UNODC loaded a table of rates."""

    rate_table_id: UUID
    rates: Annotated[tuple[Rate, ...], Meta(min_length=1, max_length=RATES_MAX)]
    loaded_at: datetime


class PledgePledged(Fact, frozen=True, kw_only=True, tag="pledges.pledge.pledged.v1"):
    """A donor pledged an amount to a fund; it binds nobody yet."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    money: Money
    valuation: Valuation
    earmarking: Code
    effective_on: date
    texts_hash: str
    pledged_at: datetime


class PledgeCommitted(Fact, frozen=True, kw_only=True, tag="pledges.pledge.committed.v1"):
    """An agreement was signed over the amount pledged.

    `support_cost_basis_points` is the programme support cost agreed, in hundredths of a percent of the direct cost.
    """

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    money: Money
    valuation: Valuation
    support_cost_basis_points: Annotated[int, Meta(ge=0, le=10_000)]
    effective_on: date
    committed_at: datetime


class PledgeReceived(Fact, frozen=True, kw_only=True, tag="pledges.pledge.received.v1"):
    """Cash came in: one instalment, the last one where `complete`.

    `agreed_usd_minor` is its worth at the rate of the agreement, `relieved_usd_minor` what it took from the amount
    still owed (the two differ by rounding), `support_cost_usd_minor` the part of it that is programme support cost.
    """

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    instalment: Annotated[int, Meta(ge=1)]
    money: Money
    valuation: Valuation
    agreed_usd_minor: UsdMinor
    relieved_usd_minor: UsdMinor
    support_cost_usd_minor: UsdMinor
    complete: bool
    effective_on: date
    received_at: datetime


class PledgeWithdrawn(Fact, frozen=True, kw_only=True, tag="pledges.pledge.withdrawn.v1"):
    """The donor withdrew a pledge that was not committed; `money` and `valuation` are those it had been made with."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    money: Money
    valuation: Valuation
    effective_on: date
    withdrawn_at: datetime


class RequirementOpened(Fact, frozen=True, kw_only=True, tag="pledges.requirement.opened.v1"):
    """A confirmed match lacks money for its delivery."""

    requirement_id: UUID
    match_id: UUID
    request_id: UUID
    line_id: UUID
    state: State
    provider: Organization
    money: Money
    valuation: Valuation
    effective_on: date
    opened_at: datetime


class RequirementCancelled(Fact, frozen=True, kw_only=True, tag="pledges.requirement.cancelled.v1"):
    """The match was revoked; what had been allocated to it goes back, each allocation by a fact of its own."""

    requirement_id: UUID
    match_id: UUID
    request_id: UUID
    line_id: UUID
    state: State
    provider: Organization
    cancelled_at: datetime


class AllocationMade(Fact, frozen=True, kw_only=True, tag="pledges.allocation.made.v1"):
    """Money of a fund was set aside for the requirement of a request's line, or for a work package on SHERLOC.

    For a requirement `gap_usd_minor` is what it still lacks after this allocation.
    """

    allocation_id: UUID
    fund: FundCode
    usd_minor: UsdMinor
    effective_on: date
    allocated_at: datetime
    work_package: Code | None = None
    requirement_id: UUID | None = None
    match_id: UUID | None = None
    request_id: UUID | None = None
    line_id: UUID | None = None
    state: State | None = None
    provider: Organization | None = None
    gap_usd_minor: UsdMinor | None = None
    fund_donors: FundDonors = ()


class AllocationReturned(Fact, frozen=True, kw_only=True, tag="pledges.allocation.returned.v1"):
    """The requirement was cancelled, and what had been allocated went back to the fund."""

    allocation_id: UUID
    requirement_id: UUID
    fund: FundCode
    usd_minor: UsdMinor
    effective_on: date
    returned_at: datetime
    fund_donors: FundDonors = ()


class ImportRecorded(Fact, frozen=True, kw_only=True, tag="pledges.import.recorded.v1"):
    """UNODC imported a table of flows that others reported: kept beside the ledger, and counted nowhere.

    `file_hash` is the SHA-256 of the file; what its rows say stays with its owner.
    """

    import_id: UUID
    file_hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}" + END, min_length=64, max_length=64)]
    rows: Annotated[int, Meta(ge=1, le=IMPORT_ROWS_MAX)]
    accepted: Annotated[int, Meta(ge=0, le=IMPORT_ROWS_MAX)]
    rejected: Annotated[int, Meta(ge=0, le=IMPORT_ROWS_MAX)]
    recorded_at: datetime


FACTS: tuple[type[Fact], ...] = (
    FundOpened,
    RatesLoaded,
    PledgePledged,
    PledgeCommitted,
    PledgeReceived,
    PledgeWithdrawn,
    RequirementOpened,
    RequirementCancelled,
    AllocationMade,
    AllocationReturned,
    ImportRecorded,
)
