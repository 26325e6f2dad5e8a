"""The routes by which a pledge becomes less, or ends, by one person's word; all for a finance officer of UNODC."""

from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath, JSONBody

from chassis.db.database import Tx
from chassis.http.application import Calling, Commanded, Db, Expected, Now, asks, shown
from chassis.http.idempotency import claim
from services.pledges.commands import (
    CarryOver,
    ClosePledge,
    LapsePledge,
    MeetCondition,
    ReducePledge,
    check_reason,
    dollars,
)
from services.pledges.funds import balance_locks
from services.pledges.pledge import actions, exit_actions, exits
from services.pledges.pledge.views import PledgeView, pledge_view
from services.pledges.policy import Action


@post(
    "/v1/pledges/{pledge_id:uuid}/meet-condition",
    opt=asks(Action.MEET_CONDITION),
    status_code=200,
    summary="Record that the condition of an instalment is met",
)
async def meet_condition(
    pledge_id: FromPath[UUID],
    data: JSONBody[MeetCondition],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[PledgeView]:
    """From now on the instalment is owed, at the rate of the agreement."""
    on = data.met_on or now.date()
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=pledge_id)
        if claimed.first:
            await actions.move(
                tx,
                pledge_id,
                Action.MEET_CONDITION,
                lambda p: p.meet_condition(data.instalment, on=on, now=now),
                caller=caller,
                expected=expected,
            )
        view = await pledge_view(tx, pledge_id, caller, today=now.date())
    return shown(view, revision=view.revision)


@post(
    "/v1/pledges/{pledge_id:uuid}/lapse",
    opt=asks(Action.LAPSE),
    status_code=200,
    summary="Stop waiting for an agreement over a pledge",
)
async def lapse_pledge(
    pledge_id: FromPath[UUID],
    data: JSONBody[LapsePledge],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[PledgeView]:
    """What is pledged counts no longer. After a time that a setting says it lapses by itself."""
    on = data.lapsed_on or now.date()
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=pledge_id)
        if claimed.first:
            await actions.move(
                tx,
                pledge_id,
                Action.LAPSE,
                lambda p: exits.lapse(p, on=on, now=now),
                caller=caller,
                expected=expected,
            )
        view = await pledge_view(tx, pledge_id, caller, today=now.date())
    return shown(view, revision=view.revision)


@post(
    "/v1/pledges/{pledge_id:uuid}/reduce",
    opt=asks(Action.REDUCE),
    status_code=200,
    summary="Record that a donor gives less",
)
async def reduce_pledge(
    pledge_id: FromPath[UUID],
    data: JSONBody[ReducePledge],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[PledgeView]:
    """First of what waits for conditions, then of what is owed; never of what has come."""
    reason, on = check_reason("reduce_pledge", data.reason), data.reduced_on or now.date()
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=pledge_id)
        if claimed.first:
            await exit_actions.reduce(
                tx, pledge_id, data.money, reason, on=on, caller=caller, expected=expected, now=now
            )
        view = await pledge_view(tx, pledge_id, caller, today=now.date())
    return shown(view, revision=view.revision)


@post(
    "/v1/pledges/{pledge_id:uuid}/carry-over",
    opt=asks(Action.CARRY_OVER),
    status_code=200,
    summary="Carry money over to another fund with the consent of the donor",
)
async def carry_over(
    pledge_id: FromPath[UUID],
    data: JSONBody[CarryOver],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[PledgeView]:
    """Never more than the fund has available and the donor has paid."""
    usd_minor, on = dollars(data.money), data.carried_over_on or now.date()

    async def carry(tx: Tx) -> PledgeView:
        claimed = await claim(tx, command, outcome=pledge_id)
        if claimed.first:
            await exit_actions.carry_over(
                tx, pledge_id, data.to_fund, usd_minor, on=on, caller=caller, expected=expected, now=now
            )
        return await pledge_view(tx, pledge_id, caller, today=now.date())

    locks = await balance_locks.of_carry_over(db, caller, pledge_id, data.to_fund)
    view = await db.run_in_transaction(carry, by=caller, locks=locks)
    return shown(view, revision=view.revision)


@post(
    "/v1/pledges/{pledge_id:uuid}/close",
    opt=asks(Action.CLOSE),
    status_code=200,
    summary="Close a pledge that is reported and balanced",
)
async def close_pledge(
    pledge_id: FromPath[UUID],
    data: JSONBody[ClosePledge],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[PledgeView]:
    """Nothing is owed on either side."""
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=pledge_id)
        if claimed.first:
            await exit_actions.close(tx, pledge_id, caller=caller, expected=expected, now=now)
        view = await pledge_view(tx, pledge_id, caller, today=now.date())
    return shown(view, revision=view.revision)


ROUTES = [meet_condition, lapse_pledge, reduce_pledge, carry_over, close_pledge]
