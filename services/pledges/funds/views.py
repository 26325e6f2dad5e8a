"""Views of a fund: requirements and totals, overall and by year."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from chassis.db.database import Tx
from contracts.conversion import from_attributes
from contracts.funds import YearlyRequirement
from services.pledges.funds.store import Fund, Labels
from services.pledges.in_kind import store as in_kind_store
from services.pledges.ledger import balances
from services.pledges.ledger.balances import EVER, Progress, SetAside, Totals
from services.pledges.ledger.years import YearAmounts
from services.pledges.pledge import store


class WorkPackageView(Struct, frozen=True, kw_only=True):
    """A fund's requirement for a work package in all years, and the money allocated to it and spent, in US cents.

    `gender_marker` is the work package's own, else the fund's.
    """

    work_package: str
    gender_marker: int | None
    requirement_usd_minor: int
    allocated_usd_minor: int
    spent_usd_minor: int
    gap_usd_minor: int


class FundTerm(Struct, frozen=True, kw_only=True):
    """A term of a fund's gap, in US cents: what raises the gap is positive, what lowers it negative."""

    term: str
    usd_minor: int


class FundView(Struct, frozen=True, kw_only=True):
    """A fund with its totals, in US cents.

    The totals overlap and must not be added up. `pledged` is not signed yet; `paid` is a part of `committed`, and
    consists of `allocated` (of which `spent`), `programme_support`, `bank_charges`, `refunded`, `transferred` and
    `available`.

    `allocatable` is the sum of `allocated`, `available`, and the amounts owed under agreements less their programme
    support cost. `gap` is the requirement less `allocatable`; spending in a year beyond the requirements up to that
    year does not reduce the gap.

    `gap_terms` add up to `gap`: `requirement`, less `paid` and `owed` (under agreements, less programme support cost),
    plus `programme_support`, `bank_charges`, `refunded`, `transferred`, `beyond_need` (spent in a year beyond the
    requirements up to it) and `not_needed` (what exceeds the requirement).

    `gender_marker` is 0 (not targeted), 1 (significant) or 2 (principal objective); null if not assessed.

    `in_kind` is not money: it is the donors' value of the contributions in kind that UNODC has acknowledged.

    If `final`, the view shows all that was recorded by `as_of` and never changes; otherwise it is the current state,
    and `as_of` is null.
    """

    fund_id: UUID
    code: str
    labels: Labels
    gender_marker: int | None
    requirements: tuple[YearlyRequirement, ...]
    work_packages: list[WorkPackageView]
    requirement_usd_minor: int
    pledged_usd_minor: int
    committed_usd_minor: int
    written_off_usd_minor: int
    paid_usd_minor: int
    programme_support_usd_minor: int
    bank_charges_usd_minor: int
    allocated_usd_minor: int
    spent_usd_minor: int
    refunded_usd_minor: int
    transferred_usd_minor: int
    available_usd_minor: int
    allocatable_usd_minor: int
    gap_usd_minor: int
    gap_terms: tuple[FundTerm, ...]
    in_kind_usd_minor: int
    opened_at: datetime
    revision: int
    as_of: datetime | None
    final: bool


class WorkPackageYearView(Struct, frozen=True, kw_only=True):
    """A fund's requirement for a work package in a year, and the money allocated and spent in it, in US cents.

    `left_before` is the money allocated in earlier years that was neither required nor spent in them.
    """

    work_package: str
    requirement_usd_minor: int
    left_before_usd_minor: int
    allocated_usd_minor: int
    spent_usd_minor: int
    gap_usd_minor: int


