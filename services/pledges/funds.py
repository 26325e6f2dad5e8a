"""The rows of funds and of rates of exchange, which everybody who works here may read."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from chassis.db import Tx
from contracts.pledges import FundOpened, Rate, RatesLoaded, YearlyRequirement
from contracts.refusals import Conflict
from contracts.values import Language


class Labels(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a fund is called in each of the six languages."""

    ar: str
    en: str
    es: str
    fr: str
    ru: str
    zh: str


class Fund(msgspec.Struct, frozen=True, kw_only=True):
    """A fund with its name and what it needs in each year."""

    fund_id: UUID
    fund: str
    labels: Labels
    requirements: tuple[YearlyRequirement, ...]
    opened_at: datetime


# -- funds ------------------------------------------------------------------------------------------------------------


async def open_fund(tx: Tx, fact: FundOpened) -> None:
    """The fund with its balance of nothing."""
    await tx.execute(
        """
        WITH opened AS (
            INSERT INTO fund (fund, fund_id, texts_hash, opened_at) VALUES ($1, $2, $3, $4) RETURNING fund
        ), needed AS (
            INSERT INTO fund_requirement (fund, year, usd_minor)
            SELECT fund, year, usd_minor FROM opened, unnest($5::smallint[], $6::bigint[]) AS r(year, usd_minor)
        )
        INSERT INTO balance (fund, available_usd_minor) SELECT fund, 0 FROM opened
        """,
        fact.code,
        fact.fund_id,
        fact.texts_hash,
        fact.opened_at,
        [requirement.year for requirement in fact.requirements],
        [requirement.usd_minor for requirement in fact.requirements],
    )


async def save_labels(tx: Tx, fund: str, labels: Labels, salt: bytes) -> None:
    await tx.execute(
        "INSERT INTO fund_text (fund, salt, ar, en, es, fr, ru, zh) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        fund,
        salt,
        *(getattr(labels, language) for language in Language),
    )


async def is_open(tx: Tx, fund: str) -> bool:
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM fund WHERE fund = $1)", fund))


async def funds(tx: Tx, *, only: str | None = None, after: str | None = None, limit: int = 1) -> list[Fund]:
    """Funds by code, from the one after `after`. They are public among those who work here."""
    rows = await tx.fetch(
        """
        SELECT fund.fund, fund_id, opened_at, ar, en, es, fr, ru, zh,
            ARRAY(SELECT year FROM fund_requirement r WHERE r.fund = fund.fund ORDER BY year) AS years,
            ARRAY(SELECT usd_minor FROM fund_requirement r WHERE r.fund = fund.fund ORDER BY year) AS needs
        FROM fund LEFT JOIN fund_text USING (fund)
        WHERE ($1::text IS NULL OR fund.fund = $1) AND ($2::text IS NULL OR fund.fund > $2)
        ORDER BY fund.fund LIMIT $3
        """,
        only,
        after,
        limit,
    )
    return [
        Fund(
            fund_id=row["fund_id"],
            fund=row["fund"],
            labels=Labels(**{language: row[language] or "" for language in Language}),
            requirements=tuple(
                YearlyRequirement(year=year, usd_minor=need)
                for year, need in zip(row["years"], row["needs"], strict=True)
            ),
            opened_at=row["opened_at"],
        )
        for row in rows
    ]


# -- rates ------------------------------------------------------------------------------------------------------------


async def load_rates(tx: Tx, fact: RatesLoaded, *, loaded_by: UUID | None) -> None:
    """Add the rates that are new. Raises Conflict for one that says otherwise than what is in force: none is edited."""
    columns = (
        [rate.currency for rate in fact.rates],
        [rate.valid_from for rate in fact.rates],
        [rate.source for rate in fact.rates],
        [rate.usd_per_unit for rate in fact.rates],
    )
    await tx.execute(
        """
        INSERT INTO rate (currency, valid_from, source, usd_per_unit, rate_table_id, loaded_by)
        SELECT currency, valid_from, source, usd_per_unit::numeric, $5, $6
        FROM unnest($1::text[], $2::date[], $3::text[], $4::text[]) AS r(currency, valid_from, source, usd_per_unit)
        ON CONFLICT DO NOTHING
        """,
        *columns,
        fact.rate_table_id,
        loaded_by,
    )
    other = await tx.fetchrow(
        """
        SELECT currency, valid_from
        FROM unnest($1::text[], $2::date[], $3::text[], $4::text[]) AS r(currency, valid_from, source, usd_per_unit)
        JOIN rate USING (currency, valid_from)
        WHERE rate.usd_per_unit <> r.usd_per_unit::numeric OR rate.source <> r.source LIMIT 1
        """,
        *columns,
    )
    if other:
        raise Conflict("rate-differs", currency=other["currency"], valid_from=other["valid_from"].isoformat())


async def rates_until(tx: Tx, currency: str, on: date) -> list[Rate]:
    """The currency's rates of the day's month up to that day."""
    rows = await tx.fetch(
        """
        SELECT source, currency, valid_from, trim_scale(usd_per_unit)::text AS usd_per_unit FROM rate
        WHERE currency = $1 AND valid_from <= $2 AND valid_from >= date_trunc('month', $2::date::timestamp)::date
        """,
        currency,
        on,
    )
    return [msgspec.convert(dict(row), Rate) for row in rows]


async def rates(tx: Tx, *, currency: str | None, after: tuple[date, str] | None, limit: int) -> list[Rate]:
    """Rates, newest first, from the one after `after`. They are public among those who work here."""
    rows = await tx.fetch(
        """
        SELECT source, currency, valid_from, trim_scale(usd_per_unit)::text AS usd_per_unit FROM rate
        WHERE ($1::text IS NULL OR currency = $1) AND ($2::date IS NULL OR (valid_from, currency) < ($2, $3::text))
        ORDER BY valid_from DESC, currency DESC LIMIT $4
        """,
        currency,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return [msgspec.convert(dict(row), Rate) for row in rows]
