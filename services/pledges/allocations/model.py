"""Funds, requirements of confirmed matches, and allocations for requirements, work packages and activities."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from contracts.codes import unknown_code
from contracts.facts import Fact
from contracts.funds import WORK_PACKAGES, FundGenderMarkerStated, FundOpened, FundRequirementRevised, YearlyRequirement
from contracts.pledges import (
    AllocationMade,
    AllocationReturned,
    AllocationReversed,
    AllocationSpendingReversed,
    AllocationSpent,
    RequirementCancelled,
    RequirementOpened,
    Valuation,
)
from contracts.refusals import Conflict, Invalid, Mismatch
from contracts.requests import About
from services.pledges.activities.model import Activity
from services.pledges.money.model import check_amount

SHERLOC_FUNDS = "SHERLOC-"


def fund_id_of(code: str) -> UUID:
    """Return the id of a fund, derived from its code, so that each code has one fund."""
    return uuid5(NAMESPACE_URL, f"entraide:fund:{code}")


def open_fund(
    code: str,
    requirements: tuple[YearlyRequirement, ...],
    texts_hash: str,
    *,
    gender_marker: int | None = None,
    now: datetime,
) -> FundOpened:
    """Open a fund.

    Raises Invalid if a year is repeated for one purpose, Mismatch for a work package of another fund.
    """
    if len({(requirement.year, requirement.work_package) for requirement in requirements}) < len(requirements):
        raise Invalid("year-repeated")
    for requirement in requirements:
        if requirement.work_package is not None:
            check_work_package(requirement.work_package, code)
    return FundOpened(
        fund_id=fund_id_of(code),
        code=code,
        requirements=requirements,
        texts_hash=texts_hash,
        opened_at=now,
        gender_marker=gender_marker,
    )


def revise_requirement(
    code: str, requirement: YearlyRequirement, reason: str, *, before_usd_minor: int, now: datetime
) -> FundRequirementRevised:
    """Revise a requirement. Raises Conflict if the amount is unchanged, Mismatch for a work package of another fund."""
    if requirement.work_package is not None:
        check_work_package(requirement.work_package, code)
    if requirement.usd_minor == before_usd_minor:
        raise Conflict("requirement-unchanged", usd_minor=before_usd_minor)
    return FundRequirementRevised(
        fund_id=fund_id_of(code),
        code=code,
        requirement=requirement,
        before_usd_minor=before_usd_minor,
        reason=reason,
        revised_at=now,
    )


def state_gender_marker(
    code: str, work_package: str | None, gender_marker: int | None, *, now: datetime
) -> FundGenderMarkerStated:
    """Set a gender marker. Raises Invalid for an unknown work package, Mismatch for one of another fund."""
    if work_package is not None:
        check_work_package(work_package, code)
    return FundGenderMarkerStated(
        fund_id=fund_id_of(code), code=code, work_package=work_package, gender_marker=gender_marker, stated_at=now
    )


# -- requirements and allocations --------------------------------------------------------------------------------------


class RequirementStatus(StrEnum):
    OPEN = "open"
    CANCELLED = "cancelled"


class Requirement(Struct, frozen=True, kw_only=True):
    """The money that the delivery of a confirmed match lacks, and its covered part."""

    requirement_id: UUID
    match_id: UUID
    request_id: UUID
    line_id: UUID
    state: str
    provider: str
    status: RequirementStatus
    revision: int
    minor: int
    currency: str
    valuation: Valuation
    opened_at: datetime
    about: About | None = None
    """None if the kind of assistance may endanger people."""
    covered_usd_minor: int = 0

    @property
    def gap_usd_minor(self) -> int:
        """The uncovered amount; 0 once the match is revoked."""
        return 0 if self.status is RequirementStatus.CANCELLED else self.valuation.usd_minor - self.covered_usd_minor

    def require_open(self) -> None:
        """Raise Conflict if the match was revoked."""
        if self.status is RequirementStatus.CANCELLED:
            raise Conflict("requirement-cancelled")

    def require_gap(self) -> None:
        """Raise Conflict if the match was revoked or the requirement is fully covered."""
        self.require_open()
        if not self.gap_usd_minor:
            raise Conflict("requirement-exceeded", gap_usd_minor=0)

    def cancel(self, *, now: datetime) -> RequirementCancelled:
        self.require_open()
        return RequirementCancelled(
            requirement_id=self.requirement_id,
            match_id=self.match_id,
            request_id=self.request_id,
            line_id=self.line_id,
            state=self.state,
            provider=self.provider,
            cancelled_at=now,
        )


def requirement_id_of(match_id: UUID) -> UUID:
    """Return the id of a match's requirement, derived from the match, so that a repeated event cannot open another."""
    return uuid5(NAMESPACE_URL, f"entraide:requirement:{match_id}")


