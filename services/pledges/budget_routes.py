"""What services ask of the ledger that plan what funds may pay."""

from litestar import post
from litestar.params import JSONBody

from chassis.http import INTERNAL, Calling, Db, Now
from contracts.budgets import USD, Budgeted, Budgeting
from services.pledges import balances, rates
from services.pledges.own import Owned


# A POST: which funds are asked for fits into no address.
@post("/internal/budgets", opt=INTERNAL, status_code=200, summary="What funds have, and what currencies are worth")
async def show_budgets(data: JSONBody[Budgeting], db: Db, own: Owned, caller: Calling, now: Now) -> Budgeted:
    """Just now; a fund there is not, and a currency that no rate is in force of, are left out."""
    async with db.transaction(by=caller) as tx, tx.by_itself():
        return Budgeted(
            as_at=now,
            funds=tuple(await balances.available_for(tx, data.funds)),
            rates=tuple(await rates.in_force_on(tx, sorted({*data.currencies} - {USD}), now.date(), own.validity)),
        )


ROUTES = [show_budgets]
