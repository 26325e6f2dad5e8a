"""Actions on exchange rates: load a table, value an amount."""

from datetime import date, datetime
from uuid import UUID

from chassis.db.database import Tx
from contracts.pledges import Rate, RatesLoaded, Valuation
from contracts.refusals import Conflict
from contracts.values import Money
from services.pledges.ledger.record import record
from services.pledges.money import rate_store
from services.pledges.money.model import USD, Validity, read_rate, value
from services.pledges.money.rates_csv import Line


async def load_rates(tx: Tx, rate_table_id: UUID, table: tuple[Rate, ...], *, now: datetime) -> None:
    """Load a table.

    Raises Conflict for a rate that differs from the loaded one of its day, Invalid for a malformed one.
    """
    for rate in table:
        if read_rate(rate.usd_per_unit) != 1 and rate.currency == USD:
            raise Conflict("rate-differs", currency=USD, valid_from=rate.valid_from.isoformat())
    await record(tx, RatesLoaded(rate_table_id=rate_table_id, rates=table, loaded_at=now), version=1)


async def load_lines(tx: Tx, rate_table_id: UUID, lines: tuple[Line, ...], *, now: datetime) -> None:
    """Load the rates of a file. Raises Conflict with every line that differs from its source's earlier rate."""
    table = tuple(line.rate for line in lines)
    if others := await rate_store.differing(tx, table):
        raise Conflict("rate-differs", lines=[{"line": lines[at].number, "slug": "rate-differs"} for at in others])
    await load_rates(tx, rate_table_id, table, now=now)


async def valuation_of(tx: Tx, money: Money, on: date, validity: Validity) -> Valuation:
    """Return the valuation of an amount on its value date. Raises Mismatch without a rate in force."""
    return value(money, on, await rate_store.candidates_of(tx, money.currency, on, validity), validity)
