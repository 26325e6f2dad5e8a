"""The routes of funds: what each needs, in which years, and how far its money has come."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Struct
from msgspec.structs import asdict

from chassis.commands import claim
from chassis.db import Database, Tx
from chassis.http import Calling, Commanded, Db, Expected, Now, Paging, asks, created, shown
from contracts.funds import YearlyRequirement
from contracts.refusals import Missing
from contracts.values import Caller
from services.pledges import actions, balances, funds, in_kind_store, policy, store
from services.pledges.allocations import fund_id_of
from services.pledges.balances import EVER, Progress, SetAside, Totals
from services.pledges.commands import OpenFund, ReviseRequirement, check_reason
from services.pledges.moment_reader import AsAt, final_moment, moment_of, until_final
from services.pledges.policy import Action
from services.pledges.years import Promised, promised_by_year


class WorkPackageView(Struct, frozen=True, kw_only=True):
    """What a fund needs for a work package in all years or in one, and what is set aside for it and spent.

    In US-dollar cents.
    """

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
    labels: funds.Labels
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


class FundPage(Struct, frozen=True, kw_only=True):
    """Funds by code; `cursor` leads to the next page."""

    funds: list[FundView]
    cursor: str | None


class YearOfFund(Struct, frozen=True, kw_only=True):
    """What a fund needs in a year, what was promised for it and what moved in it, in US-dollar cents.

    `committed`, and of it `written_off`, is of the instalments that are due in the year; `pledged` of the pledges made
    in it that nobody has signed for. `paid`, `allocated`, `spent`, `refunded` and `transferred` is what moved in it by
    value date, below zero where more was taken back. Of each the years come to the fund's figure.
    `gap` is what is required in the year less what is committed for it and was not written off, refunded or carried
    over; what is left of a year fills no gap of another.
    """

    year: int
    requirement_usd_minor: int
    pledged_usd_minor: int
    committed_usd_minor: int
    written_off_usd_minor: int
    paid_usd_minor: int
    allocated_usd_minor: int
    spent_usd_minor: int
    refunded_usd_minor: int
    transferred_usd_minor: int
    gap_usd_minor: int
    work_packages: list[WorkPackageView]


class YearsOfFund(Struct, frozen=True, kw_only=True):
    """A fund by year: each in which it needs something, was promised something, or moved any money.

    Where it is `final`, it is of what had been recorded by `as_at`, the same for ever; else `as_at` is null.
    """

    code: str
    years: list[YearOfFund]
    as_at: datetime | None
    final: bool


class RevisionPage(Struct, frozen=True, kw_only=True):
    """What was stated of a fund's needs, newest first: of a year and a purpose the newest counts, and nothing is none.

    `revision` is the fund's; `reason` a code of `/v1/reference/reasons/revise_requirement`, none as it was opened.
    """

    revisions: Sequence[funds.Revision]
    cursor: int | None


@post("/v1/funds", opt=asks(Action.OPEN_FUND), summary="Open a fund")
async def open_fund(
    data: JSONBody[OpenFund], db: Db, caller: Calling, command: Commanded, now: Now
) -> Response[FundView]:
    """For a finance officer of UNODC."""
    policy.decide(caller, Action.OPEN_FUND).required()
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=fund_id_of(data.code))
        if claimed.first:
            await actions.open_fund(tx, data.code, data.labels.labels(), data.yearly(), now=now)
        fund = await _fund(tx, data.code)
    return created(fund, location=f"/v1/funds/{fund.code}", revision=fund.revision)


@get("/v1/funds", opt=asks(Action.LIST_FUNDS), summary="All funds and how far their money has come")
async def list_funds(
    db: Db,
    caller: Calling,
    paging: Paging,
    now: Now,
    as_at: AsAt = None,
    cursor: Annotated[str | None, QueryParameter(max_length=32)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[FundPage]:
    """Totals are for everybody who works here; whose pledges they are made of is not told.

    With `as_at`, the funds that had been opened by that moment, of what had been recorded by then: the same for ever.
    Who does not read the whole ledger is told of the beginning of its day in UTC, and `as_at` says so.
    """
    moment = await _moment(db, caller, as_at, now=now)
    async with db.transaction(by=caller) as tx:
        found = await funds.funds(tx, after=cursor, limit=limit + 1, as_at=moment or EVER)
        views = await _with_totals(tx, found[:limit], as_at=moment)
    more = found[limit - 1].fund if len(found) > limit else None
    return Response(FundPage(funds=views, cursor=more), headers=paging.next_link(more))


@get("/v1/funds/{code:str}", opt=asks(Action.SHOW_FUND), summary="One fund and how far its money has come")
async def show_fund(code: FromPath[str], db: Db, caller: Calling, now: Now, as_at: AsAt = None) -> Response[FundView]:
    """With `as_at`, of what had been recorded by that moment: the same for ever.

    Who does not read the whole ledger is told of the beginning of its day in UTC, and `as_at` says so.
    """
    moment = await _moment(db, caller, as_at, now=now)
    async with db.transaction(by=caller) as tx:
        fund = await _fund(tx, code, as_at=moment)
    return shown(fund, revision=fund.revision)


@post(
    "/v1/funds/{code:str}/requirements",
    opt=asks(Action.REVISE_REQUIREMENT),
    status_code=200,
    summary="State anew what a fund needs in a year",
)
async def revise_requirement(
    code: FromPath[str],
    data: JSONBody[ReviseRequirement],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[FundView]:
    """For a finance officer of UNODC, of a year whose books are not closed. What was stated before stays listed."""
    policy.decide(caller, Action.REVISE_REQUIREMENT).required()
    requirement, reason = data.yearly(), check_reason("revise_requirement", data.reason)
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=fund_id_of(code))
        if claimed.first:
            await actions.revise_requirement(tx, code, requirement, reason, expected=expected, now=now)
        fund = await _fund(tx, code)
    return shown(fund, revision=fund.revision)


@get(
    "/v1/funds/{code:str}/requirements",
    opt=asks(Action.LIST_REVISIONS),
    summary="What was stated of a fund's needs, newest first",
)
async def list_revisions(
    code: FromPath[str],
    db: Db,
    caller: Calling,
    paging: Paging,
    cursor: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[RevisionPage]:
    """What counts of it now is in the fund's `requirements`."""
    async with db.transaction(by=caller) as tx:
        if not await funds.is_open(tx, code):
            raise Missing("not-found")
        found = await funds.revisions(tx, code, before=cursor, limit=limit + 1)
    more = found[limit - 1].revision if len(found) > limit else None
    page = RevisionPage(revisions=found[:limit], cursor=more)
    return Response(page, headers=paging.next_link(str(more) if more else None))


