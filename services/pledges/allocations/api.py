"""Routes of allocations of a fund's money to a purpose."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct
from msgspec.structs import asdict

from chassis.context import Context
from chassis.db.database import Database, Tx
from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.commands import change, create, show
from chassis.http.pages import Pagination
from contracts.values import Caller
from services.pledges import policy
from services.pledges.allocations import actions as allocation_actions
from services.pledges.allocations import store as allocation_store
from services.pledges.allocations.model import Allocation
from services.pledges.commands import Allocate, GiveBack, Spend, dollars
from services.pledges.funds import balance_locks
from services.pledges.funds.actions import require_fund
from services.pledges.pledge import store
from services.pledges.policy import Action


class AllocationView(Allocation, frozen=True, kw_only=True):
    """Money of a fund set aside for one purpose: a requirement, a work package, or an activity.

    This is the current state: `as_of` is null and `final` is false.
    """

    moves: tuple[str, ...]
    as_of: datetime | None
    final: bool


class AllocationPage(Struct, frozen=True, kw_only=True):
    """Allocations, newest first; `cursor` leads to the next page."""

    allocations: list[AllocationView]
    cursor: str | None


async def _read(tx: Tx, ctx: Context, allocation_id: UUID) -> AllocationView:
    """Return the allocation. Raises Missing if this caller may not see it."""
    allocation = await allocation_store.get_allocation(tx, allocation_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_ALLOCATION, allocation).required()
    return _view_of(ctx.caller, allocation)


async def _balance_lock(_db: Database, _ctx: Context, _id: UUID, data: JSONBody[Allocate]) -> Sequence[str]:
    return balance_locks.of_fund(data.fund)


@create(
    "/v1/allocations",
    Action.ALLOCATE,
    "Allocate money of a fund to a requirement, a work package or an activity",
    read=_read,
    locks=_balance_lock,
)
async def allocate(tx: Tx, ctx: Context, allocation_id: UUID, data: JSONBody[Allocate]) -> None:
    """Requires the role `finance_officer` at UNODC.

    Limited by what the fund has available and, for a requirement, by its gap.
    """
    policy.decide(ctx.caller, Action.ALLOCATE).required()
    usd_minor, on = dollars(data.money), data.allocated_on or ctx.today
    await allocation_actions.allocate(tx, ctx, allocation_id, data.fund, usd_minor, data.purpose(), on=on)


@get(
    "/v1/allocations",
    opt=requires(Action.LIST_ALLOCATIONS),
    summary="The allocations this caller may see, newest first",
)
async def list_allocations(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    fund: Annotated[str | None, QueryParameter(max_length=32)] = None,
    request_id: Annotated[UUID | None, QueryParameter(name="request")] = None,
    requirement_id: Annotated[UUID | None, QueryParameter(name="requirement")] = None,
    activity_id: Annotated[UUID | None, QueryParameter(name="activity")] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[AllocationPage]:
    """A donor sees allocations to work packages and activities.

    A State sees those to its own requests, a provider those to its own matches.
    """
    async with db.transaction(by=caller) as tx:
        await require_fund(tx, fund)
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
    return paging.page(AllocationPage, found, limit, view=partial(_view_of, caller))


@change("/v1/allocations/{allocation_id:uuid}/spend", Action.SPEND, "Record expenditure of an allocation", read=_read)
async def spend_allocation(tx: Tx, ctx: Context, allocation_id: FromPath[UUID], data: JSONBody[Spend]) -> None:
    """Requires the role `finance_officer` at UNODC. Limited by the unspent part of the allocation."""
    on = data.spent_on or ctx.today
    await allocation_actions.spend(tx, ctx, allocation_id, dollars(data.money), data.how, on=on)


@change(
    "/v1/allocations/{allocation_id:uuid}/return",
    Action.GIVE_BACK,
    "Return the rest of an allocation to its fund",
    read=_read,
    locks=balance_locks.of_allocation,
)
async def return_allocation(tx: Tx, ctx: Context, allocation_id: FromPath[UUID], data: JSONBody[GiveBack]) -> None:
    """Requires the role `finance_officer` at UNODC. Spent money stays spent; the requirement's gap grows again."""
    await allocation_actions.give_back(tx, ctx, allocation_id, on=data.returned_on or ctx.today)


@show("/v1/allocations/{allocation_id:uuid}", Action.SHOW_ALLOCATION, "One allocation")
async def show_allocation(tx: Tx, ctx: Context, allocation_id: FromPath[UUID]) -> AllocationView:
    """A donor sees allocations to work packages and activities.

    A State sees those to its own requests, a provider those to its own matches.
    """
    return await _read(tx, ctx, allocation_id)


def _view_of(caller: Caller, allocation: Allocation) -> AllocationView:
    moves = policy.moves_open_to(caller, allocation)
    return AllocationView(**asdict(allocation), moves=moves, as_of=None, final=False)


ROUTES = [
    allocate,
    list_allocations,
    show_allocation,
    spend_allocation,
    return_allocation,
]
