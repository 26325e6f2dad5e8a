"""Routes of exchange rates."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import JSONBody, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Database, Tx
from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.commands import create
from chassis.http.pages import Pagination
from chassis.http.queries import query_parameter
from chassis.http.tables import table_of, takes_table
from contracts.pledges import Rate
from contracts.refusals import Invalid
from contracts.values import Currency
from services.pledges import policy
from services.pledges.commands import LoadRates
from services.pledges.money import rate_actions, rate_store
from services.pledges.money.rates_csv import EXAMPLE, Line, read_table
from services.pledges.policy import Action

RATES_LIST_MAX = 500
_RATE_CURSOR = re.compile(r"(\d{4}-\d{2}-\d{2})\.([A-Z]{3})\.([A-Za-z0-9_.:-]{1,64})\Z", re.ASCII)
_RATE_CURSOR_MAX = 79


class RateTable(Struct, frozen=True, kw_only=True):
    """A loaded table of rates: its id and the number of its rates."""

    rate_table_id: UUID
    rates: int


class RatePage(Struct, frozen=True, kw_only=True):
    """Rates, newest first; `cursor` leads to the next page."""

    rates: list[rate_store.LoadedRate]
    cursor: str | None


async def _table(_db: Database, ctx: Context, _id: UUID, data: JSONBody[LoadRates]) -> Sequence[Rate]:
    policy.decide(ctx.caller, Action.LOAD_RATES).required()
    return data.table()


async def _lines(_db: Database, ctx: Context, _id: UUID, request: Request[Any, Any, Any]) -> Sequence[Line]:
    policy.decide(ctx.caller, Action.LOAD_RATES).required()
    return read_table(await table_of(request))


async def _loaded(_tx: Tx, _ctx: Context, rate_table_id: UUID, before: Sequence[Any]) -> RateTable:
    return RateTable(rate_table_id=rate_table_id, rates=len(before))


@create(
    "/v1/rates",
    Action.LOAD_RATES,
    "Load a table of rates of exchange",
    read=_loaded,
    before=_table,
    location=lambda _: "/v1/rates",
)
async def load_rates(tx: Tx, ctx: Context, rate_table_id: UUID, before: tuple[Rate, ...]) -> None:
    """Requires the role `finance_officer` at UNODC. How long a rate is valid is in docs/data-exchange.md."""
    await rate_actions.load_rates(tx, rate_table_id, before, now=ctx.now)


@create(
    "/v1/rates/csv",
    Action.LOAD_RATES,
    "Load a table of rates of exchange as CSV, in units for one US dollar",
    read=_loaded,
    before=_lines,
    location=lambda _: "/v1/rates",
    opt=takes_table(EXAMPLE),
)
async def load_rates_csv(tx: Tx, ctx: Context, rate_table_id: UUID, before: tuple[Line, ...]) -> None:
    """Requires the role `finance_officer` at UNODC.

    All lines are loaded or none; each bad line is reported with a slug. The columns are `currency`, `valid_from`,
    `units_per_usd` and, if it is not `un_operational`, `source`.
    """
    await rate_actions.load_lines(tx, rate_table_id, before, now=ctx.now)


@get("/v1/rates", opt=requires(Action.LIST_RATES), summary="Rates of exchange that were loaded, newest first")
async def list_rates(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    currency: Annotated[str | None, query_parameter(Currency)] = None,
    cursor: Annotated[str | None, QueryParameter(max_length=_RATE_CURSOR_MAX)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=RATES_LIST_MAX)] = 100,
) -> Response[RatePage]:
    """`rate_table_id` and `loaded_by` are shown to callers who may read the whole ledger, and are null for others."""
    async with db.transaction(by=caller) as tx:
        found = await rate_store.rates(tx, caller, currency=currency, after=_rate_cursor(cursor), limit=limit + 1)
    return paging.page(
        RatePage, found, limit, at=lambda last: f"{last.valid_from.isoformat()}.{last.currency}.{last.source}"
    )


def _rate_cursor(cursor: str | None) -> tuple[date, str, str] | None:
    if cursor is None:
        return None
    found = _RATE_CURSOR.match(cursor)
    try:
        if found:
            return date.fromisoformat(found[1]), found[2], found[3]
    except ValueError:
        pass
    raise Invalid("invalid-field", field="cursor", expected="cursor")


ROUTES = [load_rates, load_rates_csv, list_rates]