@get("/v1/funds/{code:str}/years", opt=asks(Action.SHOW_FUND_YEARS), summary="One fund by year")
async def show_fund_years(
    code: FromPath[str], db: Db, caller: Calling, now: Now, as_at: AsAt = None
) -> Response[YearsOfFund]:
    """What it needs in each year, what was promised for it, and what moved in it.

    With `as_at`, of what had been recorded by that moment: the same for ever. Who does not read the whole ledger is
    told of the beginning of its day in UTC, and `as_at` says so.
    """
    moment = await _moment(db, caller, as_at, now=now)
    async with db.transaction(by=caller) as tx:
        found = await funds.funds(tx, only=code, as_at=moment or EVER)
        if not found:
            raise Missing("not-found")
        async with tx.by_itself():
            moved = await balances.progress_by_year(tx, code, as_at=moment or EVER)
            promised = promised_by_year(await store.pledges_of_fund(tx, code, as_at=moment))
    needed = {one.year for one in found[0].requirements}
    years = [
        _year_of_fund(found[0], year, promised.get(year, Promised()), moved.get(year, Progress()))
        for year in sorted(needed | promised.keys() | moved.keys())
    ]
    return Response(YearsOfFund(code=code, years=years, as_at=moment, final=moment is not None))


async def _moment(db: Database, caller: Caller, given: str | None, *, now: datetime) -> datetime | None:
    """As `final_moment`; the day's beginning for whoever does not see whose pledges the totals are made of.

    From totals a moment apart each single pledge would follow.
    """
    if given is None or policy.reads_all(caller):
        return await final_moment(db, caller, given, now=now)
    day = moment_of(given).replace(hour=0, minute=0, second=0, microsecond=0)
    await until_final(db, caller, day, now=now)
    return day


