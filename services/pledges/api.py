"""The routes of funds and pledges, each of which opens one transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct
from msgspec.structs import asdict

from chassis.commands import claim
from chassis.db import Tx
from chassis.event_streams import EVENT_STREAM, EventStream, LastEventId
from chassis.following import Told
from chassis.http import Calling, Commanded, Db, Expected, Now, Paging, Streaming, asks, created, shown
from chassis.ids import new_id
from contracts.pledges import YearlyRequirement
from contracts.refusals import Missing
from services.pledges import actions, balances, funds, in_kind_store, policy, store, unfunded_reader
from services.pledges.allocations import fund_id_of
from services.pledges.commands import CommitPledge, MakePledge, OpenFund, ReceiveInstalment, WithdrawPledge
from services.pledges.domain import Status
from services.pledges.earmarking import earmarked
from services.pledges.own import Owned
from services.pledges.policy import Action
from services.pledges.views import PledgeView, pledge_view, view_of

FUND_REVISION = 1
"""A fund is opened and stays as it is."""


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


class FundPage(Struct, frozen=True, kw_only=True):
    """Funds by code; `cursor` leads to the next page."""

    funds: list[FundView]
    cursor: str | None


class PledgePage(Struct, frozen=True, kw_only=True):
    """Pledges, newest first; `cursor` leads to the next page."""

    pledges: list[PledgeView]
    cursor: str | None


# -- funds ------------------------------------------------------------------------------------------------------------


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
    return created(fund, location=f"/v1/funds/{fund.code}", revision=FUND_REVISION)


@get("/v1/funds", opt=asks(Action.LIST_FUNDS), summary="All funds and how far their money has come")
async def list_funds(
    db: Db,
    caller: Calling,
    paging: Paging,
    cursor: Annotated[str | None, QueryParameter(max_length=32)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[FundPage]:
    """Totals are for everybody who works here; whose pledges they are made of is not told."""
    async with db.transaction(by=caller) as tx:
        found = await funds.funds(tx, after=cursor, limit=limit + 1)
        views = await _with_totals(tx, found[:limit])
    more = found[limit - 1].fund if len(found) > limit else None
    return Response(FundPage(funds=views, cursor=more), headers=paging.next_link(more))


@get("/v1/funds/{code:str}", opt=asks(Action.SHOW_FUND), summary="One fund and how far its money has come")
async def show_fund(code: FromPath[str], db: Db, caller: Calling) -> Response[FundView]:
    async with db.transaction(by=caller) as tx:
        fund = await _fund(tx, code)
    return shown(fund, revision=FUND_REVISION)


async def _fund(tx: Tx, code: str) -> FundView:
    found = await _with_totals(tx, await funds.funds(tx, only=code))
    if not found:
        raise Missing("not-found")
    return found[0]


async def _with_totals(tx: Tx, found: list[funds.Fund]) -> list[FundView]:
    async with tx.by_itself():
        codes = [fund.fund for fund in found]
        totals, set_aside = await balances.totals(tx, codes), await balances.of_work_packages(tx, codes)
        in_kind = await in_kind_store.worth(tx, codes)
    return [_fund_view(fund, totals[fund.fund], set_aside, in_kind.get(fund.fund, 0)) for fund in found]


def _fund_view(
    fund: funds.Fund,
    totals: balances.Totals,
    set_aside: Mapping[tuple[str, str], tuple[int, int]],
    in_kind_usd_minor: int,
) -> FundView:
    required = sum(requirement.usd_minor for requirement in fund.requirements)
    given_up = totals.written_off_usd_minor + totals.refunded_usd_minor + totals.transferred_usd_minor
    return FundView(
        fund_id=fund.fund_id,
        code=fund.fund,
        labels=fund.labels,
        requirements=fund.requirements,
        work_packages=[
            _work_package(fund, name, *set_aside.get((fund.fund, name), (0, 0)))
            for name in sorted(
                {one.work_package for one in fund.requirements if one.work_package}
                | {name for code, name in set_aside if code == fund.fund}
            )
        ],
        requirement_usd_minor=required,
        **asdict(totals),
        gap_usd_minor=max(0, required - totals.committed_usd_minor + given_up),
        in_kind_usd_minor=in_kind_usd_minor,
        opened_at=fund.opened_at,
        revision=FUND_REVISION,
    )


def _work_package(fund: funds.Fund, name: str, allocated: int, spent: int) -> WorkPackageView:
    required = sum(one.usd_minor for one in fund.requirements if one.work_package == name)
    return WorkPackageView(
        work_package=name,
        requirement_usd_minor=required,
        allocated_usd_minor=allocated,
        spent_usd_minor=spent,
        gap_usd_minor=max(0, required - allocated),
    )


# -- pledges ----------------------------------------------------------------------------------------------------------


@post("/v1/pledges", opt=asks(Action.PLEDGE), summary="Pledge an amount to a fund")
async def make_pledge(
    data: JSONBody[MakePledge], db: Db, own: Owned, caller: Calling, command: Commanded, now: Now
) -> Response[PledgeView]:
    """For a donor, who pledges for the own organization. A pledge binds nobody and counts as no money yet."""
    policy.decide(caller, Action.PLEDGE).required()
    earmarking = earmarked(data.earmarking, for_requirement=data.requirement_id is not None)
    known = data.requirement_id is None or await unfunded_reader.shown_requirement(
        db, own.consents, caller, data.requirement_id
    )
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=new_id())
        if claimed.first:
            if not known:
                raise Missing("not-found")
            await actions.pledge(
                tx,
                claimed.outcome,
                data.fund,
                data.money,
                earmarking,
                data.note,
                requirement_id=data.requirement_id,
                on=data.pledged_on,
                validity=own.validity,
                caller=caller,
                now=now,
            )
        view = await pledge_view(tx, claimed.outcome, caller, today=now.date())
    return created(view, location=f"/v1/pledges/{view.pledge_id}", revision=view.revision)


@get("/v1/pledges", opt=asks(Action.LIST_PLEDGES), summary="The pledges this caller may see, newest first")
async def list_pledges(
    db: Db,
    caller: Calling,
    paging: Paging,
    now: Now,
    fund: Annotated[str | None, QueryParameter(max_length=32)] = None,
    status: FromQuery[Status | None] = None,
    donor: Annotated[str | None, QueryParameter(max_length=32)] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[PledgePage]:
    """A donor sees its own and no other donor's."""
    async with db.transaction(by=caller) as tx:
        found = await store.pledges(tx, caller, fund=fund, status=status, donor=donor, before=cursor, limit=limit + 1)
    more = str(found[limit - 1][0].pledge_id) if len(found) > limit else None
    page = PledgePage(pledges=[view_of(pledge, note, today=now.date()) for pledge, note in found[:limit]], cursor=more)
    return Response(page, headers=paging.next_link(more))


