"""Rows of funds, which all callers with a role may read.

Requirements are stated by year and purpose, gender markers for the fund and by work package. Of the statements recorded
by a moment the last one counts; statements are never overwritten.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from contracts.facts import Event
from contracts.funds import FundGenderMarkerStated, FundOpened, FundRequirementRevised, YearlyRequirement
from contracts.refusals import Missing
from contracts.values import Language
from services.pledges.ledger.balances import EVER


class Labels(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The name of a fund in each of the six languages."""

    ar: str
    en: str
    es: str
    fr: str
    ru: str
    zh: str


class Fund(msgspec.Struct, frozen=True, kw_only=True):
    """A fund with its name and its requirement for each year.

    The requirements of `revised_years` were stated more than once. `gender_markers` are those of work packages that
    have their own.
    """

    fund_id: UUID
    fund: str
    labels: Labels
    revision: int
    requirements: tuple[YearlyRequirement, ...]
    revised_years: Collection[int]
    gender_marker: int | None
    gender_markers: Mapping[str, int]
    opened_at: datetime

    def gender_marker_of(self, work_package: str) -> int | None:
        """Return the work package's own marker, else the fund's; None if neither was stated."""
        return self.gender_markers.get(work_package, self.gender_marker)


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One statement of a fund's requirements: all of them at the opening, later a single one with its reason."""

    revision: int
    requirements: tuple[YearlyRequirement, ...]
    reason: str | None
    recorded_at: datetime