class FundYearView(Struct, frozen=True, kw_only=True):
    """A fund's requirement, commitments and movements of a year, in US cents.

    `committed` and `written_off` are of the instalments due in the year, and of later changes to earlier instalments
    that took effect in it. All other figures are movements of the year by value date, negative if more was reversed.
    `pledged` is less the pledges that were signed, withdrawn or lapsed in the year. `allocatable` is the allocatable
    part of the instalments due in the year, less programme support cost and write-offs; exchange differences, bank
    charges, refunds and carry-overs of the year are included. Each of these figures adds up, over all years, to the
    fund's.

    `left_before` is the money that could be allocated from earlier years and was neither required nor spent in them.
    `gap` is the part of the requirement not covered by `left_before` and `allocatable`.
    """

    year: int
    requirement_usd_minor: int
    left_before_usd_minor: int
    pledged_usd_minor: int
    committed_usd_minor: int
    written_off_usd_minor: int
    paid_usd_minor: int
    allocated_usd_minor: int
    spent_usd_minor: int
    refunded_usd_minor: int
    transferred_usd_minor: int
    allocatable_usd_minor: int
    gap_usd_minor: int
    work_packages: list[WorkPackageYearView]


class FundYearsView(Struct, frozen=True, kw_only=True):
    """A fund by year: every year with a requirement, a commitment or an entry.

    If `final`, the view is as recorded by `as_of` and never changes; otherwise `as_of` is null.
    """

    code: str
    years: list[FundYearView]
    as_of: datetime | None
    final: bool


async def with_totals(tx: Tx, found: Sequence[Fund], *, as_of: datetime | None) -> list[FundView]:
    """Return these funds with their totals: as recorded by `as_of`, or the current state if it is None."""
    async with tx.as_service():
        codes = [fund.fund for fund in found]
        progress = await balances.progress(tx, codes, as_of=as_of or EVER)
        allocatable = await _allocatable(tx, progress, as_of=as_of)
        in_kind = await in_kind_store.worth(tx, codes, as_of=as_of)
    return [
        fund_view(fund, progress[fund.fund], allocatable[fund.fund], in_kind.get(fund.fund, 0), as_of=as_of)
        for fund in found
    ]


async def _allocatable(
    tx: Tx, progress: Mapping[str, balances.Progress], *, as_of: datetime | None
) -> Mapping[str, int]:
    """Return the allocatable money of each fund. What was owed as of a moment comes from the facts of agreements."""
    if as_of is None:
        owed = await balances.owed_by_donors(tx, list(progress))
        return {
            fund: one.totals.allocated_usd_minor + one.totals.available_usd_minor + owed.get(fund, 0)
            for fund, one in progress.items()
        }
    return {
        fund: (await store.committed_by_year(tx, fund, as_of=as_of)).allocatable.total()
        - one.totals.transferred_usd_minor
        for fund, one in progress.items()
    }


def fund_view(
    fund: Fund, progress: Progress, allocatable_usd_minor: int, in_kind_usd_minor: int, *, as_of: datetime | None
) -> FundView:
    required = _by_year(fund.requirements)
    packages = []
    for name, aside in _by_work_package(_needed(fund.requirements).keys() | fund.gender_markers.keys(), progress):
        needed = _by_year(one for one in fund.requirements if one.work_package == name)
        beyond = _beyond_need(needed, progress.spent_by_work_package.get(name, {}))
        packages.append(
            WorkPackageView(
                work_package=name,
                gender_marker=fund.gender_marker_of(name),
                requirement_usd_minor=needed.total(),
                **asdict(aside),
                gap_usd_minor=_lacking(needed.total(), aside.allocated_usd_minor - beyond),
            )
        )
    beyond = _beyond_need(required, progress.spent_by_year)
    gap = _lacking(required.total(), allocatable_usd_minor - beyond)
    return from_attributes(
        FundView,
        fund,
        code=fund.fund,
        work_packages=packages,
        requirement_usd_minor=required.total(),
        **asdict(progress.totals),
        allocatable_usd_minor=allocatable_usd_minor,
        gap_usd_minor=gap,
        gap_terms=_terms(required.total(), progress.totals, allocatable_usd_minor, beyond, gap),
        in_kind_usd_minor=in_kind_usd_minor,
        as_of=as_of,
        final=as_of is not None,
    )


