"""The routes of pledges, each of which opens one transaction."""

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chassis.db.database import Tx
from chassis.http.application import Calling, Commanded, Db, Expected, Now, Paging, Streaming, asks, created, shown
from chassis.http.event_streams import EVENT_STREAM, EventStream, LastEventId
from chassis.http.idempotency import claim
from chassis.ids import new_id
from chassis.journal.event_feed import FeedItem
from contracts.refusals import Missing
from services.pledges import policy
from services.pledges.allocations import unfunded_reader
from services.pledges.commands import CommitPledge, MakePledge, ReceiveInstalment, RewordPledge, WithdrawPledge
from services.pledges.dependencies import Owned
from services.pledges.funds import balance_locks
from services.pledges.pledge import actions, store
from services.pledges.pledge.earmarking import earmarked
from services.pledges.pledge.model import Status
from services.pledges.pledge.views import PledgeView, pledge_view, view_of
from services.pledges.policy import Action


class PledgePage(Struct, frozen=True, kw_only=True):
    """Pledges, newest first; `cursor` leads to the next page."""

    pledges: list[PledgeView]
    cursor: str | None


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
                donor=caller.organization,
                requirement_id=data.requirement_id,
                on=data.pledged_on,
                validity=own.validity,
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
    due_before: FromQuery[date | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[PledgePage]:
    """A donor sees its own and no other donor's.

    With `due_before`, those of which an instalment that is due before that day, and waits for no condition, has not
    wholly come: of today's date what is late, of a later one also what is soon due.
    """
    async with db.transaction(by=caller) as tx:
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
    more = str(found[limit - 1][0].pledge_id) if len(found) > limit else None
    views = [view_of(pledge, note, today=now.date()) for pledge, note in found[:limit]]
    return Response(PledgePage(pledges=views, cursor=more), headers=paging.next_link(more))


@get("/v1/pledges/{pledge_id:uuid}", opt=asks(Action.SHOW_PLEDGE), summary="One pledge")
async def show_pledge(pledge_id: FromPath[UUID], db: Db, caller: Calling, now: Now) -> Response[PledgeView]:
    """A donor sees its own and no other donor's."""
    async with db.transaction(by=caller) as tx:
        view = await pledge_view(tx, pledge_id, caller, today=now.date())
    return shown(view, revision=view.revision)


@post(
    "/v1/pledges/{pledge_id:uuid}/reword",
    opt=asks(Action.REWORD),
    status_code=200,
    summary="Give a pledge another note",
)
async def reword_pledge(
    pledge_id: FromPath[UUID],
    data: JSONBody[RewordPledge],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[PledgeView]:
    """For the donor and for a finance officer of UNODC, whatever became of the pledge.

    What it said before is forgotten, also in whatever is told as at an earlier moment.
    """
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=pledge_id)
        if claimed.first:
            await actions.reword(tx, pledge_id, data.note, caller=caller, expected=expected, now=now)
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

    async def receive(tx: Tx) -> PledgeView:
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
        return await pledge_view(tx, pledge_id, caller, today=now.date())

    locks = await balance_locks.of_pledge(db, caller, pledge_id)
    view = await db.run_in_transaction(receive, by=caller, locks=locks)
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
async def follow_pledges(stream: Streaming, last_event_id: LastEventId = None) -> EventStream[FeedItem]:
    """Of what the caller sees."""
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