def opened(fact: RequirementOpened) -> Requirement:
    return Requirement(
        requirement_id=fact.requirement_id,
        match_id=fact.match_id,
        request_id=fact.request_id,
        line_id=fact.line_id,
        state=fact.state,
        provider=fact.provider,
        status=RequirementStatus.OPEN,
        revision=1,
        minor=fact.money.minor,
        currency=fact.money.currency,
        valuation=fact.valuation,
        opened_at=fact.opened_at,
        about=fact.about,
    )


def evolve_requirement(requirement: Requirement | None, fact: Fact) -> Requirement:
    """Apply a fact to the requirement; its coverage follows from allocations."""
    match fact:
        case RequirementOpened():
            return opened(fact)
        case RequirementCancelled() if requirement is not None:
            return replace(requirement, status=RequirementStatus.CANCELLED, revision=requirement.revision + 1)
    raise AssertionError(f"{fact.type} is not a requirement's next fact")


class AllocationStatus(StrEnum):
    MADE = "made"
    RETURNED = "returned"
    REVERSED = "reversed"


class Spending(StrEnum):
    """Uses of allocated money: spent by UNODC (expenditure, IATI 4), or passed on to a provider (disbursement, 3)."""

    EXPENDITURE = "expenditure"
    DISBURSEMENT = "disbursement"


class Purpose(Struct, frozen=True):
    """The purpose of an allocation: exactly one of the three fields is set."""

    requirement_id: UUID | None = None
    work_package: str | None = None
    activity_id: UUID | None = None


class Allocation(Struct, frozen=True, kw_only=True):
    """Money of a fund set aside for one purpose: a requirement, a work package or an activity."""

    allocation_id: UUID
    fund: str
    usd_minor: int
    status: AllocationStatus
    revision: int
    allocated_on: date
    allocated_at: datetime
    work_package: str | None = None
    requirement_id: UUID | None = None
    request_id: UUID | None = None
    line_id: UUID | None = None
    state: str | None = None
    provider: str | None = None
    spent_usd_minor: int = 0
    activity_id: UUID | None = None

    @property
    def unspent_usd_minor(self) -> int:
        return self.usd_minor - self.spent_usd_minor

    def give_back(self, fund_donors: tuple[str, ...], *, on: date, now: datetime) -> AllocationReturned:
        """Return the unspent part to the fund. Raises Conflict if nothing is unspent."""
        self._require_made()
        if not self.unspent_usd_minor:
            raise Conflict("allocation-exceeded", unspent_usd_minor=0)
        return AllocationReturned(
            allocation_id=self.allocation_id,
            requirement_id=self.requirement_id,
            fund=self.fund,
            usd_minor=self.unspent_usd_minor,
            effective_on=on,
            returned_at=now,
            fund_donors=fund_donors,
        )

    def spend(self, usd_minor: int, how: Spending, *, on: date, now: datetime) -> AllocationSpent:
        """Spend from the allocation. Raises Conflict for more than its unspent part."""
        self._require_made()
        check_amount(usd_minor)
        if on < self.allocated_on:
            raise Invalid("dates-reversed", field="spent_on")
        if usd_minor > self.unspent_usd_minor:
            raise Conflict("allocation-exceeded", unspent_usd_minor=self.unspent_usd_minor)
        return AllocationSpent(
            allocation_id=self.allocation_id,
            fund=self.fund,
            how=how,
            usd_minor=usd_minor,
            effective_on=on,
            spent_at=now,
        )

    def reverse(self, entry_id: UUID, proposal_id: UUID, *, on: date, now: datetime) -> AllocationReversed:
        """Reverse the whole allocation. Raises Conflict if part of it is spent: reverse that first."""
        self._require_made()
        if self.spent_usd_minor:
            raise Conflict("allocation-spent", spent_usd_minor=self.spent_usd_minor)
        return AllocationReversed(
            allocation_id=self.allocation_id,
            fund=self.fund,
            reverses=entry_id,
            proposal_id=proposal_id,
            usd_minor=self.usd_minor,
            requirement_id=self.requirement_id,
            effective_on=max(on, self.allocated_on),
            reversed_at=now,
        )

    def reverse_spending(
        self, entry_id: UUID, spent: AllocationSpent, proposal_id: UUID, *, on: date, now: datetime
    ) -> AllocationSpendingReversed:
        """Allocate the spent amount again, or return it to the fund if the rest was returned before."""
        return AllocationSpendingReversed(
            allocation_id=self.allocation_id,
            fund=self.fund,
            how=spent.how,
            reverses=entry_id,
            proposal_id=proposal_id,
            usd_minor=spent.usd_minor,
            effective_on=max(on, spent.effective_on),
            reversed_at=now,
            requirement_id=self.requirement_id,
            returned=self.status is AllocationStatus.RETURNED,
        )

    def _require_made(self) -> None:
        if self.status is not AllocationStatus.MADE:
            raise Conflict("allocation-returned")