def _terms(required: int, totals: Totals, allocatable: int, beyond: int, gap: int) -> tuple[FundTerm, ...]:
    """Return the terms of a gap, without those that are zero. Their sum is the gap."""
    terms = {
        "requirement": required,
        "paid": -totals.paid_usd_minor,
        "owed": totals.allocated_usd_minor + totals.available_usd_minor - allocatable,
        "programme_support": totals.programme_support_usd_minor,
        "bank_charges": totals.bank_charges_usd_minor,
        "refunded": totals.refunded_usd_minor,
        "transferred": totals.transferred_usd_minor,
        "beyond_need": beyond,
        "not_needed": allocatable - beyond - required + gap,
    }
    assert sum(terms.values()) == gap, f"the terms of a gap do not add up: {terms}, {gap}"
    return tuple(FundTerm(term=term, usd_minor=usd_minor) for term, usd_minor in terms.items() if usd_minor)


def years_view(
    fund: Fund, agreed: YearAmounts, progress: Mapping[int, Progress], *, as_of: datetime | None
) -> FundYearsView:
    """Return the fund by year.

    A year's surplus is available to the next year; a year's deficit is not made up by later ones.
    """
    left, left_for = 0, Counter[str]()
    views = []
    for year in sorted(
        {one.year for one in fund.requirements} | agreed.committed.keys() | agreed.allocatable.keys() | progress.keys()
    ):
        requirements = [one for one in fund.requirements if one.year == year]
        required, needed = sum(one.usd_minor for one in requirements), _needed(requirements)
        moved = progress.get(year, Progress())
        totals, packages = moved.totals, []
        for name, aside in _by_work_package((needed + left_for).keys(), moved):
            held = left_for[name] + aside.allocated_usd_minor
            packages.append(
                WorkPackageYearView(
                    work_package=name,
                    requirement_usd_minor=needed[name],
                    left_before_usd_minor=left_for[name],
                    **asdict(aside),
                    gap_usd_minor=_lacking(needed[name], held),
                )
            )
            left_for[name] = _left(held, needed[name], aside.spent_usd_minor)
        allocatable = agreed.allocatable[year] - totals.transferred_usd_minor
        held = left + allocatable
        views.append(
            from_attributes(
                FundYearView,
                totals,
                year=year,
                requirement_usd_minor=required,
                left_before_usd_minor=left,
                committed_usd_minor=agreed.committed[year],
                written_off_usd_minor=agreed.written_off[year],
                allocatable_usd_minor=allocatable,
                gap_usd_minor=_lacking(required, held),
                work_packages=packages,
            )
        )
        left = _left(held, required, totals.spent_usd_minor)
    return FundYearsView(code=fund.fund, years=views, as_of=as_of, final=as_of is not None)


def _beyond_need(needed: Mapping[int, int], spent: Mapping[int, int]) -> int:
    """Return the spending that exceeds the requirements up to its year, less later reversals."""
    waiting = beyond = 0
    for year in sorted(needed.keys() | spent.keys()):
        used = spent.get(year, 0)
        came_back = min(beyond, max(0, -used))
        open_need = waiting + needed.get(year, 0) - used - came_back
        beyond, waiting = beyond - came_back + max(0, -open_need), max(0, open_need)
    return beyond


def _lacking(needed: int, held: int) -> int:
    """Return the gap: at most the requirement, even if more was refunded than received and the balance is negative."""
    return min(needed, max(0, needed - held))


def _left(held: int, needed: int, spent: int) -> int:
    return max(0, held - max(needed, spent))


def _by_year(requirements: Iterable[YearlyRequirement]) -> Counter[int]:
    """Return the requirement of each year."""
    needed = Counter[int]()
    for one in requirements:
        needed[one.year] += one.usd_minor
    return needed


def _needed(requirements: Sequence[YearlyRequirement]) -> Counter[str]:
    """Return the requirement of each work package."""
    needed = Counter[str]()
    for one in requirements:
        if one.work_package is not None:
            needed[one.work_package] += one.usd_minor
    return needed


def _by_work_package(named: Set[str], progress: Progress) -> Iterator[tuple[str, SetAside]]:
    """Yield the named work packages and all others with allocations, each with its allocated money."""
    for name in sorted(named | progress.by_work_package.keys()):
        yield name, progress.by_work_package.get(name, SetAside())
