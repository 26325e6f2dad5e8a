"""Routes of fiscal years: the checklist, and closing a year."""

from datetime import date
from typing import Annotated

from litestar import get
from litestar.params import JSONBody, PathParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.commands import change, show
from chassis.http.pages import Part
from services.pledges import policy
from services.pledges.commands import CloseYear
from services.pledges.ledger import fiscal_years
from services.pledges.ledger.fiscal_years import Checked, Period
from services.pledges.pledge import exit_actions
from services.pledges.policy import Action
from services.pledges.proposals import store as proposal_store

YearOfBooks = Annotated[int, PathParameter(ge=2000, le=2100)]


class PeriodList(Struct, frozen=True, kw_only=True):
    """Years that were closed at least once, newest first.

    Entries may take effect from `open_from` on. An earlier year that is not listed was closed with a later one.
    """

    periods: list[Period]
    open_from: date
    cursor: str | None = None


class PeriodView(Struct, frozen=True, kw_only=True):
    """A year, with its closing and the money carried forward, if it was closed, and the current checklist."""

    year: int
    period: Period | None
    checklist: list[Checked]


@get("/v1/ledger/periods", opt=requires(Action.LIST_PERIODS), summary="The years that were closed")
async def list_periods(db: Db, caller: CurrentCaller, part: Part) -> PeriodList:
    async with db.transaction(by=caller) as tx:
        periods = await fiscal_years.periods(tx)
        return part.of(PeriodList(periods=periods, open_from=await fiscal_years.open_from(tx)))


@show("/v1/ledger/periods/{year:int}", Action.SHOW_PERIOD, "One fiscal year, and what keeps it open")
async def show_period(tx: Tx, ctx: Context, year: YearOfBooks) -> PeriodView:
    """Restricted to callers who may read the whole ledger."""
    policy.decide(ctx.caller, Action.SHOW_PERIOD).required()
    return await _period(tx, ctx, year)


async def _period(tx: Tx, ctx: Context, year: int) -> PeriodView:
    async with tx.as_service():
        closed = await fiscal_years.periods(tx, year=year)
        proposed = await proposal_store.open_in(tx, year)
        checked = await fiscal_years.checklist(tx, year, proposed=proposed, today=ctx.today)
    return PeriodView(year=year, period=closed[0] if closed else None, checklist=list(checked))


@change(
    "/v1/ledger/periods/{year:int}/close",
    Action.CLOSE_YEAR,
    "Close the books of a year",
    read=_period,
    outcome=fiscal_years.period_id_of,
    if_match=False,
)
async def close_period(tx: Tx, ctx: Context, year: YearOfBooks, data: JSONBody[CloseYear]) -> None:
    """Requires the role `finance_officer` at UNODC, and a checklist whose conditions are all met.

    Later corrections take effect in the open year.
    """
    policy.decide(ctx.caller, Action.CLOSE_YEAR).required()
    await exit_actions.close_year(tx, year, now=ctx.now)


ROUTES = [list_periods, show_period, close_period]
