"""The routes of funds: what each needs, in which years, and how far its money has come."""

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
from services.pledges.balances import EVER, NOTHING, Progress, SetAside
from services.pledges.commands import OpenFund, ReviseRequirement, check_reason
from services.pledges.moment_reader import AsAt, final_moment, moment_of, until_final
from services.pledges.policy import Action


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
    given_up = totals.written_off_usd_minor + totals.refunded_usd_minor + totals.transferred_usd_minor
    return FundView(
        fund_id=fund.fund_id,
        code=fund.fund,
        labels=fund.labels,
        requirements=fund.requirements,
        work_packages=[
            _work_package(fund, name, progress.by_work_package.get(name, NOTHING))
            for name in sorted(
                {one.work_package for one in fund.requirements if one.work_package} | progress.by_work_package.keys()
            )
        ],
        requirement_usd_minor=required,
        **asdict(totals),
        gap_usd_minor=max(0, required - totals.committed_usd_minor + given_up),
        in_kind_usd_minor=in_kind_usd_minor,
        opened_at=fund.opened_at,
        revision=fund.revision,
        as_at=as_at,
        final=as_at is not None,
    )


def _work_package(fund: funds.Fund, name: str, aside: SetAside) -> WorkPackageView:
    required = sum(one.usd_minor for one in fund.requirements if one.work_package == name)
    return WorkPackageView(
        work_package=name,
        requirement_usd_minor=required,
        allocated_usd_minor=aside.allocated_usd_minor,
        spent_usd_minor=aside.spent_usd_minor,
        gap_usd_minor=max(0, required - aside.allocated_usd_minor),
    )


ROUTES = [open_fund, list_funds, show_fund, revise_requirement, list_revisions]
