"""The routes of allocations: money of a fund that is set aside for a purpose."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct
from msgspec.structs import asdict

from chassis.commands import claim
from chassis.db import Tx
from chassis.http import Calling, Commanded, Db, Expected, Now, Paging, asks, created, shown
from chassis.ids import new_id
from contracts.values import Caller
from services.pledges import allocation_actions, allocation_store, policy, store
from services.pledges.allocations import Allocation
from services.pledges.commands import Allocate, GiveBack, Spend, dollars
from services.pledges.moment_reader import AsAt, final_moment
from services.pledges.moment_store import first_of
from services.pledges.own import balance_lock
from services.pledges.policy import Action


class AllocationView(Allocation, frozen=True, kw_only=True):
    """Money of a fund set aside for one purpose: a requirement, a work package, or an activity.

    Where it is `final`, it is all of what had been recorded by `as_at`, the same for ever; else it is how things stand,
    and `as_at` is null.
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
    async with db.transaction(by=caller, locks=[balance_lock(data.fund)]) as tx:
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
        view = await _view(tx, claimed.outcome, caller)
    return created(view, location=f"/v1/allocations/{view.allocation_id}", revision=view.revision)


@get("/v1/allocations", opt=asks(Action.LIST_ALLOCATIONS), summary="The allocations this caller may see, newest first")
async def list_allocations(
    db: Db,
    caller: Calling,
    paging: Paging,
    now: Now,
    fund: Annotated[str | None, QueryParameter(max_length=32)] = None,
    request_id: Annotated[UUID | None, QueryParameter(name="request")] = None,
    requirement_id: Annotated[UUID | None, QueryParameter(name="requirement")] = None,
    activity_id: Annotated[UUID | None, QueryParameter(name="activity")] = None,
    as_at: AsAt = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[AllocationPage]:
    """A donor sees what went into work packages and activities, a State what its own requests got.

    With `as_at`, what had been recorded by that moment: the same for ever.
    """
    moment = await final_moment(db, caller, as_at, now=now)
    async with db.transaction(by=caller) as tx:
        if moment is None:
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
            page = first_of(found, limit, lambda one: one.allocation_id)
        else:
            page = await allocation_store.allocations_as_at(
                tx,
                caller,
                moment,
                fund=fund,
                request_id=request_id,
                requirement_id=requirement_id,
                activity_id=activity_id,
                before=cursor,
                limit=limit,
            )
    more = str(page.cursor) if page.cursor else None
    views = [_view_of(one, as_at=moment) for one in page.found]
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
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=allocation_id)
        if claimed.first:
            await allocation_actions.give_back(tx, allocation_id, on=on, caller=caller, expected=expected, now=now)
        view = await _view(tx, allocation_id, caller)
    return shown(view, revision=view.revision)


@get("/v1/allocations/{allocation_id:uuid}", opt=asks(Action.SHOW_ALLOCATION), summary="One allocation")
async def show_allocation(
    allocation_id: FromPath[UUID], db: Db, caller: Calling, now: Now, as_at: AsAt = None
) -> Response[AllocationView]:
    """With `as_at`, of what had been recorded by that moment: the same for ever."""
    moment = await final_moment(db, caller, as_at, now=now)
    async with db.transaction(by=caller) as tx:
        view = await _view(tx, allocation_id, caller, as_at=moment)
    return shown(view, revision=view.revision)


async def _view(tx: Tx, allocation_id: UUID, caller: Caller, *, as_at: datetime | None = None) -> AllocationView:
    """Raises Missing where this caller does not see it, or there was none by that moment."""
    if as_at is None:
        allocation = await allocation_store.get_allocation(tx, allocation_id, caller)
    else:
        allocation = (await allocation_store.allocations_as_at(tx, caller, as_at, only=allocation_id)).the_only()
    policy.decide(caller, Action.SHOW_ALLOCATION, allocation).required()
    return _view_of(allocation, as_at=as_at)


def _view_of(allocation: Allocation, *, as_at: datetime | None) -> AllocationView:
    return AllocationView(**asdict(allocation), as_at=as_at, final=as_at is not None)


ROUTES = [
    allocate,
    list_allocations,
    show_allocation,
    spend_allocation,
    return_allocation,
]
