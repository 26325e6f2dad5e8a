"""Routes of pledges."""

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Database, Tx
from chassis.http.application import CurrentCaller, Db, Now, StreamFactory, requires
from chassis.http.commands import change, create, show
from chassis.http.event_streams import EVENT_STREAM, EventStream, LastEventId
from chassis.http.pages import Pagination
from chassis.journal.event_feed import FeedItem
from contracts.refusals import Missing
from services.pledges import policy
from services.pledges.allocations import unfunded_reader
from services.pledges.commands import CommitPledge, MakePledge, ReceiveInstalment, RewordPledge, WithdrawPledge
from services.pledges.dependencies import Owned
from services.pledges.funds import balance_locks
from services.pledges.funds.actions import require_fund
from services.pledges.pledge import actions, store
from services.pledges.pledge.model import Status
from services.pledges.pledge.views import PledgeView, pledge_view, view_of
from services.pledges.policy import Action


class PledgePage(Struct, frozen=True, kw_only=True):
    """Pledges, newest first; `cursor` leads to the next page."""

    pledges: list[PledgeView]
    cursor: str | None


async def _is_shown(db: Database, ctx: Context, _pledge_id: UUID, data: JSONBody[MakePledge], own: Owned) -> bool:
    """Check whether the requirement of the pledge is shown to the caller, by asking the requests service.

    True for a pledge without a requirement.
    """
    policy.decide(ctx.caller, Action.PLEDGE).required()
    data.earmarked()
    wanted = data.requirement_id
    return wanted is None or bool(await unfunded_reader.shown_requirement(db, own.consents, ctx.caller, wanted))


@create("/v1/pledges", Action.PLEDGE, "Pledge an amount to a fund", read=pledge_view, before=_is_shown)
async def make_pledge(
    tx: Tx, ctx: Context, pledge_id: UUID, data: JSONBody[MakePledge], own: Owned, before: bool
) -> None:
    """Requires the role `donor_officer`; the pledge is of the caller's organization.

    A pledge is not binding and does not count as money yet.
    """
    if not before:
        # The idempotency key is written first: a repeat is answered even if the requirement is no longer shown.
        await tx.flush()
        raise Missing("not-found")
    await actions.pledge(
        tx,
        pledge_id,
        data.fund,
        data.money,
        data.earmarked(),
        data.note,
        donor=ctx.caller.organization,
        requirement_id=data.requirement_id,
        extension_id=data.extension_id,
        on=data.pledged_on,
        validity=own.validity,
        now=ctx.now,
    )


@get("/v1/pledges", opt=requires(Action.LIST_PLEDGES), summary="The pledges this caller may see, newest first")
async def list_pledges(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    now: Now,
    fund: Annotated[str | None, QueryParameter(max_length=32)] = None,
    status: FromQuery[Status | None] = None,
    donor: Annotated[str | None, QueryParameter(max_length=32)] = None,
    due_before: FromQuery[date | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[PledgePage]:
    """A donor sees only its own pledges.

    With `due_before`, lists pledges with an unconditional instalment that is due before that day and not fully
    received: with today's date the late ones, with a later date also those due soon.
    """
    async with db.transaction(by=caller) as tx:
        await require_fund(tx, fund)
        found = await store.pledges(
            tx,
            caller,
            fund=fund,
            status=status,
            donor=donor,
            due_before=due_before,
            before=cursor,
            limit=limit + 1,
        )
    views = [view_of(pledge, note, caller=caller, today=now.date()) for pledge, note in found]
    return paging.page(PledgePage, views, limit)


@show("/v1/pledges/{pledge_id:uuid}", Action.SHOW_PLEDGE, "One pledge")
async def show_pledge(tx: Tx, ctx: Context, pledge_id: FromPath[UUID]) -> PledgeView:
    """A donor sees only its own pledges."""
    return await pledge_view(tx, ctx, pledge_id)


@change("/v1/pledges/{pledge_id:uuid}/reword", Action.REWORD, "Edit the note of a pledge", read=pledge_view)
async def reword_pledge(tx: Tx, ctx: Context, pledge_id: FromPath[UUID], data: JSONBody[RewordPledge]) -> None:
    """Requires the role `donor_officer` of the donor, or `finance_officer` at UNODC.

    Allowed in any state of the pledge. The old note is deleted, also from reports as of earlier moments.
    """
    await actions.reword(tx, ctx, pledge_id, data.note)


@change("/v1/pledges/{pledge_id:uuid}/commit", Action.COMMIT, "Record the agreement over a pledge", read=pledge_view)
async def commit_pledge(
    tx: Tx, ctx: Context, pledge_id: FromPath[UUID], data: JSONBody[CommitPledge], own: Owned
) -> None:
    """Requires the role `finance_officer` at UNODC. The rate in force on the day of the agreement is stored with it."""
    await actions.commit(
        tx,
        ctx,
        pledge_id,
        data.support_cost_basis_points,
        agreement=data.agreement,
        schedule=data.schedule(),
        on=data.committed_on,
        validity=own.validity,
    )


@change(
    "/v1/pledges/{pledge_id:uuid}/receive",
    Action.RECEIVE,
    "Record cash received for a pledge",
    read=pledge_view,
    locks=balance_locks.of_pledge,
)
async def receive_instalment(
    tx: Tx, ctx: Context, pledge_id: FromPath[UUID], data: JSONBody[ReceiveInstalment], own: Owned
) -> None:
    """Requires the role `finance_officer` at UNODC.

    The receipt, less its programme support cost, can be allocated at once.
    """
    # `locks` is waited for within this process; between processes the SQL function `move_balance`, which
    # `ledger/store.py` calls, locks the row of the balance.
    await actions.receive(
        tx,
        ctx,
        pledge_id,
        data.money,
        settles=data.settles,
        charges_minor=data.charges_minor,
        arrived_minor=data.arrived_minor,
        on=data.received_on,
        validity=own.validity,
    )


@change(
    "/v1/pledges/{pledge_id:uuid}/withdraw",
    Action.WITHDRAW,
    "Withdraw a pledge before it is committed",
    read=pledge_view,
)
async def withdraw_pledge(tx: Tx, ctx: Context, pledge_id: FromPath[UUID], data: JSONBody[WithdrawPledge]) -> None:
    """Requires the role `donor_officer` of the donor that made the pledge."""
    on = data.withdrawn_on or ctx.today
    await actions.move(tx, ctx, pledge_id, Action.WITHDRAW, lambda p: p.withdraw(on=on, now=ctx.now))


@get(
    "/v1/events/pledges",
    opt=requires(Action.FOLLOW),
    media_type=EVENT_STREAM,
    summary="Stream events of funds, pledges and allocations",
)
async def follow_pledges(stream: StreamFactory, last_event_id: LastEventId = None) -> EventStream[FeedItem]:
    """Streams the events of funds, pledges and allocations that the caller may see."""
    return stream(last_event_id)


ROUTES = [
    follow_pledges,
    make_pledge,
    list_pledges,
    show_pledge,
    reword_pledge,
    commit_pledge,
    receive_instalment,
    withdraw_pledge,
]
