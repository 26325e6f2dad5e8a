"""Facts of the pledges service: pledges and their life, rates, requirements and allocations.

Every fact that moves money has the original amount, its value in US-dollar minor units, and the rate with its source
and date, so that the ledger can be rebuilt from facts alone. `effective_on` is the value date.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.facts import Fact
from contracts.requests import About
from contracts.values import END, MINOR_UNITS_MAX, Code, Currency, Money, Organization, State

RATES_MAX = 300
IMPORT_ROWS_MAX = 5_000
FUND_DONORS_MAX = 200
SCHEDULE_MAX = 60

UsdMinor = Annotated[int, Meta(ge=0, le=MINOR_UNITS_MAX, description="cents of the US dollar")]
Minor = Annotated[int, Meta(ge=0, le=MINOR_UNITS_MAX, description="minor units of the pledge's currency")]
RateText = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{1,9}([.][0-9]{1,18})?" + END,
        min_length=1,
        max_length=20,
        description="US dollars for one unit of a currency, in decimal digits",
    ),
]
Agreement = Annotated[
    str,
    Meta(
        pattern="^[A-Za-z0-9][A-Za-z0-9/._-]*" + END,
        min_length=1,
        max_length=64,
        description="the parties' reference of their agreement, not a text",
    ),
]
FundCode = Annotated[str, Meta(pattern="^[A-Z][A-Z0-9-]+" + END, min_length=3, max_length=32)]
# A consumer may receive an allocation before the agreements: their order is not guaranteed.
FundDonors = Annotated[
    tuple[Organization, ...],
    Meta(max_length=FUND_DONORS_MAX, description="donors with a signed agreement for the fund at that time"),
]


class Valuation(Struct, frozen=True, kw_only=True):
    """The value of an amount in US-dollar minor units, with the rate, its source and its day."""

    usd_minor: UsdMinor
    rate: RateText
    rate_source: Code
    rate_date: date


class Instalment(Struct, frozen=True, kw_only=True):
    """A part of the agreed amount, in minor units of its currency, and its due day.

    An instalment with a `condition` (a code of the agreement's) is recognized once the condition is met.
    """

    due_on: date
    minor: Annotated[int, Meta(ge=1, le=MINOR_UNITS_MAX)]
    condition: Code | None = None


class Rate(Struct, frozen=True, kw_only=True):
    """The value of one unit of a currency in US dollars from a day on, and its source."""

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
    """A donor pledged an amount to a fund, for a match or a portal extension if named; it is not binding yet.
    A pledge that UNODC recorded for its donor has the import and the line of the flow in which the donor reported it.
    """

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    money: Money
    valuation: Valuation
    earmarking: Code
    effective_on: date
    texts_hash: str
    pledged_at: datetime
    requirement_id: UUID | None = None
    import_id: UUID | None = None
    import_line: Annotated[int, Meta(ge=1)] | None = None
    extension_id: UUID | None = None


class PledgeCommitted(Fact, frozen=True, kw_only=True, tag="pledges.pledge.committed.v1"):
    """An agreement was signed over the pledged amount, which is no longer an open pledge.

    `support_cost_basis_points` is the agreed programme support cost, in hundredths of a percent of the direct cost.
    `valuation` is that of the unconditional part, `recognized_minor`; `pledged_usd_minor` is the carrying amount of the
    open pledge, and `pledged_valuation` its rate. Older agreements have no schedule; all of their amount was
    recognized.
    """

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    money: Money
    valuation: Valuation
    support_cost_basis_points: Annotated[int, Meta(ge=0, le=10_000)]
    effective_on: date
    committed_at: datetime
    agreement: Agreement | None = None
    schedule: Annotated[tuple[Instalment, ...], Meta(max_length=SCHEDULE_MAX)] = ()
    recognized_minor: Minor | None = None
    pledged_usd_minor: UsdMinor | None = None
    pledged_valuation: Valuation | None = None


class PledgeConditionMet(Fact, frozen=True, kw_only=True, tag="pledges.pledge.condition-met.v1"):
    """The condition of an instalment is met: its amount is owed from now on, at the rate of the agreement."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    instalment: Annotated[int, Meta(ge=1, le=SCHEDULE_MAX)]
    condition: Code
    money: Money
    usd_minor: UsdMinor
    effective_on: date
    met_at: datetime
    valuation: Valuation | None = None


class PledgeReceived(Fact, frozen=True, kw_only=True, tag="pledges.pledge.received.v1"):
    """Cash was received: receipt number `instalment`, the last one if `complete`.

    `money` is the amount of the agreement that it settles, `cash` the amount received if in another currency,
    `valuation` the value of the cash. `agreed_usd_minor` is the value of `money` at the rate of the agreement,
    `relieved_usd_minor` the reduction of the amount owed (the two differ by rounding), `agreed_valuation` the rate of
    its carrying amount, `support_cost_usd_minor` the part of the cash that is programme support cost. The bank deducted
    `charges`, in the currency of the cash.
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
    cash: Money | None = None
    charges: Money | None = None
    charges_usd_minor: UsdMinor = 0
    agreed_valuation: Valuation | None = None


class PledgeReceiptReversed(Fact, frozen=True, kw_only=True, tag="pledges.pledge.receipt-reversed.v1"):
    """A receipt was recorded by mistake and reversed; the amounts are those of the receipt."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    reverses: UUID
    proposal_id: UUID
    money: Money
    valuation: Valuation
    agreed_usd_minor: UsdMinor
    relieved_usd_minor: UsdMinor
    support_cost_usd_minor: UsdMinor
    effective_on: date
    reversed_at: datetime
    cash: Money | None = None
    charges: Money | None = None
    charges_usd_minor: UsdMinor = 0
    agreed_valuation: Valuation | None = None


class PledgeWithdrawn(Fact, frozen=True, kw_only=True, tag="pledges.pledge.withdrawn.v1"):
    """The donor withdrew an uncommitted pledge; `money` and `valuation` are the original ones."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    money: Money
    valuation: Valuation
    effective_on: date
    withdrawn_at: datetime


class PledgeLapsed(Fact, frozen=True, kw_only=True, tag="pledges.pledge.lapsed.v1"):
    """No agreement was signed in time; `money` is the amount still pledged, `valuation` its value."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    money: Money
    valuation: Valuation
    effective_on: date
    lapsed_at: datetime


class PledgeReduced(Fact, frozen=True, kw_only=True, tag="pledges.pledge.reduced.v1"):
    """The donor reduced the pledged or agreed amount by `money`.

    `pledged_usd_minor` is deducted from the open pledges, `committed_usd_minor` from the commitments. For an agreement,
    `recognized_minor` is the part that had been recognized.
    """

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    reason: Code
    money: Money
    recognized_minor: Minor | None
    pledged_usd_minor: UsdMinor
    committed_usd_minor: UsdMinor
    effective_on: date
    reduced_at: datetime
    valuation: Valuation | None = None


class PledgeWrittenOff(Fact, frozen=True, kw_only=True, tag="pledges.pledge.written-off.v1"):
    """An owed amount was written off, by two people; `usd_minor` is its carrying amount.

    `conditional_minor` of the agreement was never recognized and ends with the write-off.
    """

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    proposal_id: UUID
    reason: Code
    money: Money
    usd_minor: UsdMinor
    conditional_minor: Minor
    effective_on: date
    written_off_at: datetime
    valuation: Valuation | None = None


class PledgeRefunded(Fact, frozen=True, kw_only=True, tag="pledges.pledge.refunded.v1"):
    """Money was refunded to the donor, by two people; `support_cost_usd_minor` of it came from programme support."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    proposal_id: UUID
    reason: Code
    money: Money
    valuation: Valuation
    support_cost_usd_minor: UsdMinor
    effective_on: date
    refunded_at: datetime


class PledgeCarriedOver(Fact, frozen=True, kw_only=True, tag="pledges.pledge.carried-over.v1"):
    """Unused money was transferred to another fund, with the donor's consent, and is brought forward there."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    to_fund: FundCode
    usd_minor: UsdMinor
    effective_on: date
    carried_over_at: datetime


class PledgeBroughtForward(Fact, frozen=True, kw_only=True, tag="pledges.pledge.brought-forward.v1"):
    """The other half of a carry-over: the money from `from_fund` entered this fund in the same transaction."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    from_fund: FundCode
    usd_minor: UsdMinor
    effective_on: date
    brought_forward_at: datetime


class PledgeClosed(Fact, frozen=True, kw_only=True, tag="pledges.pledge.closed.v1"):
    """The pledge was closed: everything is received and reported."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    closed_at: datetime


class RequirementOpened(Fact, frozen=True, kw_only=True, tag="pledges.requirement.opened.v1"):
    """A confirmed match lacks money for its delivery; older facts lack `about`."""

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
    about: About | None = None


class RequirementCancelled(Fact, frozen=True, kw_only=True, tag="pledges.requirement.cancelled.v1"):
    """The match was revoked; the allocations of its requirement are returned, each by its own fact."""

    requirement_id: UUID
    match_id: UUID
    request_id: UUID
    line_id: UUID
    state: State
    provider: Organization
    cancelled_at: datetime


class AllocationMade(Fact, frozen=True, kw_only=True, tag="pledges.allocation.made.v1"):
    """Money of a fund was allocated to the requirement of a request's line, a SHERLOC work package, or an activity.

    For a requirement, `gap_usd_minor` is the amount that it still lacks after this allocation.
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
    activity_id: UUID | None = None


class AllocationReturned(Fact, frozen=True, kw_only=True, tag="pledges.allocation.returned.v1"):
    """Unused money of an allocation returned to its fund: its requirement was cancelled, or less was needed."""

    allocation_id: UUID
    requirement_id: UUID | None = None
    fund: FundCode
    usd_minor: UsdMinor
    effective_on: date
    returned_at: datetime
    fund_donors: FundDonors = ()


class AllocationReversed(Fact, frozen=True, kw_only=True, tag="pledges.allocation.reversed.v1"):
    """An allocation was made by mistake; its money returned to the fund, by two people."""

    allocation_id: UUID
    fund: FundCode
    reverses: UUID
    proposal_id: UUID
    usd_minor: UsdMinor
    effective_on: date
    reversed_at: datetime
    requirement_id: UUID | None = None


class AllocationSpent(Fact, frozen=True, kw_only=True, tag="pledges.allocation.spent.v1"):
    """An allocation was spent in part; `how` is expenditure, or disbursement to an implementer (IATI 4, 3)."""

    allocation_id: UUID
    fund: FundCode
    how: Code
    usd_minor: UsdMinor
    effective_on: date
    spent_at: datetime


class AllocationSpendingReversed(Fact, frozen=True, kw_only=True, tag="pledges.allocation.spending-reversed.v1"):
    """A spending was recorded by mistake: the money counts as unspent again, by two people.

    If the rest of the allocation was returned before (`returned`), this money is returned in the same transaction.
    """

    allocation_id: UUID
    fund: FundCode
    how: Code
    reverses: UUID
    proposal_id: UUID
    usd_minor: UsdMinor
    effective_on: date
    reversed_at: datetime
    requirement_id: UUID | None = None
    returned: bool = False


class ImportRecorded(Fact, frozen=True, kw_only=True, tag="pledges.import.recorded.v1"):
    """UNODC imported a table of flows reported by others. The flows are kept beside the ledger and not counted.

    `file_hash` is the SHA-256 of the file; its rows stay with the owner. `format` is that of the file: `fts_csv` or
    `iati`.
    """

    import_id: UUID
    file_hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}" + END, min_length=64, max_length=64)]
    rows: Annotated[int, Meta(ge=1, le=IMPORT_ROWS_MAX)]
    accepted: Annotated[int, Meta(ge=0, le=IMPORT_ROWS_MAX)]
    rejected: Annotated[int, Meta(ge=0, le=IMPORT_ROWS_MAX)]
    recorded_at: datetime
    format: Code = "fts_csv"


FACTS: tuple[type[Fact], ...] = (
    RatesLoaded,
    PledgePledged,
    PledgeCommitted,
    PledgeConditionMet,
    PledgeReceived,
    PledgeReceiptReversed,
    PledgeWithdrawn,
    PledgeLapsed,
    PledgeReduced,
    PledgeWrittenOff,
    PledgeRefunded,
    PledgeCarriedOver,
    PledgeBroughtForward,
    PledgeClosed,
    RequirementOpened,
    RequirementCancelled,
    AllocationMade,
    AllocationReturned,
    AllocationReversed,
    AllocationSpent,
    AllocationSpendingReversed,
    ImportRecorded,
)
