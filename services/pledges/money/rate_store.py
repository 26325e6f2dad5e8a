"""Rows of exchange rates, which all callers with a role may read, and the candidates for the rate of a day."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts.facts import Event
from contracts.pledges import Rate, RatesLoaded
from contracts.refusals import Conflict
from contracts.values import Caller
from services.pledges.money import ecb
from services.pledges.money.model import ECB, Validity, in_force


class LoadedRate(Rate, frozen=True, kw_only=True):
    """A rate with its table and the person who loaded it.

    `loaded_by` is null if no person loaded it; both are null for callers who may not read the whole ledger.
    """

    rate_table_id: UUID | None
    loaded_by: UUID | None


async def load_rates(tx: Tx, fact: RatesLoaded, *, loaded_by: UUID | None) -> None:
    """Insert the new rates.

    Raises Conflict for a rate that differs from the loaded one, since rates are never edited.
    """
    await tx.execute(
        """
        INSERT INTO rate (currency, valid_from, source, usd_per_unit, rate_table_id, loaded_by)
        SELECT currency, valid_from, source, usd_per_unit::numeric, $5, $6
        FROM unnest($1::text[], $2::date[], $3::text[], $4::text[]) AS r(currency, valid_from, source, usd_per_unit)
        ON CONFLICT DO NOTHING
        """,
        *_columns(fact.rates),
        fact.rate_table_id,
        loaded_by,
    )
    if others := await differing(tx, fact.rates):
        rate = fact.rates[others[0]]
        raise Conflict(
            "rate-differs", currency=rate.currency, valid_from=rate.valid_from.isoformat(), source=rate.source
        )


async def differing(tx: Tx, table: Sequence[Rate]) -> list[int]:
    """Return the positions of rates that differ from those loaded for the same source and day."""
    rows = await tx.fetch(
        """
        SELECT position FROM unnest($1::text[], $2::date[], $3::text[], $4::text[])
            WITH ORDINALITY AS r(currency, valid_from, source, usd_per_unit, position)
        JOIN rate USING (currency, source, valid_from)
        WHERE rate.usd_per_unit <> r.usd_per_unit::numeric ORDER BY position
        """,
        *_columns(table),
    )
    return [row["position"] - 1 for row in rows]


def _columns(table: Sequence[Rate]) -> tuple[list[str], list[date], list[str], list[str]]:
    return (
        [rate.currency for rate in table],
        [rate.valid_from for rate in table],
        [rate.source for rate in table],
        [rate.usd_per_unit for rate in table],
    )


async def candidates_of(tx: Tx, currency: str, on: date, validity: Validity) -> list[Rate]:
    """Return candidates for the rate of a day; those of the European Central Bank only if there is no other."""
    loaded = await _rates_until(tx, currency, on)
    found, since = in_force(loaded, currency, on, validity), validity.since(ECB, on)
    if since is None or (found is not None and found.source != ECB):
        return loaded
    theirs = (await ecb.history()).last(currency, since, on)
    # Appended after the loaded rates: of two rates of one day, the rate that a person loaded is preferred.
    return [*loaded, theirs] if theirs else loaded


async def in_force_on(tx: Tx, currencies: Sequence[str], on: date, validity: Validity) -> list[Rate]:
    """Return the rate of each of these currencies on a day, if it has one."""
    found = [in_force(await candidates_of(tx, one, on, validity), one, on, validity) for one in currencies]
    return [rate for rate in found if rate is not None]


async def _rates_until(tx: Tx, currency: str, on: date) -> list[Rate]:
    """Return each source's last rate of the currency up to that day, whether it is still valid or not."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT ON (source) source, currency, valid_from, trim_scale(usd_per_unit)::text AS usd_per_unit
        FROM rate WHERE currency = $1 AND valid_from <= $2 ORDER BY source, valid_from DESC
        """,
        currency,
        on,
    )
    return [msgspec.convert(dict(row), Rate) for row in rows]


async def rates(
    tx: Tx, caller: Caller, *, currency: str | None, after: tuple[date, str, str] | None, limit: int
) -> list[LoadedRate]:
    """List rates, newest first, after `after`. All callers with a role may read them.

    The table and the person who loaded a rate are shown to callers who may read the whole ledger.
    """
    day, of_currency, source = after or (None, None, None)
    rows = await tx.fetch(
        """
        SELECT source, currency, valid_from, trim_scale(usd_per_unit)::text AS usd_per_unit,
            CASE WHEN reads_all($6, $7) THEN rate_table_id END AS rate_table_id,
            CASE WHEN reads_all($6, $7) THEN loaded_by END AS loaded_by
        FROM rate
        WHERE ($1::text IS NULL OR currency = $1)
          AND ($2::date IS NULL OR (valid_from, currency, source) < ($2, $3::text, $4::text))
        ORDER BY valid_from DESC, currency DESC, source DESC LIMIT $5
        """,
        currency,
        day,
        of_currency,
        source,
        limit,
        caller.organization,
        caller.role,
    )
    return [msgspec.convert(dict(row), LoadedRate) for row in rows]


async def fold(tx: Tx, event: Event, fact: RatesLoaded) -> None:
    """Apply a loaded table to the rates."""
    await load_rates(tx, fact, loaded_by=event.actorid)
