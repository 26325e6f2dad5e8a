"""The routes of allocations, requirements, the ledger and rates of exchange."""

import asyncio
import re
import time
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct
from msgspec.structs import asdict

from chassis.commands import claim
from chassis.db import Database
from chassis.http import Calling, Commanded, Db, Now, Paging, asks, created, shown
from chassis.ids import new_id
from chassis.queries import formed_as
from contracts.pledges import Rate
from contracts.refusals import Conflict, Invalid
from contracts.values import Caller, Currency, Money
from services.pledges import actions, balances, closings, funds, ledger, policy, store
from services.pledges.allocations import Allocation, Requirement
from services.pledges.commands import Allocate, LoadRates, dollars
from services.pledges.policy import Action

RATES_LIST_MAX = 500
FINAL_SECONDS_MAX = 5.0
FINAL_POLL_SECONDS = 0.1
_RATE_CURSOR = re.compile(r"(\d{4}-\d{2}-\d{2})\.([A-Z]{3})\Z")


class AllocationPage(Struct, frozen=True, kw_only=True):
    """Allocations, newest first; `cursor` leads to the next page."""

    allocations: list[Allocation]
    cursor: str | None


class RequirementView(Struct, frozen=True, kw_only=True):
    """What a confirmed match lacks in money; how much of it is covered and how much is not, in US-dollar cents."""

    requirement_id: UUID
    match_id: UUID
    request_id: UUID
    line_id: UUID
    state: str
    provider: str
    status: str
    revision: int
    money: Money
    usd_minor: int
    rate: str
    rate_source: str
    rate_date: date
    covered_usd_minor: int
    gap_usd_minor: int
    opened_at: datetime


class RequirementPage(Struct, frozen=True, kw_only=True):
    """Requirements, newest first; `cursor` leads to the next page."""

    requirements: list[RequirementView]
    cursor: str | None


class EntryPage(Struct, frozen=True, kw_only=True):
    """Entries of the ledger, newest first; `cursor` leads to the next page."""

    entries: list[ledger.EntryRow]
    cursor: str | None


class Balances(Struct, frozen=True, kw_only=True):
    """Every account of every fund, of what had been recorded by `as_at`; each book sums to zero in each currency.

    Where it is `final`, the same moment is answered the same for ever. Else these are the accounts as they stand, and
    what is being recorded just now may still come in before `as_at`.
    """

    as_at: datetime
    final: bool
    balances: list[balances.Balance]


class RateTable(Struct, frozen=True, kw_only=True):
    """A table of rates as it was loaded."""

    rate_table_id: UUID
    rates: int


class RatePage(Struct, frozen=True, kw_only=True):
    """Rates, newest first; `cursor` leads to the next page."""

    rates: list[Rate]
    cursor: str | None


# -- allocations ------------------------------------------------------------------------------------------------------


@post(
    "/v1/allocations",
    opt=asks(Action.ALLOCATE),
    summary="Set money of a fund aside for a requirement or a work package",
)
async def allocate(
    data: JSONBody[Allocate], db: Db, caller: Calling, command: Commanded, now: Now
) -> Response[Allocation]:
    """For a finance officer of UNODC. Never more than the fund has received and the requirement lacks."""
    policy.decide(caller, Action.ALLOCATE).required()
    usd_minor, purpose = dollars(data.money), data.purpose()
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=new_id())
        if claimed.first:
            await actions.allocate(
                tx,
                claimed.outcome,
                data.fund,
                usd_minor,
                purpose,
                on=data.allocated_on or now.date(),
                caller=caller,
                now=now,
            )
        allocation = await store.get_allocation(tx, claimed.outcome, caller)
    return created(allocation, location=f"/v1/allocations/{allocation.allocation_id}", revision=allocation.revision)


