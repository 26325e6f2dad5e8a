"""The routes of allocations: money of a fund that is set aside for a purpose."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct
from msgspec.structs import asdict

from chassis.db.database import Tx
from chassis.http.application import Calling, Commanded, Db, Expected, Now, Paging, asks, created, shown
from chassis.http.idempotency import claim
from chassis.ids import new_id
from contracts.values import Caller
from services.pledges import policy
from services.pledges.allocations import actions as allocation_actions
from services.pledges.allocations import store as allocation_store
from services.pledges.allocations.model import Allocation
from services.pledges.commands import Allocate, GiveBack, Spend, dollars
from services.pledges.funds import balance_locks
from services.pledges.pledge import store
from services.pledges.policy import Action


class AllocationView(Allocation, frozen=True, kw_only=True):
    """Money of a fund set aside for one purpose: a requirement, a work package, or an activity.

    It is how things stand: `as_at` is null, and it is not `final`.
    """

    as_at: datetime | None
    final: bool


class AllocationPage(Struct, frozen=True, kw_only=True):
    """Allocations, newest first; `cursor` leads to the next page."""

    allocations: list[AllocationView]
    cursor: str | None


@post(
    "/v1/allocations",
    opt=asks(Action.ALLOCATE),
    summary="Set money of a fund aside for a requirement, a work package or an activity",
)
async def allocate(
    data: JSONBody[Allocate], db: Db, caller: Calling, command: Commanded, now: Now
) -> Response[AllocationView]:
    """For a finance officer of UNODC. Never more than the fund has received and the requirement lacks."""
    policy.decide(caller, Action.ALLOCATE).required()
    usd_minor, purpose = dollars(data.money), data.purpose()

    async def set_aside(tx: Tx) -> AllocationView:
        claimed = await claim(tx, command, outcome=new_id())
        if claimed.first:
            await allocation_actions.allocate(
                tx,
                claimed.outcome,
                data.fund,
                usd_minor,
                purpose,
                on=data.allocated_on or now.date(),
                caller=caller,
                now=now,
            )
        return await _view(tx, claimed.outcome, caller)

    view = await db.run_in_transaction(set_aside, by=caller, locks=balance_locks.of_fund(data.fund))
    return created(view, location=f"/v1/allocations/{view.allocation_id}", revision=view.revision)


@get("/v1/allocations", opt=asks(Action.LIST_ALLOCATIONS), summary="The allocations this caller may see, newest first")
async def list_allocations(
    db: Db,
    caller: Calling,
    paging: Paging,
    fund: Annotated[str | None, QueryParameter(max_length=32)] = None,
    request_id: Annotated[UUID | None, QueryParameter(name="request")] = None,
    requirement_id: Annotated[UUID | None, QueryParameter(name="requirement")] = None,
    activity_id: Annotated[UUID | None, QueryParameter(name="activity")] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[AllocationPage]:
    """A donor sees what went into work packages and activities, a State what its own requests got."""
    async with db.transaction(by=caller) as tx:
        found = await allocation_store.allocations(
            tx,
            caller,
            fund=fund,
            request_id=request_id,
            requirement_id=requirement_id,
            activity_id=activity_id,
            before=cursor,
            limit=limit + 1,
        )
    more = str(found[limit - 1].allocation_id) if len(found) > limit else None
    views = [_view_of(one) for one in found[:limit]]
    return Response(AllocationPage(allocations=views, cursor=more), headers=paging.next_link(more))


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
) -> Response[AllocationView]:
    """For a finance officer of UNODC. Never more than was set aside."""
    usd_minor, on = dollars(data.money), data.spent_on or now.date()
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=allocation_id)
        if claimed.first:
            await allocation_actions.spend(
                tx, allocation_id, usd_minor, data.how, on=on, caller=caller, expected=expected, now=now
            )
        view = await _view(tx, allocation_id, caller)
    return shown(view, revision=view.revision)


@post(
    "/v1/allocations/{allocation_id:uuid}/return",
    opt=asks(Action.GIVE_BACK),
    status_code=200,
    summary="Give back to its fund what is left of an allocation",
)
async def return_allocation(
    allocation_id: FromPath[UUID],
    data: JSONBody[GiveBack],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[AllocationView]:
    """For a finance officer of UNODC. What was used stays used; what a match lacks then is lacking again."""
    on = data.returned_on or now.date()

    async def give_back(tx: Tx) -> AllocationView:
        claimed = await claim(tx, command, outcome=allocation_id)
        if claimed.first:
            await allocation_actions.give_back(tx, allocation_id, on=on, caller=caller, expected=expected, now=now)
        return await _view(tx, allocation_id, caller)

    locks = await balance_locks.of_allocation(db, caller, allocation_id)
    view = await db.run_in_transaction(give_back, by=caller, locks=locks)
    return shown(view, revision=view.revision)


@get("/v1/allocations/{allocation_id:uuid}", opt=asks(Action.SHOW_ALLOCATION), summary="One allocation")
async def show_allocation(allocation_id: FromPath[UUID], db: Db, caller: Calling) -> Response[AllocationView]:
    """A donor sees what went into work packages and activities, a State what its own requests got."""
    async with db.transaction(by=caller) as tx:
        view = await _view(tx, allocation_id, caller)
    return shown(view, revision=view.revision)


async def _view(tx: Tx, allocation_id: UUID, caller: Caller) -> AllocationView:
    """Raises Missing where this caller does not see it."""
    allocation = await allocation_store.get_allocation(tx, allocation_id, caller)
    policy.decide(caller, Action.SHOW_ALLOCATION, allocation).required()
    return _view_of(allocation)


def _view_of(allocation: Allocation) -> AllocationView:
    return AllocationView(**asdict(allocation), as_at=None, final=False)


ROUTES = [
    allocate,
    list_allocations,
    show_allocation,
    spend_allocation,
    return_allocation,
]
