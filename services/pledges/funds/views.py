"""What is told of a fund: its needs and how far its money has come, in all years together and year by year."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from contracts.conversion import from_attributes
from contracts.funds import YearlyRequirement
from services.pledges.funds.store import Fund, Labels
from services.pledges.ledger.balances import Progress, SetAside
from services.pledges.ledger.years import YearAmounts


class WorkPackageView(Struct, frozen=True, kw_only=True):
    """What a fund needs for a work package in all years, what is set aside for it and spent, in US-dollar cents.

    `gender_marker` is its own, else the fund's.
    """

    work_package: str
    gender_marker: int | None
    requirement_usd_minor: int
    allocated_usd_minor: int
    spent_usd_minor: int
    gap_usd_minor: int


class FundView(Struct, frozen=True, kw_only=True):
    """A fund and how far its money has come, in US-dollar cents.

    None is ever added to another. `pledged` is what nobody has signed for yet; `paid` is a part of `committed`, and
    made up of `allocated` (of which `spent`), `programme_support`, `bank_charges`, `refunded`, `transferred` and
    `available`.
    `allocatable` is what can be allocated or was: `allocated`, `available`, and what is owed under agreements less its
    programme support cost. `gap` is what is required less that; what was spent in a year beyond what that one and those
    before needed covers nothing.
    `gender_marker` says how far it is for the equality of women and men: 0 not, 1 significantly, 2 principally; null
    where nobody has judged it.
    `in_kind` is no money: what donors hold their contributions in kind to be worth that UNODC has acknowledged.
    Where it is `final`, it is all of what had been recorded by `as_at`, the same for ever; else it is how things stand,
    and `as_at` is null.
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
    in_kind_usd_minor: int
    opened_at: datetime
    revision: int
    as_at: datetime | None
    final: bool


class WorkPackageYearView(Struct, frozen=True, kw_only=True):
    """What a fund needs for a work package in a year, and what was set aside and spent in it, in US-dollar cents.

    `left_before` is what had been set aside in earlier years and was neither needed nor spent in them.
    """

    work_package: str
    requirement_usd_minor: int
    left_before_usd_minor: int
    allocated_usd_minor: int
    spent_usd_minor: int
    gap_usd_minor: int


class FundYearView(Struct, frozen=True, kw_only=True):
    """What a fund needs in a year, what is committed for it and what moved in it, in US-dollar cents.

    `committed` and `written_off` are of the instalments that are due in the year, and of what became of earlier ones
    only in it. All else is what moved in it by value date, below zero where more was taken back: `pledged` less
    what was signed for, withdrawn or lapsed in it. `allocatable` is what of the instalments that are due in the year
    can be allocated: less programme support cost and what was written off. What came in it and was worth more or less,
    what the bank kept of it, and what was refunded or carried over in it counts there. Of each of these figures all
    years together are the fund's.
    `left_before` is what could be allocated of earlier years, and was neither needed nor spent in them. `gap` is what
    of the requirement is not covered by that and by what can be allocated of the year.
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
    """A fund by year: each in which it needs something, something is committed for, or any entry took effect.

    Where it is `final`, it is of what had been recorded by `as_at`, the same for ever; else `as_at` is null.
    """

    code: str
    years: list[FundYearView]
    as_at: datetime | None
    final: bool


def fund_view(
    fund: Fund, progress: Progress, allocatable_usd_minor: int, in_kind_usd_minor: int, *, as_at: datetime | None
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
    covering = allocatable_usd_minor - _beyond_need(required, progress.spent_by_year)
    return from_attributes(
        FundView,
        fund,
        code=fund.fund,
        work_packages=packages,
        requirement_usd_minor=required.total(),
        **asdict(progress.totals),
        allocatable_usd_minor=allocatable_usd_minor,
        gap_usd_minor=_lacking(required.total(), covering),
        in_kind_usd_minor=in_kind_usd_minor,
        as_at=as_at,
        final=as_at is not None,
    )


def years_view(
    fund: Fund, agreed: YearAmounts, progress: Mapping[int, Progress], *, as_at: datetime | None
) -> FundYearsView:
    """What is left of a year is there for the next one; what a year lacks, no later one makes up for."""
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
    return FundYearsView(code=fund.fund, years=views, as_at=as_at, final=as_at is not None)


def _beyond_need(needed: Mapping[int, int], spent: Mapping[int, int]) -> int:
    """What was spent in a year beyond what that one and those before needed; what of it came back later is not."""
    waiting = beyond = 0
    for year in sorted(needed.keys() | spent.keys()):
        used = spent.get(year, 0)
        came_back = min(beyond, max(0, -used))
        open_need = waiting + needed.get(year, 0) - used - came_back
        beyond, waiting = beyond - came_back + max(0, -open_need), max(0, open_need)
    return beyond


def _lacking(needed: int, held: int) -> int:
    """Never more than is needed, also where less than nothing is held since more went back than came."""
    return min(needed, max(0, needed - held))


def _left(held: int, needed: int, spent: int) -> int:
    return max(0, held - max(needed, spent))


def _by_year(requirements: Iterable[YearlyRequirement]) -> Counter[int]:
    """What is needed in each year."""
    needed = Counter[int]()
    for one in requirements:
        needed[one.year] += one.usd_minor
    return needed


def _needed(requirements: Sequence[YearlyRequirement]) -> Counter[str]:
    """What is needed for each work package."""
    needed = Counter[str]()
    for one in requirements:
        if one.work_package is not None:
            needed[one.work_package] += one.usd_minor
    return needed


def _by_work_package(named: Set[str], progress: Progress) -> Iterator[tuple[str, SetAside]]:
    """Each of these work packages, and each that something was set aside for."""
    for name in sorted(named | progress.by_work_package.keys()):
        yield name, progress.by_work_package.get(name, SetAside())