@get("/v1/pledges/{pledge_id:uuid}", opt=asks(Action.SHOW_PLEDGE), summary="One pledge")
async def show_pledge(pledge_id: FromPath[UUID], db: Db, caller: Calling, now: Now) -> Response[PledgeView]:
    async with db.transaction(by=caller) as tx:
        view = await pledge_view(tx, pledge_id, caller, today=now.date())
    return shown(view, revision=view.revision)


@post(
    "/v1/pledges/{pledge_id:uuid}/commit",
    opt=asks(Action.COMMIT),
    status_code=200,
    summary="Record the agreement over a pledge",
)
async def commit_pledge(
    pledge_id: FromPath[UUID],
    data: JSONBody[CommitPledge],
    db: Db,
    own: Owned,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[PledgeView]:
    """For a finance officer of UNODC. The rate in force on the day of the agreement is kept with it."""
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=pledge_id)
        if claimed.first:
            await actions.commit(
                tx,
                pledge_id,
                data.support_cost_basis_points,
                agreement=data.agreement,
                schedule=data.schedule(),
                on=data.committed_on,
                validity=own.validity,
                caller=caller,
                expected=expected,
                now=now,
            )
        view = await pledge_view(tx, pledge_id, caller, today=now.date())
    return shown(view, revision=view.revision)


@post(
    "/v1/pledges/{pledge_id:uuid}/receive",
    opt=asks(Action.RECEIVE),
    status_code=200,
    summary="Record cash received for a pledge",
)
async def receive_instalment(
    pledge_id: FromPath[UUID],
    data: JSONBody[ReceiveInstalment],
    db: Db,
    own: Owned,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[PledgeView]:
    """For a finance officer of UNODC. What is received, less its programme support cost, can be allocated at once."""
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=pledge_id)
        if claimed.first:
            await actions.receive(
                tx,
                pledge_id,
                data.money,
                settles=data.settles,
                charges_minor=data.charges_minor,
                on=data.received_on,
                validity=own.validity,
                caller=caller,
                expected=expected,
                now=now,
            )
        view = await pledge_view(tx, pledge_id, caller, today=now.date())
    return shown(view, revision=view.revision)


@post(
    "/v1/pledges/{pledge_id:uuid}/withdraw",
    opt=asks(Action.WITHDRAW),
    status_code=200,
    summary="Withdraw a pledge before it is committed",
)
async def withdraw_pledge(
    pledge_id: FromPath[UUID],
    data: JSONBody[WithdrawPledge],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[PledgeView]:
    """For the donor who made it."""
    on = data.withdrawn_on or now.date()
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=pledge_id)
        if claimed.first:
            await actions.move(
                tx, pledge_id, Action.WITHDRAW, lambda p: p.withdraw(on=on, now=now), caller=caller, expected=expected
            )
        view = await pledge_view(tx, pledge_id, caller, today=now.date())
    return shown(view, revision=view.revision)


@get(
    "/v1/events/pledges",
    opt=asks(Action.FOLLOW),
    media_type=EVENT_STREAM,
    summary="What happens to funds, pledges and allocations, as it does",
)
async def follow_pledges(stream: Streaming, last_event_id: LastEventId = None) -> EventStream[Told]:
    """Of what the caller sees."""
    return stream(last_event_id)


ROUTES = [
    follow_pledges,
    open_fund,
    list_funds,
    show_fund,
    make_pledge,
    list_pledges,
    show_pledge,
    commit_pledge,
    receive_instalment,
    withdraw_pledge,
]
