"""Routes that reduce or end a pledge without a second person, for a finance officer of UNODC."""

from uuid import UUID

from litestar.params import FromPath, JSONBody

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.commands import change
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
from services.pledges.pledge.views import pledge_view
from services.pledges.policy import Action


@change(
    "/v1/pledges/{pledge_id:uuid}/meet-condition",
    Action.MEET_CONDITION,
    "Record that the condition of an instalment is met",
    read=pledge_view,
)
async def meet_condition(tx: Tx, ctx: Context, pledge_id: FromPath[UUID], data: JSONBody[MeetCondition]) -> None:
    """Requires the role `finance_officer` at UNODC. The instalment is then owed, at the rate of the agreement."""
    on = data.met_on or ctx.today
    await actions.move(
        tx, ctx, pledge_id, Action.MEET_CONDITION, lambda p: p.meet_condition(data.instalment, on=on, now=ctx.now)
    )


@change("/v1/pledges/{pledge_id:uuid}/lapse", Action.LAPSE, "Lapse a pledge without an agreement", read=pledge_view)
async def lapse_pledge(tx: Tx, ctx: Context, pledge_id: FromPath[UUID], data: JSONBody[LapsePledge]) -> None:
    """Requires the role `finance_officer` at UNODC.

    The pledge then no longer counts. After a configured time a pledge lapses automatically.
    """
    on = data.lapsed_on or ctx.today
    await actions.move(tx, ctx, pledge_id, Action.LAPSE, lambda p: exits.lapse(p, on=on, now=ctx.now))


@change("/v1/pledges/{pledge_id:uuid}/reduce", Action.REDUCE, "Reduce a pledge", read=pledge_view)
async def reduce_pledge(tx: Tx, ctx: Context, pledge_id: FromPath[UUID], data: JSONBody[ReducePledge]) -> None:
    """Requires the role `finance_officer` at UNODC.

    Reduces conditional instalments first, then owed ones; the amount received cannot be reduced.
    """
    reason = check_reason("reduce_pledge", data.reason)
    await exit_actions.reduce(tx, ctx, pledge_id, data.money, reason, on=data.reduced_on or ctx.today)


@change(
    "/v1/pledges/{pledge_id:uuid}/carry-over",
    Action.CARRY_OVER,
    "Carry money over to another fund with the consent of the donor",
    read=pledge_view,
    locks=balance_locks.of_carry_over,
)
async def carry_over(tx: Tx, ctx: Context, pledge_id: FromPath[UUID], data: JSONBody[CarryOver]) -> None:
    """Requires the role `finance_officer` at UNODC.

    Limited by what the fund has available and what is left of the donor's payments.
    """
    usd_minor, on = dollars(data.money), data.carried_over_on or ctx.today
    await exit_actions.carry_over(tx, ctx, pledge_id, data.to_fund, usd_minor, on=on)


@change(
    "/v1/pledges/{pledge_id:uuid}/close", Action.CLOSE, "Close a pledge that is reported and balanced", read=pledge_view
)
async def close_pledge(tx: Tx, ctx: Context, pledge_id: FromPath[UUID], data: JSONBody[ClosePledge]) -> None:
    """Requires the role `finance_officer` at UNODC. Allowed if nothing is owed on either side."""
    await exit_actions.close(tx, ctx, pledge_id)


ROUTES = [meet_condition, lapse_pledge, reduce_pledge, carry_over, close_pledge]