@get("/v1/allocations", opt=asks(Action.LIST_ALLOCATIONS), summary="The allocations this caller may see, newest first")
async def list_allocations(
    db: Db,
    caller: Calling,
    paging: Paging,
    fund: Annotated[str | None, QueryParameter(max_length=32)] = None,
    request_id: Annotated[UUID | None, QueryParameter(name="request")] = None,
    requirement_id: Annotated[UUID | None, QueryParameter(name="requirement")] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[AllocationPage]:
    """A donor sees what went into work packages, a State what its own requests got."""
    async with db.transaction(by=caller) as tx:
        found = await store.allocations(
            tx,
            caller,
            fund=fund,
            request_id=request_id,
            requirement_id=requirement_id,
            before=cursor,
            limit=limit + 1,
        )
    more = str(found[limit - 1].allocation_id) if len(found) > limit else None
    page = AllocationPage(allocations=found[:limit], cursor=more)
    return Response(page, headers=paging.next_link(more))


@get("/v1/allocations/{allocation_id:uuid}", opt=asks(Action.SHOW_ALLOCATION), summary="One allocation")
async def show_allocation(allocation_id: FromPath[UUID], db: Db, caller: Calling) -> Response[Allocation]:
    async with db.transaction(by=caller) as tx:
        allocation = await store.get_allocation(tx, allocation_id, caller)
        policy.decide(caller, Action.SHOW_ALLOCATION, allocation).required()
    return shown(allocation, revision=allocation.revision)


@get(
    "/v1/requirements", opt=asks(Action.LIST_REQUIREMENTS), summary="What confirmed matches lack in money, newest first"
)
async def list_requirements(
    db: Db,
    caller: Calling,
    paging: Paging,
    request_id: Annotated[UUID | None, QueryParameter(name="request")] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[RequirementPage]:
    """A State sees those of its own requests, a provider those of its own matches."""
    async with db.transaction(by=caller) as tx:
        found = await store.requirements(tx, caller, request_id=request_id, before=cursor, limit=limit + 1)
    more = str(found[limit - 1].requirement_id) if len(found) > limit else None
    page = RequirementPage(requirements=[_requirement_view(one) for one in found[:limit]], cursor=more)
    return Response(page, headers=paging.next_link(more))


def _requirement_view(requirement: Requirement) -> RequirementView:
    return RequirementView(
        requirement_id=requirement.requirement_id,
        match_id=requirement.match_id,
        request_id=requirement.request_id,
        line_id=requirement.line_id,
        state=requirement.state,
        provider=requirement.provider,
        status=requirement.status,
        revision=requirement.revision,
        money=Money(minor=requirement.minor, currency=requirement.currency),
        **asdict(requirement.valuation),
        covered_usd_minor=requirement.covered_usd_minor,
        gap_usd_minor=requirement.gap_usd_minor,
        opened_at=requirement.opened_at,
    )


# -- the ledger -------------------------------------------------------------------------------------------------------


@get(
    "/v1/ledger/entries",
    opt=asks(Action.LIST_ENTRIES),
    summary="The ledger's entries with their postings, newest first",
)
async def list_entries(
    db: Db,
    caller: Calling,
    paging: Paging,
    fund: Annotated[str | None, QueryParameter(max_length=32)] = None,
    pledge_id: Annotated[UUID | None, QueryParameter(name="pledge")] = None,
    allocation_id: Annotated[UUID | None, QueryParameter(name="allocation")] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[EntryPage]:
    """A debit is positive, a credit negative. A donor sees the entries of its own pledges."""
    async with db.transaction(by=caller) as tx:
        found = await ledger.entries(
            tx, caller, fund=fund, pledge_id=pledge_id, allocation_id=allocation_id, before=cursor, limit=limit + 1
        )
    more = str(found[limit - 1].entry_id) if len(found) > limit else None
    return Response(EntryPage(entries=found[:limit], cursor=more), headers=paging.next_link(more))


@get(
    "/v1/ledger/balances",
    opt=asks(Action.SHOW_BALANCES),
    summary="Every account's balance, of what had been recorded by a moment",
)
async def show_balances(
    db: Db,
    caller: Calling,
    now: Now,
    as_at: FromQuery[datetime | None] = None,
) -> Balances:
    """For those who may read the whole ledger. A report as at a moment never changes afterwards.

    It waits until whoever may still write something of that moment has ended, five seconds at most: then it is 409.
    Without a moment it tells how things stand.
    """
    policy.decide(caller, Action.SHOW_BALANCES).required()
    moment = _moment(as_at) if as_at is not None else None
    if moment is not None:
        await _until_final(db, caller, moment, now=now)
    async with db.transaction(by=caller) as tx, tx.by_itself():
        found = await balances.balances(tx, as_at=moment or balances.EVER)
    return Balances(as_at=moment or now, final=moment is not None, balances=found)


async def _until_final(db: Database, caller: Caller, moment: datetime, *, now: datetime) -> None:
    """Have the books closed up to that moment. Raises Conflict for one to come, or where somebody writes that long."""
    closed: closings.Closed | None = None
    ends = time.monotonic() + FINAL_SECONDS_MAX
    while True:
        async with db.transaction(by=caller) as tx:
            final_until = await closings.final_until(tx)
        if moment <= final_until:
            return
        if moment > now or time.monotonic() > ends:
            raise Conflict("moment-not-final", final_until=final_until.isoformat())
        async with db.transaction(by=caller) as tx, tx.by_itself():
            closed = await closings.close(tx, closed)
        if closed.final_until < moment:
            await asyncio.sleep(FINAL_POLL_SECONDS)


def _moment(given: datetime) -> datetime:
    """Raises Invalid for a moment without its offset from UTC, or outside the years that UTC can say."""
    try:
        if given.tzinfo is not None:
            return given.astimezone(UTC)
    except OverflowError:
        pass
    raise Invalid("invalid-field", pointer="as_at", expected="a moment with its offset from UTC")


# -- rates ------------------------------------------------------------------------------------------------------------


@post("/v1/rates", opt=asks(Action.LOAD_RATES), summary="Load a table of rates of exchange")
async def load_rates(
    data: JSONBody[LoadRates], db: Db, caller: Calling, command: Commanded, now: Now
) -> Response[RateTable]:
    """For a finance officer of UNODC. A rate holds from its day to the end of that month."""
    policy.decide(caller, Action.LOAD_RATES).required()
    table = data.table()
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=new_id())
        if claimed.first:
            await actions.load_rates(tx, claimed.outcome, table, now=now)
    return Response(
        RateTable(rate_table_id=claimed.outcome, rates=len(table)),
        status_code=201,
        headers={"Location": "/v1/rates"},
    )


@get("/v1/rates", opt=asks(Action.LIST_RATES), summary="Rates of exchange, newest first")
async def list_rates(
    db: Db,
    caller: Calling,
    paging: Paging,
    currency: Annotated[str | None, formed_as(Currency)] = None,
    cursor: Annotated[str | None, QueryParameter(max_length=14)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=RATES_LIST_MAX)] = 100,
) -> Response[RatePage]:
    async with db.transaction(by=caller) as tx:
        found = await funds.rates(tx, currency=currency, after=_rate_cursor(cursor), limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    more = f"{last.valid_from.isoformat()}.{last.currency}" if last else None
    return Response(RatePage(rates=found[:limit], cursor=more), headers=paging.next_link(more))


def _rate_cursor(cursor: str | None) -> tuple[date, str] | None:
    if cursor is None:
        return None
    found = _RATE_CURSOR.match(cursor)
    try:
        if found:
            return date.fromisoformat(found[1]), found[2]
    except ValueError:
        pass
    raise Invalid("invalid-field", pointer="cursor", expected="a cursor of an earlier page")


ROUTES = [
    allocate,
    list_allocations,
    show_allocation,
    list_requirements,
    list_entries,
    show_balances,
    load_rates,
    list_rates,
]
