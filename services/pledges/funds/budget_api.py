"""Routes for other services that plan with the money of funds."""

from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody

from chassis.http.application import INTERNAL, CurrentCaller, Db, Now
from contracts.budgets import USD, Budgeted, BudgetQuery, FundingGap
from services.pledges.allocations import store as allocation_store
from services.pledges.allocations.model import requirement_id_of
from services.pledges.dependencies import Owned
from services.pledges.ledger import balances
from services.pledges.money import rate_store


# A POST, because the list of funds is too long for a URL.
@post("/internal/budgets", opt=INTERNAL, status_code=200, summary="What funds have, and what currencies are worth")
async def show_budgets(data: JSONBody[BudgetQuery], db: Db, own: Owned, caller: CurrentCaller, now: Now) -> Budgeted:
    """Current budgets. Unknown funds, and currencies without a rate in force, are left out."""
    async with db.transaction(by=caller) as tx, tx.as_service():
        return Budgeted(
            as_at=now,
            funds=tuple(await balances.available_for(tx, data.funds)),
            rates=tuple(await rate_store.in_force_on(tx, sorted({*data.currencies} - {USD}), now.date(), own.validity)),
        )


@get("/internal/matches/{match_id:uuid}/funding-gap", opt=INTERNAL, summary="What a confirmed match lacks in money")
async def show_funding_gap(match_id: FromPath[UUID], db: Db, caller: CurrentCaller) -> FundingGap:
    """The current amount: allocated less returned."""
    async with db.transaction(by=caller) as tx, tx.as_service():
        found = await allocation_store.requirement_by_id(tx, requirement_id_of(match_id))
    return FundingGap(match_id=match_id, gap_usd_minor=found.gap_usd_minor if found else None)


ROUTES = [show_budgets, show_funding_gap]
