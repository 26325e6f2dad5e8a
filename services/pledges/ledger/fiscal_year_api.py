"""The routes of years of the books: what is missing before one is closed, and closing it."""

from typing import Annotated

from litestar import Response, get, post
from litestar.params import JSONBody, PathParameter
from msgspec import Struct

from chassis.db.database import Tx
from chassis.http.application import Calling, Commanded, Db, Now, asks
from chassis.http.idempotency import claim
from services.pledges import policy
from services.pledges.commands import CloseYear
from services.pledges.ledger import fiscal_years
from services.pledges.ledger.fiscal_years import Checked, Period
from services.pledges.pledge import exit_actions
from services.pledges.policy import Action
from services.pledges.proposals import store as proposal_store

YearOfBooks = Annotated[int, PathParameter(ge=2000, le=2100)]


class PeriodList(Struct, frozen=True, kw_only=True):
    """Years that were closed at least once, newest first."""

    periods: list[Period]


class PeriodView(Struct, frozen=True, kw_only=True):
    """A year, when and with what it was closed if it was, and the checklist as it stands now."""

    year: int
    period: Period | None
    checklist: list[Checked]


@get("/v1/ledger/periods", opt=asks(Action.LIST_PERIODS), summary="The years that were closed")
async def list_periods(db: Db, caller: Calling) -> PeriodList:
    async with db.transaction(by=caller) as tx:
        return PeriodList(periods=await fiscal_years.periods(tx))


@get("/v1/ledger/periods/{year:int}", opt=asks(Action.SHOW_PERIOD), summary="A year, and what keeps it open")
async def show_period(year: YearOfBooks, db: Db, caller: Calling, now: Now) -> PeriodView:
    """For those who may read the whole ledger."""
    policy.decide(caller, Action.SHOW_PERIOD).required()
    async with db.transaction(by=caller) as tx, tx.as_service():
        return await _period(tx, year, now)


@post(
    "/v1/ledger/periods/{year:int}/close",
    opt=asks(Action.CLOSE_YEAR),
    status_code=200,
    summary="Close the books of a year",
)
async def close_period(
    year: YearOfBooks, data: JSONBody[CloseYear], db: Db, caller: Calling, command: Commanded, now: Now
) -> Response[PeriodView]:
    """For a finance officer of UNODC, once the checklist is met. Later corrections take effect in the open year."""
    policy.decide(caller, Action.CLOSE_YEAR).required()
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=fiscal_years.period_id_of(year))
        if claimed.first:
            await exit_actions.close_year(tx, year, now=now)
        async with tx.as_service():
            return Response(await _period(tx, year, now))


async def _period(tx: Tx, year: int, now: Now) -> PeriodView:
    closed = await fiscal_years.periods(tx, year=year)
    proposed = await proposal_store.open_in(tx, year)
    checked = await fiscal_years.checklist(tx, year, proposed=proposed, today=now.date())
    return PeriodView(year=year, period=closed[0] if closed else None, checklist=list(checked))


ROUTES = [list_periods, show_period, close_period]
