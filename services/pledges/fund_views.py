"""What is told of a fund: its needs and how far its money has come, in all years together and year by year."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from contracts.funds import YearlyRequirement
from services.pledges.balances import Progress, SetAside, Totals
from services.pledges.funds import Fund, Labels
from services.pledges.years import Promised


class WorkPackageView(Struct, frozen=True, kw_only=True):
    """What a fund needs for a work package in all years, what is set aside for it and spent, in US-dollar cents."""

    work_package: str
    requirement_usd_minor: int
    allocated_usd_minor: int
    spent_usd_minor: int
    gap_usd_minor: int


class FundView(Struct, frozen=True, kw_only=True):
    """A fund and how far its money has come, in US-dollar cents.

    None is ever added to another. `pledged` is what nobody has signed for yet; `paid` is a part of `committed`, and
    made up of `allocated` (of which `spent`), `programme_support`, `bank_charges`, `refunded`, `transferred` and
    `available`.
    `gap` is what is required less what is committed and was not written off, refunded or carried over.
    `in_kind` is no money: what donors hold their contributions in kind to be worth that UNODC has acknowledged.
    Where it is `final`, it is all of what had been recorded by `as_at`, the same for ever; else it is how things stand,
    and `as_at` is null.
    """

    fund_id: UUID
    code: str
    labels: Labels
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
    gap_usd_minor: int
    in_kind_usd_minor: int
    opened_at: datetime
    revision: int
    as_at: datetime | None
    final: bool


class WorkPackageYearView(Struct, frozen=True, kw_only=True):
    """What a fund needs for a work package in a year, and what was set aside and spent in it, in US-dollar cents.

    `left_before` is what had been set aside in earlier years and was not needed in them.
    """

    work_package: str
    requirement_usd_minor: int
    left_before_usd_minor: int
    allocated_usd_minor: int
    spent_usd_minor: int
    gap_usd_minor: int


class FundYearView(Struct, frozen=True, kw_only=True):
    """What a fund needs in a year, what was promised for it and what moved in it, in US-dollar cents.

    `committed`, and of it `written_off`, is of the instalments that are due in the year; `pledged` of the pledges made
    in it that nobody has signed for. `paid`, `allocated`, `spent`, `refunded` and `transferred` is what moved in it by
    value date, below zero where more was taken back. Of each the years come to the fund's figure.
    `left_before` is what had been committed for earlier years and was not needed in them. `gap` is what is required in
    the year less that, and less what is committed for it and was not written off, refunded or carried over.
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
    gap_usd_minor: int
    work_packages: list[WorkPackageYearView]


class FundYearsView(Struct, frozen=True, kw_only=True):
    """A fund by year: each in which it needs something, was promised something, or moved any money.

    Where it is `final`, it is of what had been recorded by `as_at`, the same for ever; else `as_at` is null.
    """

    code: str
    years: list[FundYearView]
    as_at: datetime | None
    final: bool


def fund_view(fund: Fund, progress: Progress, in_kind_usd_minor: int, *, as_at: datetime | None) -> FundView:
    totals, required = progress.totals, sum(requirement.usd_minor for requirement in fund.requirements)
    needed = _needed(fund.requirements)
    return FundView(
        fund_id=fund.fund_id,
        code=fund.fund,
        labels=fund.labels,
        requirements=fund.requirements,
        work_packages=[
            WorkPackageView(
                work_package=name,
                requirement_usd_minor=needed[name],
                **asdict(aside),
                gap_usd_minor=max(0, needed[name] - aside.allocated_usd_minor),
            )
            for name, aside in _set_aside(needed, progress)
        ],
        requirement_usd_minor=required,
        **asdict(totals),
        gap_usd_minor=max(0, required - _kept(totals.committed_usd_minor, totals.written_off_usd_minor, totals)),
        in_kind_usd_minor=in_kind_usd_minor,
        opened_at=fund.opened_at,
        revision=fund.revision,
        as_at=as_at,
        final=as_at is not None,
    )


def years_view(
    fund: Fund, promised: Mapping[int, Promised], progress: Mapping[int, Progress], *, as_at: datetime | None
) -> FundYearsView:
    """What is left of a year is there for the next one; what a year lacks, no later one makes up for."""
    years = sorted({one.year for one in fund.requirements} | promised.keys() | progress.keys())
    left, left_for = 0, Counter[str]()
    views = []
    for year in years:
        requirements = [one for one in fund.requirements if one.year == year]
        required, needed = sum(one.usd_minor for one in requirements), _needed(requirements)
        of_year, moved = promised.get(year, Promised()), progress.get(year, Progress())
        kept = left + _kept(of_year.committed_usd_minor, of_year.written_off_usd_minor, moved.totals)
        packages = []
        for name, aside in _set_aside(needed + left_for, moved):
            kept_for = left_for[name] + aside.allocated_usd_minor
            packages.append(
                WorkPackageYearView(
                    work_package=name,
                    requirement_usd_minor=needed[name],
                    left_before_usd_minor=left_for[name],
                    **asdict(aside),
                    gap_usd_minor=max(0, needed[name] - kept_for),
                )
            )
            left_for[name] = max(0, kept_for - needed[name])
        views.append(
            FundYearView(
                year=year,
                requirement_usd_minor=required,
                left_before_usd_minor=left,
                **asdict(of_year),
                paid_usd_minor=moved.totals.paid_usd_minor,
                allocated_usd_minor=moved.totals.allocated_usd_minor,
                spent_usd_minor=moved.totals.spent_usd_minor,
                refunded_usd_minor=moved.totals.refunded_usd_minor,
                transferred_usd_minor=moved.totals.transferred_usd_minor,
                gap_usd_minor=max(0, required - kept),
                work_packages=packages,
            )
        )
        left = max(0, kept - required)
    return FundYearsView(code=fund.fund, years=views, as_at=as_at, final=as_at is not None)


def _kept(committed: int, written_off: int, moved: Totals) -> int:
    """What is committed and was not given up."""
    return committed - written_off - moved.refunded_usd_minor - moved.transferred_usd_minor


def _needed(requirements: Sequence[YearlyRequirement]) -> Counter[str]:
    """What is needed for each work package."""
    needed = Counter[str]()
    for one in requirements:
        if one.work_package is not None:
            needed[one.work_package] += one.usd_minor
    return needed


def _set_aside(needed: Counter[str], progress: Progress) -> Iterator[tuple[str, SetAside]]:
    """Each work package that is needed or that something was set aside for."""
    for name in sorted(needed.keys() | progress.by_work_package.keys()):
        yield name, progress.by_work_package.get(name, SetAside())