async def _fund(tx: Tx, code: str, *, as_at: datetime | None = None) -> FundView:
    found = await _with_totals(tx, await funds.funds(tx, only=code, as_at=as_at or EVER), as_at=as_at)
    if not found:
        raise Missing("not-found")
    return found[0]


async def _with_totals(tx: Tx, found: Sequence[funds.Fund], *, as_at: datetime | None) -> list[FundView]:
    async with tx.by_itself():
        codes = [fund.fund for fund in found]
        progress = await balances.progress(tx, codes, as_at=as_at or EVER)
        in_kind = await in_kind_store.worth(tx, codes, as_at=as_at)
    return [_fund_view(fund, progress[fund.fund], in_kind.get(fund.fund, 0), as_at=as_at) for fund in found]


def _fund_view(fund: funds.Fund, progress: Progress, in_kind_usd_minor: int, *, as_at: datetime | None) -> FundView:
    totals = progress.totals
    required = sum(requirement.usd_minor for requirement in fund.requirements)
    return FundView(
        fund_id=fund.fund_id,
        code=fund.fund,
        labels=fund.labels,
        requirements=fund.requirements,
        work_packages=_work_packages(fund.requirements, progress),
        requirement_usd_minor=required,
        **asdict(totals),
        gap_usd_minor=_gap(required, totals.committed_usd_minor, totals.written_off_usd_minor, totals),
        in_kind_usd_minor=in_kind_usd_minor,
        opened_at=fund.opened_at,
        revision=fund.revision,
        as_at=as_at,
        final=as_at is not None,
    )


def _year_of_fund(fund: funds.Fund, year: int, promised: Promised, progress: Progress) -> YearOfFund:
    requirements = [one for one in fund.requirements if one.year == year]
    required, moved = sum(one.usd_minor for one in requirements), progress.totals
    return YearOfFund(
        year=year,
        requirement_usd_minor=required,
        **asdict(promised),
        paid_usd_minor=moved.paid_usd_minor,
        allocated_usd_minor=moved.allocated_usd_minor,
        spent_usd_minor=moved.spent_usd_minor,
        refunded_usd_minor=moved.refunded_usd_minor,
        transferred_usd_minor=moved.transferred_usd_minor,
        gap_usd_minor=_gap(required, promised.committed_usd_minor, promised.written_off_usd_minor, moved),
        work_packages=_work_packages(requirements, progress),
    )


def _gap(required: int, committed: int, written_off: int, moved: Totals) -> int:
    given_up = written_off + moved.refunded_usd_minor + moved.transferred_usd_minor
    return max(0, required - committed + given_up)


def _work_packages(requirements: Sequence[YearlyRequirement], progress: Progress) -> list[WorkPackageView]:
    """Each that something is needed for, or was set aside for."""
    needed = Counter[str]()
    for one in requirements:
        if one.work_package is not None:
            needed[one.work_package] += one.usd_minor
    return [
        WorkPackageView(
            work_package=name,
            requirement_usd_minor=needed[name],
            **asdict(aside),
            gap_usd_minor=max(0, needed[name] - aside.allocated_usd_minor),
        )
        for name in sorted(needed.keys() | progress.by_work_package.keys())
        for aside in [progress.by_work_package.get(name, SetAside())]
    ]


ROUTES = [open_fund, list_funds, show_fund, show_fund_years, revise_requirement, list_revisions]