async def open_fund(tx: Tx, fact: FundOpened, *, recorded_at: datetime) -> None:
    """Insert the fund with a balance of 0."""
    await tx.execute(
        """
        WITH opened AS (
            INSERT INTO fund (fund, fund_id, revision, texts_hash, opened_at) VALUES ($1, $2, 1, $3, $4)
            RETURNING fund, revision
        ), needed AS (
            INSERT INTO fund_requirement (fund, year, usd_minor, work_package, revision, recorded_at)
            SELECT fund, year, usd_minor, coalesce(work_package, ''), revision, $8
            FROM opened, unnest($5::smallint[], $6::bigint[], $7::text[]) AS r(year, usd_minor, work_package)
        ), marked AS (
            INSERT INTO fund_gender_marker (fund, work_package, gender_marker, revision, recorded_at)
            SELECT fund, '', $9, revision, $8 FROM opened WHERE $9::smallint IS NOT NULL
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
        recorded_at,
        fact.gender_marker,
    )


async def lock(tx: Tx, fund: str) -> int:
    """Lock the fund and return its revision. Pledging does not wait for this lock.

    Raises Missing for an unknown fund.
    """
    revision = await tx.fetchval("SELECT revision FROM fund WHERE fund = $1 FOR NO KEY UPDATE", fund)
    if revision is None:
        raise Missing("not-found")
    return int(revision)


async def requirement_of(tx: Tx, fund: str, year: int, work_package: str | None) -> int:
    """Return the fund's requirement in that year for that work package, or for none, in US cents."""
    usd_minor = await tx.fetchval(
        """
        SELECT usd_minor FROM fund_requirement WHERE fund = $1 AND year = $2 AND work_package = coalesce($3, '')
        ORDER BY revision DESC LIMIT 1
        """,
        fund,
        year,
        work_package,
    )
    return int(usd_minor or 0)


async def revise_requirement(tx: Tx, fact: FundRequirementRevised, *, revision: int, recorded_at: datetime) -> None:
    await tx.execute(
        """
        WITH revised AS (UPDATE fund SET revision = $2 WHERE fund = $1 RETURNING fund, revision)
        INSERT INTO fund_requirement (fund, year, usd_minor, work_package, revision, reason, recorded_at)
        SELECT fund, $3, $4, coalesce($5, ''), revision, $6, $7 FROM revised
        """,
        fact.code,
        revision,
        fact.requirement.year,
        fact.requirement.usd_minor,
        fact.requirement.work_package,
        fact.reason,
        recorded_at,
    )


async def state_gender_marker(tx: Tx, fact: FundGenderMarkerStated, *, revision: int, recorded_at: datetime) -> None:
    await tx.execute(
        """
        WITH stated AS (UPDATE fund SET revision = $2 WHERE fund = $1 RETURNING fund, revision)
        INSERT INTO fund_gender_marker (fund, work_package, gender_marker, revision, recorded_at)
        SELECT fund, coalesce($3, ''), $4, revision, $5 FROM stated
        """,
        fact.code,
        revision,
        fact.work_package,
        fact.gender_marker,
        recorded_at,
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


async def missing(tx: Tx, fund: str | None, as_of: datetime | None) -> Missing:
    """Return the refusal for a fund, or for all, that does not exist, or that was opened after `as_of`."""
    opened_at = await tx.fetchval("SELECT min(opened_at) FROM fund WHERE $1::text IS NULL OR fund = $1", fund)
    if opened_at is None or as_of is None:
        return Missing("not-found")
    return Missing("fund-opened-later", as_of=as_of.isoformat(), opened_at=opened_at.isoformat())


async def funds(
    tx: Tx, *, only: str | None = None, after: str | None = None, limit: int = 1, as_of: datetime = EVER
) -> list[Fund]:
    """List funds by code, after `after`, that were open by `as_of`, with the statements recorded by then.

    All callers with a role may read them.
    """
    rows = await tx.fetch(
        """
        SELECT fund.fund, fund_id, stated.revision, opened_at, ar, en, es, fr, ru, zh,
            (SELECT coalesce(json_agg(json_build_object('year', year, 'usd_minor', usd_minor,
                'work_package', nullif(work_package, '')) ORDER BY year, work_package), '[]')
             FROM (SELECT DISTINCT ON (year, work_package) year, work_package, usd_minor FROM fund_requirement r
                   WHERE r.fund = fund.fund AND recorded_at <= $4 ORDER BY year, work_package, r.revision DESC) AS last
             WHERE usd_minor > 0)::text AS requirements,
            ARRAY(SELECT year FROM fund_requirement r WHERE r.fund = fund.fund AND recorded_at <= $4
                GROUP BY year HAVING count(DISTINCT r.revision) > 1 ORDER BY year) AS revised_years,
            (SELECT coalesce(json_object_agg(work_package, gender_marker), '{}')
             FROM (SELECT DISTINCT ON (work_package) work_package, gender_marker FROM fund_gender_marker m
                   WHERE m.fund = fund.fund AND recorded_at <= $4 ORDER BY work_package, m.revision DESC) AS last
             WHERE gender_marker IS NOT NULL)::text AS gender_markers
        FROM fund LEFT JOIN fund_text USING (fund) CROSS JOIN LATERAL (
            SELECT max(version) AS revision FROM journal WHERE aggregate_id = fund_id AND recorded_at <= $4
        ) AS stated
        WHERE ($1::text IS NULL OR fund.fund = $1) AND ($2::text IS NULL OR fund.fund > $2)
          AND stated.revision IS NOT NULL
        ORDER BY fund.fund LIMIT $3
        """,
        only,
        after,
        limit,
        as_of,
    )
    return [_fund(row) for row in rows]


def _fund(row: Record) -> Fund:
    markers = msgspec.json.decode(row["gender_markers"], type=dict[str, int])
    return Fund(
        fund_id=row["fund_id"],
        fund=row["fund"],
        labels=Labels(**{language: row[language] or "" for language in Language}),
        revision=row["revision"],
        requirements=msgspec.json.decode(row["requirements"], type=tuple[YearlyRequirement, ...]),
        revised_years=row["revised_years"],
        gender_marker=markers.pop("", None),
        gender_markers=markers,
        opened_at=row["opened_at"],
    )


async def revisions(tx: Tx, fund: str, *, before: int | None, limit: int) -> Sequence[Revision]:
    """List statements of a fund's requirements, newest first, starting before that revision."""
    rows = await tx.fetch(
        """
        SELECT revision, reason, recorded_at, json_agg(json_build_object('year', year, 'usd_minor', usd_minor,
            'work_package', nullif(work_package, '')) ORDER BY year, work_package)::text AS requirements
        FROM fund_requirement WHERE fund = $1 AND ($2::integer IS NULL OR revision < $2)
        GROUP BY revision, reason, recorded_at ORDER BY revision DESC LIMIT $3
        """,
        fund,
        before,
        limit,
    )
    decoded = ({**row, "requirements": msgspec.json.decode(row["requirements"])} for row in rows)
    return msgspec.convert(list(decoded), list[Revision])


async def fold(tx: Tx, event: Event, fact: FundOpened | FundRequirementRevised | FundGenderMarkerStated) -> None:
    """Apply a fact of a fund to its rows."""
    match fact:
        case FundOpened():
            await open_fund(tx, fact, recorded_at=event.time)
        case FundRequirementRevised():
            await revise_requirement(tx, fact, revision=event.aggregateversion, recorded_at=event.time)
        case FundGenderMarkerStated():
            await state_gender_marker(tx, fact, revision=event.aggregateversion, recorded_at=event.time)
