"""The rows of funds, which everybody who works here may read."""

from datetime import datetime
from uuid import UUID

import msgspec

from chassis.db import Tx
from contracts.pledges import FundOpened, YearlyRequirement
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


async def open_fund(tx: Tx, fact: FundOpened) -> None:
    """The fund with its balance of nothing."""
    await tx.execute(
        """
        WITH opened AS (
            INSERT INTO fund (fund, fund_id, texts_hash, opened_at) VALUES ($1, $2, $3, $4) RETURNING fund
        ), needed AS (
            INSERT INTO fund_requirement (fund, year, usd_minor, work_package)
            SELECT fund, year, usd_minor, coalesce(work_package, '')
            FROM opened, unnest($5::smallint[], $6::bigint[], $7::text[]) AS r(year, usd_minor, work_package)
        )
        INSERT INTO balance (fund, available_usd_minor) SELECT fund, 0 FROM opened
        """,
        fact.code,
        fact.fund_id,
        fact.texts_hash,
        fact.opened_at,
        [requirement.year for requirement in fact.requirements],
        [requirement.usd_minor for requirement in fact.requirements],
        [requirement.work_package for requirement in fact.requirements],
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
            (SELECT coalesce(json_agg(json_build_object('year', year, 'usd_minor', usd_minor,
                'work_package', nullif(work_package, '')) ORDER BY year, work_package), '[]')
             FROM fund_requirement r WHERE r.fund = fund.fund)::text AS requirements
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
            requirements=msgspec.json.decode(row["requirements"], type=tuple[YearlyRequirement, ...]),
            opened_at=row["opened_at"],
        )
        for row in rows
    ]