def allocate(
    allocation_id: UUID,
    fund: str,
    usd_minor: int,
    purpose: Requirement | Activity | str,
    *,
    available_usd_minor: int,
    fund_donors: tuple[str, ...],
    on: date,
    now: datetime,
) -> AllocationMade:
    """Allocate money to a requirement, a work package or an activity; `fund_donors` are notified.

    Raises Conflict for more than the fund has or the requirement lacks, or for an activity that has ended; Mismatch for
    a work package or an activity of another fund.
    """
    check_amount(usd_minor)
    match purpose:
        case Requirement():
            purposed = _for_requirement(purpose, usd_minor)
        case Activity():
            purpose.require_payable_from(fund)
            purposed = {"activity_id": purpose.activity_id}
        case _:
            check_work_package(purpose, fund)
            purposed = {"work_package": purpose}
    if usd_minor > available_usd_minor:
        raise Conflict("balance-exceeded", available_usd_minor=available_usd_minor)
    return AllocationMade(
        allocation_id=allocation_id,
        fund=fund,
        usd_minor=usd_minor,
        effective_on=on,
        allocated_at=now,
        fund_donors=fund_donors,
        **purposed,
    )


def _for_requirement(requirement: Requirement, usd_minor: int) -> dict[str, Any]:
    requirement.require_open()
    if usd_minor > requirement.gap_usd_minor:
        raise Conflict("requirement-exceeded", gap_usd_minor=requirement.gap_usd_minor)
    return {
        "requirement_id": requirement.requirement_id,
        "match_id": requirement.match_id,
        "request_id": requirement.request_id,
        "line_id": requirement.line_id,
        "state": requirement.state,
        "provider": requirement.provider,
        "gap_usd_minor": requirement.gap_usd_minor - usd_minor,
    }


def check_work_package(work_package: str, fund: str) -> None:
    """Raise Invalid for an unknown work package, Mismatch if the fund is not SHERLOC's."""
    if work_package not in WORK_PACKAGES:
        raise unknown_code("work_package", work_package, WORK_PACKAGES)
    if not fund.startswith(SHERLOC_FUNDS):
        raise Mismatch("work-package-of-sherloc")


def allocated(fact: AllocationMade) -> Allocation:
    return Allocation(
        allocation_id=fact.allocation_id,
        fund=fact.fund,
        usd_minor=fact.usd_minor,
        status=AllocationStatus.MADE,
        revision=1,
        allocated_on=fact.effective_on,
        allocated_at=fact.allocated_at,
        work_package=fact.work_package,
        requirement_id=fact.requirement_id,
        request_id=fact.request_id,
        line_id=fact.line_id,
        state=fact.state,
        provider=fact.provider,
        activity_id=fact.activity_id,
    )


def evolve(allocation: Allocation | None, fact: Fact) -> Allocation:
    """Apply a fact to the allocation, with the same result as the SQL that folds it into the row."""
    if allocation is None:
        assert isinstance(fact, AllocationMade), "an allocation's first fact is that it was made"
        return allocated(fact)
    status, spent_usd_minor = allocation.status, allocation.spent_usd_minor
    match fact:
        case AllocationReturned():
            status = AllocationStatus.RETURNED
        case AllocationReversed():
            status = AllocationStatus.REVERSED
        case AllocationSpent():
            spent_usd_minor += fact.usd_minor
        case AllocationSpendingReversed():
            spent_usd_minor -= fact.usd_minor
        case _:
            raise AssertionError(f"{fact.type} is not an allocation's next fact")
    return replace(allocation, status=status, spent_usd_minor=spent_usd_minor, revision=allocation.revision + 1)
