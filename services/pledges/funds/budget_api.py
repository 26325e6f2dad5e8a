"""Routes for other services that plan with the money of funds."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from chassis.http.application import INTERNAL, CurrentCaller, Db, Now
from contracts.budgets import USD, Budgeted, BudgetQuery, FundingGap, PledgeBalance
from contracts.values import END
from services.pledges.allocations import store as allocation_store
from services.pledges.allocations.model import requirement_id_of
from services.pledges.dependencies import Owned
from services.pledges.ledger import balances
from services.pledges.money import rate_store
from services.pledges.pledge import store as pledge_store
from services.pledges.pledge.earmarking import Earmarking


# This route uses POST because the list of funds is too long for a URL.
@post("/internal/budgets", opt=INTERNAL, status_code=200, summary="What funds have, and what currencies are worth")
async def show_budgets(data: JSONBody[BudgetQuery], db: Db, own: Owned, caller: CurrentCaller, now: Now) -> Budgeted:
    """Shows current budgets. Unknown funds, and currencies without a rate in force, are omitted."""
    async with db.transaction(by=caller) as tx, tx.as_service():
        return Budgeted(
            as_of=now,
            funds=tuple(await balances.available_for(tx, data.funds)),
            rates=tuple(await rate_store.in_force_on(tx, sorted({*data.currencies} - {USD}), now.date(), own.validity)),
        )


@get("/internal/matches/{match_id:uuid}/funding-gap", opt=INTERNAL, summary="What a confirmed match lacks in money")
async def show_funding_gap(match_id: FromPath[UUID], db: Db, caller: CurrentCaller) -> FundingGap:
    """Shows the part of the match's requirement that allocations do not cover now; null if it has no requirement."""
    async with db.transaction(by=caller) as tx, tx.as_service():
        found = await allocation_store.requirement_by_id(tx, requirement_id_of(match_id))
    return FundingGap(match_id=match_id, gap_usd_minor=found.gap_usd_minor if found else None)


@get("/internal/pledges/{pledge_id:uuid}/balance", opt=INTERNAL, summary="What can be allocated of a commitment")
async def show_pledge_balance(
    pledge_id: FromPath[UUID],
    db: Db,
    own: Owned,
    caller: CurrentCaller,
    now: Now,
    currency: Annotated[str, QueryParameter(pattern="^[A-Z]{3}" + END)],
) -> PledgeBalance:
    """Shows the commitment with the rate in force of the given currency, if there is one."""
    async with db.transaction(by=caller) as tx:
        pledge = await pledge_store.get_pledge(tx, pledge_id, caller)
        async with tx.as_service():
            line_id = await allocation_store.line_of(tx, pledge.requirement_id)
            rates = await rate_store.in_force_on(tx, sorted({currency} - {USD}), now.date(), own.validity)
    return PledgeBalance(
        pledge_id=pledge_id,
        donor=pledge.donor,
        fund=pledge.fund,
        status=pledge.status,
        in_force=pledge.in_force,
        usd_minor=pledge.allocatable_usd_minor,
        kept_for_line=line_id if pledge.earmarking is Earmarking.TIGHTLY_EARMARKED else None,
        rates=tuple(rates),
    )


ROUTES = [show_budgets, show_funding_gap, show_pledge_balance]
