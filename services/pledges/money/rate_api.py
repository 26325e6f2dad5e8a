"""The routes of rates of exchange."""

import re
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Struct

from chassis.http.application import Calling, Commanded, Db, Now, Paging, asks
from chassis.http.idempotency import claim
from chassis.http.queries import formed_as
from chassis.http.tables import table_of, takes_table
from chassis.ids import new_id
from contracts.refusals import Invalid
from contracts.values import Currency
from services.pledges import policy
from services.pledges.commands import LoadRates
from services.pledges.money import rate_actions, rate_store
from services.pledges.money.rates_csv import EXAMPLE, read_table
from services.pledges.policy import Action

RATES_LIST_MAX = 500
_RATE_CURSOR = re.compile(r"(\d{4}-\d{2}-\d{2})\.([A-Z]{3})\.([A-Za-z0-9_.:-]{1,64})\Z", re.ASCII)
_RATE_CURSOR_MAX = 79


class RateTable(Struct, frozen=True, kw_only=True):
    """A table of rates as it was loaded."""

    rate_table_id: UUID
    rates: int


class RatePage(Struct, frozen=True, kw_only=True):
    """Rates, newest first; `cursor` leads to the next page."""

    rates: list[rate_store.LoadedRate]
    cursor: str | None


@post("/v1/rates", opt=asks(Action.LOAD_RATES), summary="Load a table of rates of exchange")
async def load_rates(
    data: JSONBody[LoadRates], db: Db, caller: Calling, command: Commanded, now: Now
) -> Response[RateTable]:
    """For a finance officer of UNODC. How long a rate holds is its source's: docs/rates.md."""
    policy.decide(caller, Action.LOAD_RATES).required()
    table = data.table()
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=new_id())
        if claimed.first:
            await rate_actions.load_rates(tx, claimed.outcome, table, now=now)
    return _loaded(claimed.outcome, len(table))


@post(
    "/v1/rates/csv",
    opt=asks(Action.LOAD_RATES) | takes_table(EXAMPLE),
    summary="Load a table of rates of exchange as CSV, in units for one US dollar",
)
async def load_rates_csv(
    request: Request[Any, Any, Any], db: Db, caller: Calling, command: Commanded, now: Now
) -> Response[RateTable]:
    """For a finance officer of UNODC. All lines are loaded or none; each that will not do is named with a slug.

    The columns are `currency`, `valid_from`, `units_per_usd` and, where it is not `un_operational`, `source`.
    """
    policy.decide(caller, Action.LOAD_RATES).required()
    lines = read_table(await table_of(request))
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=new_id())
        if claimed.first:
            await rate_actions.load_lines(tx, claimed.outcome, lines, now=now)
    return _loaded(claimed.outcome, len(lines))


def _loaded(rate_table_id: UUID, number: int) -> Response[RateTable]:
    return Response(
        RateTable(rate_table_id=rate_table_id, rates=number), status_code=201, headers={"Location": "/v1/rates"}
    )


@get("/v1/rates", opt=asks(Action.LIST_RATES), summary="Rates of exchange that were loaded, newest first")
async def list_rates(
    db: Db,
    caller: Calling,
    paging: Paging,
    currency: Annotated[str | None, formed_as(Currency)] = None,
    cursor: Annotated[str | None, QueryParameter(max_length=_RATE_CURSOR_MAX)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=RATES_LIST_MAX)] = 100,
) -> Response[RatePage]:
    """`rate_table_id` and `loaded_by` are for those who may read the whole ledger, and null to others."""
    async with db.transaction(by=caller) as tx:
        found = await rate_store.rates(tx, caller, currency=currency, after=_rate_cursor(cursor), limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    more = f"{last.valid_from.isoformat()}.{last.currency}.{last.source}" if last else None
    return Response(RatePage(rates=found[:limit], cursor=more), headers=paging.next_link(more))


def _rate_cursor(cursor: str | None) -> tuple[date, str, str] | None:
    if cursor is None:
        return None
    found = _RATE_CURSOR.match(cursor)
    try:
        if found:
            return date.fromisoformat(found[1]), found[2], found[3]
    except ValueError:
        pass
    raise Invalid("invalid-field", field="cursor", expected="a cursor of an earlier page")


ROUTES = [load_rates, load_rates_csv, list_rates]
