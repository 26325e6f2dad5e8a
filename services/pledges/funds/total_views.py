"""Totals of funds, now or as recorded by a moment."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chassis.db.database import Tx
from services.pledges.funds import store as funds
from services.pledges.funds.views import FundView, fund_view
from services.pledges.in_kind import store as in_kind_store
from services.pledges.ledger import balances
from services.pledges.ledger.balances import EVER
from services.pledges.pledge import store


async def with_totals(tx: Tx, found: Sequence[funds.Fund], *, as_at: datetime | None) -> list[FundView]:
    """Return these funds with their totals: as recorded by `as_at`, or the current state if it is None."""
    async with tx.as_service():
        codes = [fund.fund for fund in found]
        progress = await balances.progress(tx, codes, as_at=as_at or EVER)
        allocatable = await _allocatable(tx, progress, as_at=as_at)
        in_kind = await in_kind_store.worth(tx, codes, as_at=as_at)
    return [
        fund_view(fund, progress[fund.fund], allocatable[fund.fund], in_kind.get(fund.fund, 0), as_at=as_at)
        for fund in found
    ]


async def _allocatable(
    tx: Tx, progress: Mapping[str, balances.Progress], *, as_at: datetime | None
) -> Mapping[str, int]:
    """Return the allocatable money of each fund. What was owed as of a moment comes from the facts of agreements."""
    if as_at is None:
        owed = await balances.owed_by_donors(tx, list(progress))
        return {
            fund: one.totals.allocated_usd_minor + one.totals.available_usd_minor + owed.get(fund, 0)
            for fund, one in progress.items()
        }
    return {
        fund: (await store.committed_by_year(tx, fund, as_at=as_at)).allocatable.total()
        - one.totals.transferred_usd_minor
        for fund, one in progress.items()
    }
