"""The routes of allocations and of what matches lack in money."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct
from msgspec.structs import asdict

from chassis.commands import claim
from chassis.http import Calling, Commanded, Db, Expected, Now, Paging, asks, created, shown
from chassis.ids import new_id
from contracts.values import Money
from services.pledges import actions, exit_actions, policy, store
from services.pledges.allocations import Allocation, Requirement
from services.pledges.commands import Allocate, Spend, dollars
from services.pledges.policy import Action


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


@post(
    "/v1/allocations/{allocation_id:uuid}/spend",
    opt=asks(Action.SPEND),
    status_code=200,
    summary="Record what was used of an allocation",
)
async def spend_allocation(
    allocation_id: FromPath[UUID],
    data: JSONBody[Spend],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[Allocation]:
    """For a finance officer of UNODC. Never more than was set aside."""
    usd_minor, on = dollars(data.money), data.spent_on or now.date()
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=allocation_id)
        if claimed.first:
            await exit_actions.spend(
                tx, allocation_id, usd_minor, data.how, on=on, caller=caller, expected=expected, now=now
            )
        allocation = await store.get_allocation(tx, allocation_id, caller)
    return shown(allocation, revision=allocation.revision)


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


ROUTES = [
    allocate,
    list_allocations,
    show_allocation,
    spend_allocation,
    list_requirements,
]
