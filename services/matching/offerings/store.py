"""Rows of offerings and their capacity. Every read names its caller; `may_see` in the WHERE is the policy in SQL."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.matching import Capacity, Eligibility, Terms
from contracts.refusals import Missing
from contracts.values import Caller, Money, Period
from services.matching.lines.model import WantedLine
from services.matching.matches.model import NOT_CONFIRMED, SHOWN
from services.matching.offerings.model import Offering, Publication, ShownStatus
from services.matching.offerings.periods import Room, least_blocking
from services.matching.scoring.constraints import violated

LIST_MAX = 100
LAPSES_MAX = 100
REMINDED_MAX = 100
AVAILABLE_MAX = 200
OTHERS_MAX = 500
"""Maximum number of other lines that the choice of a period considers, those shown the offering first."""


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of an offering, in its source language."""

    title: str
    summary: str


class _CapacityRow(msgspec.Struct, frozen=True):
    starts: date
    ends: date
    units: int
    taken: int


async def get(tx: Tx, offering_id: UUID, caller: Caller, *, lock: bool = False, whole: bool = False) -> Offering:
    """Return the offering if this caller may see it. Raise Missing.

    `lock` locks it until the transaction ends; `whole` also locks its capacity.
    """
    if lock:
        await _hold(tx, offering_id)
    row = await tx.fetchrow(
        "SELECT * FROM offering WHERE offering_id = $1 AND sees_offering(provider, status, $2, $3)",
        offering_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    if whole:
        await tx.execute("SELECT FROM capacity WHERE offering_id = $1 ORDER BY starts FOR UPDATE", offering_id)
    return _offering(dict(row), await _capacity(tx, offering_id))


async def get_as_service(tx: Tx, offering_id: UUID, *, lock: bool = False) -> Offering | None:
    """Return the offering for the system itself, on behalf of no caller."""
    if lock:
        await _hold(tx, offering_id)
    row = await tx.fetchrow("SELECT * FROM offering WHERE offering_id = $1", offering_id)
    return _offering(dict(row), await _capacity(tx, offering_id)) if row else None


async def _hold(tx: Tx, offering_id: UUID) -> None:
    # Not FOR UPDATE: foreign keys of new matches would wait for it, in transactions that may hold matches needed here.
    await tx.execute("SELECT FROM offering WHERE offering_id = $1 FOR NO KEY UPDATE", offering_id)


async def _capacity(tx: Tx, offering_id: UUID) -> list[_CapacityRow]:
    rows = await tx.fetch(
        "SELECT starts, ends, units, taken FROM capacity WHERE offering_id = $1 ORDER BY starts", offering_id
    )
    return [_CapacityRow(*row.values()) for row in rows]


def _offering(values: dict[str, Any], periods: Sequence[_CapacityRow]) -> Offering:
    minor, currency = values.pop("funding_minor"), values.pop("funding_currency")
    values["eligible"] = Eligibility(
        states=tuple(values.pop("eligible_states")),
        regions=tuple(values.pop("eligible_regions")),
        excluded_states=tuple(values.pop("excluded_states")),
        income_groups=tuple(values.pop("income_groups")),
        special_groups=tuple(values.pop("special_groups")),
    )
    language, texts_hash = values.pop("public_language"), values.pop("public_texts_hash")
    published_at = values.pop("published_at")
    if language is not None:
        values["publication"] = Publication(language=language, texts_hash=texts_hash, published_at=published_at)
    values["valid"] = Period(starts=values.pop("valid_from"), ends=values.pop("valid_until"))
    values["capacity"] = [Capacity(period=Period(starts=c.starts, ends=c.ends), units=c.units) for c in periods]
    values["funding_needed"] = Money(minor=minor, currency=currency) if minor is not None else None
    values["terms"] = msgspec.convert(values, Terms)
    values["taken"] = {c.starts: c.taken for c in periods if c.taken}
    return msgspec.convert(values, Offering)


_SAVE = Write(
    parts={
        "offered": """
            INSERT INTO offering (offering_id, provider, status, revision, language, kinds, topics, articles,
                paragraphs, pillars, languages, interpretation, modalities, eligible_states, eligible_regions,
                excluded_states, income_groups, special_groups, valid_from, valid_until, group_size_max,
                resource_status, funding_minor, funding_currency, curriculum, treaties, texts_hash, drafted_at,
                submitted_at, available_since, reconfirmed_at, reason, contact_hash, public_language,
                public_texts_hash, published_at, reminded_for, remind_at)
            SELECT offering_id, provider, status, revision, language, kinds, topics, articles, paragraphs, pillars,
                languages, interpretation, modalities, eligible_states, eligible_regions, excluded_states,
                income_groups, special_groups, valid_from, valid_until, group_size_max, resource_status,
                funding_minor, funding_currency, curriculum, treaties, texts_hash, drafted_at, submitted_at,
                available_since, reconfirmed_at, reason, contact_hash, public_language, public_texts_hash,
                published_at, reminded_for, remind_at
            FROM json_populate_record(NULL::offering, $1::text::json)
            ON CONFLICT (offering_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                language = excluded.language, kinds = excluded.kinds, topics = excluded.topics,
                articles = excluded.articles, paragraphs = excluded.paragraphs, pillars = excluded.pillars,
                languages = excluded.languages, interpretation = excluded.interpretation,
                modalities = excluded.modalities, eligible_states = excluded.eligible_states,
                eligible_regions = excluded.eligible_regions, excluded_states = excluded.excluded_states,
                income_groups = excluded.income_groups, special_groups = excluded.special_groups,
                valid_from = excluded.valid_from, valid_until = excluded.valid_until,
                group_size_max = excluded.group_size_max, resource_status = excluded.resource_status,
                funding_minor = excluded.funding_minor, funding_currency = excluded.funding_currency,
                curriculum = excluded.curriculum, treaties = excluded.treaties, texts_hash = excluded.texts_hash,
                submitted_at = excluded.submitted_at, available_since = excluded.available_since,
                reconfirmed_at = excluded.reconfirmed_at, reason = excluded.reason,
                contact_hash = excluded.contact_hash, public_language = excluded.public_language,
                public_texts_hash = excluded.public_texts_hash, published_at = excluded.published_at,
                reminded_for = excluded.reminded_for, remind_at = excluded.remind_at
        """
    }
)


async def save(tx: Tx, offering: Offering) -> None:
    """Write the offering without its capacity."""
    await tx.queue(
        _SAVE,
        _encoded(offering),
    )


def _encoded(offering: Offering) -> str:
    terms = offering.terms
    money, public = terms.funding_needed, offering.publication
    row = {
        **msgspec.structs.asdict(offering),
        **msgspec.structs.asdict(terms),
        "eligible_states": terms.eligible.states,
        "eligible_regions": terms.eligible.regions,
        "excluded_states": terms.eligible.excluded_states,
        "income_groups": terms.eligible.income_groups,
        "special_groups": terms.eligible.special_groups,
        "valid_from": terms.valid.starts,
        "valid_until": terms.valid.ends,
        "funding_minor": money.minor if money else None,
        "funding_currency": money.currency if money else None,
        "public_language": public.language if public else None,
        "public_texts_hash": public.texts_hash if public else None,
        "published_at": public.published_at if public else None,
        "remind_at": offering.remind_at,
    }
    return msgspec.json.encode(row).decode()


async def save_capacity(tx: Tx, offering: Offering) -> None:
    """Replace the offering's periods; units taken are not changed."""
    periods = offering.terms.capacity
    starts = [one.period.starts for one in periods]
    await tx.execute(
        "DELETE FROM capacity WHERE offering_id = $1 AND starts <> ALL ($2::date[])", offering.offering_id, starts
    )
    await tx.execute(
        """
        INSERT INTO capacity (offering_id, starts, ends, units)
        SELECT $1, starts, ends, units FROM unnest($2::date[], $3::date[], $4::integer[]) AS p(starts, ends, units)
        ON CONFLICT (offering_id, starts) DO UPDATE SET ends = excluded.ends, units = excluded.units
        """,
        offering.offering_id,
        starts,
        [one.period.ends for one in periods],
        [one.units for one in periods],
    )


# -- capacity ---------------------------------------------------------------------------------------------------------


async def take(
    tx: Tx, offering_id: UUID, window: Period, planned: Period | None = None, *, line_id: UUID | None = None
) -> Period | None:
    """Take one unit of a period that overlaps the window and has capacity; return None if there is none.

    The planned period is taken if possible, else the one that leaves the most other lines with a match of the offering
    servable. Concurrent calls wait for the row locks and then see the capacity left.
    """
    rows = await tx.fetch(
        "SELECT starts, ends, units - taken AS room FROM capacity WHERE offering_id = $1 ORDER BY starts FOR UPDATE",
        offering_id,
    )
    rooms = [Room(Period(starts=row["starts"], ends=row["ends"]), row["room"]) for row in rows if row["room"] > 0]
    feasible = [one.period for one in rooms if one.period.overlaps(window)]
    if planned is not None and any(one.starts == planned.starts for one in feasible):
        feasible = [one for one in feasible if one.starts == planned.starts]
    if len(feasible) > 1:
        feasible = [least_blocking(feasible, rooms, *await _others_served(tx, offering_id, line_id))]
    for period in feasible:
        await take_unit(tx, offering_id, period)
    return feasible[0] if feasible else None


async def _others_served(tx: Tx, offering_id: UUID, line_id: UUID | None) -> tuple[list[Period], list[Period]]:
    """Return the windows of the other lines with an unconfirmed match of the offering.

    The first list has those of matches that were shown, the second has all.
    """
    rows = await tx.fetch(
        """
        SELECT coalesce(planned_from, starts) AS starts, coalesce(planned_until, ends) AS ends,
            match.status = ANY ($3::text[]) AS shown
        FROM matches_of_offering($1) AS match JOIN wanted_line USING (line_id)
        WHERE match.status = ANY ($4::text[]) AND line_id IS DISTINCT FROM $2
        ORDER BY shown DESC, match_id LIMIT $5
        """,
        offering_id,
        line_id,
        list(SHOWN),
        list(NOT_CONFIRMED),
        OTHERS_MAX,
    )
    wanted = [(Period(starts=row["starts"], ends=row["ends"]), row["shown"]) for row in rows]
    return [period for period, shown in wanted if shown], [period for period, _ in wanted]


async def take_unit(tx: Tx, offering_id: UUID, period: Period) -> None:
    """Take the unit of a period that was taken according to the journal."""
    await tx.execute(
        "UPDATE capacity SET taken = taken + 1 WHERE offering_id = $1 AND starts = $2", offering_id, period.starts
    )


async def give_back(tx: Tx, offering_id: UUID, period: Period) -> None:
    """Give back a match's unit."""
    await tx.execute(
        "UPDATE capacity SET taken = taken - 1 WHERE offering_id = $1 AND starts = $2", offering_id, period.starts
    )


# -- texts ------------------------------------------------------------------------------------------------------------


_SAVE_TEXTS = Write(
    parts={
        "words": """
            INSERT INTO offering_text (offering_id, salt, title, summary) VALUES ($1, $2, $3, $4)
            ON CONFLICT (offering_id) DO UPDATE
            SET salt = excluded.salt, title = excluded.title, summary = excluded.summary
        """
    }
)


async def save_texts(tx: Tx, offering_id: UUID, texts: Texts, salt: bytes) -> None:
    """Replace the texts, which the journal references by their salted hash."""
    await tx.queue(
        _SAVE_TEXTS,
        offering_id,
        salt,
        texts.title,
        texts.summary,
    )


async def texts(tx: Tx, offering_ids: Sequence[UUID]) -> dict[UUID, Texts]:
    """Return the texts of offerings already read for their caller."""
    rows = await tx.fetch(
        "SELECT offering_id, title, summary FROM offering_text WHERE offering_id = ANY ($1::uuid[])", offering_ids
    )
    return {row["offering_id"]: Texts(title=row["title"], summary=row["summary"]) for row in rows}


async def salt(tx: Tx, offering_id: UUID) -> bytes | None:
    """Return the salt of the texts' hash; None if they are erased."""
    return cast(bytes | None, await tx.fetchval("SELECT salt FROM offering_text WHERE offering_id = $1", offering_id))


# -- lists ------------------------------------------------------------------------------------------------------------


async def existing(tx: Tx, caller: Caller, offering_ids: Sequence[UUID]) -> list[UUID]:
    """Return the ids of those of these offerings that the caller sees."""
    rows = await tx.fetch(
        "SELECT offering_id FROM offering WHERE sees_offering(provider, status, $1, $2) AND offering_id = ANY ($3)",
        caller.organization,
        caller.role,
        list(offering_ids),
    )
    return [row["offering_id"] for row in rows]


async def page(
    tx: Tx,
    caller: Caller,
    *,
    status: ShownStatus | None,
    kind: str | None,
    provider: str | None,
    words: str | None = None,
    delivery_language: str | None,
    before: UUID | None,
    today: date,
    limit: int,
) -> list[Offering]:
    """List offerings, newest first, after the offering `before`.

    Their title has all `words`, in any of its languages.
    """
    rows = await tx.fetch(
        """
        SELECT offering.*, (
            SELECT coalesce(json_agg(json_build_array(starts, ends, units, taken) ORDER BY starts), '[]') FROM capacity
            WHERE capacity.offering_id = offering.offering_id) AS periods
        FROM offering
        WHERE sees_offering(provider, status, $1, $2)
          AND ($3::text IS NULL OR shown_status(offering_id, status, $7) = $3)
          AND ($4::text IS NULL OR $4 = ANY (kinds)) AND ($5::text IS NULL OR provider = $5)
          AND ($6::uuid IS NULL OR offering_id < $6)
          AND ($9::text[] IS NULL OR EXISTS (
            SELECT FROM (
                SELECT title FROM offering_text t WHERE t.offering_id = offering.offering_id
                UNION ALL
                SELECT title FROM offering_translation_text t WHERE t.offering_id = offering.offering_id
            ) named WHERE NOT EXISTS (
                SELECT FROM unnest($9) word WHERE strpos(lower(title), word) = 0
            )))
          AND ($10::text IS NULL OR $10 = ANY (languages) OR $10 = ANY (interpretation))
        ORDER BY offering_id DESC LIMIT $8
        """,
        caller.organization,
        caller.role,
        status,
        kind,
        provider,
        before,
        today,
        limit,
        words.lower().split() if words else None,
        delivery_language,
    )
    return [with_periods(row) for row in rows]


OF_KIND = """
    SELECT offering.*, (
        SELECT coalesce(json_agg(json_build_array(starts, ends, units, taken) ORDER BY starts), '[]') FROM capacity
        WHERE capacity.offering_id = offering.offering_id) AS periods
    FROM offering WHERE status = 'available' AND kinds @> ARRAY[$1::text]
    """


async def candidates(tx: Tx, line: WantedLine) -> list[Offering]:
    """List the available offerings that violate no hard constraint, unordered."""
    rows = await tx.fetch(OF_KIND, line.kind)
    return [one for one in map(with_periods, rows) if not violated(line, one)]


def with_periods(row: Record) -> Offering:
    """Return an offering from a row with its capacity as JSON."""
    values = dict(row)
    periods = msgspec.json.decode(values.pop("periods"), type=list[tuple[date, date, int, int]])
    return _offering(values, [_CapacityRow(*period) for period in periods])


async def available(tx: Tx, today: date) -> list[Offering]:
    """List the available offerings with capacity left, at most `AVAILABLE_MAX`, longest available first."""
    rows = await tx.fetch(
        """
        SELECT offering.*, (
            SELECT json_agg(json_build_array(starts, ends, units, taken) ORDER BY starts) FROM capacity
            WHERE capacity.offering_id = offering.offering_id) AS periods
        FROM offering WHERE shown_status(offering_id, status, $1) = 'available'
        ORDER BY available_since, offering_id LIMIT $2
        """,
        today,
        AVAILABLE_MAX,
    )
    return [with_periods(row) for row in rows]


async def currencies_lacking(tx: Tx) -> list[str]:
    """List the currencies of the funding gaps of available offerings."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT funding_currency FROM offering WHERE status = 'available' AND funding_currency IS NOT NULL
        ORDER BY funding_currency
        """
    )
    return [row["funding_currency"] for row in rows]


async def past_validity(tx: Tx, today: date) -> list[UUID]:
    """List the offerings past their validity that have not lapsed yet."""
    rows = await tx.fetch(
        """
        SELECT offering_id FROM offering
        WHERE valid_until < $1 AND status IN ('submitted', 'returned', 'available', 'suspended')
        ORDER BY valid_until LIMIT $2
        """,
        today,
        LAPSES_MAX,
    )
    return [row["offering_id"] for row in rows]


async def to_remind(tx: Tx, now: datetime) -> list[Offering]:
    """List the offerings whose providers are to be reminded, locked; skip those that others locked."""
    rows = await tx.fetch(
        """
        SELECT offering.*, (
            SELECT coalesce(json_agg(json_build_array(starts, ends, units, taken) ORDER BY starts), '[]') FROM capacity
            WHERE capacity.offering_id = offering.offering_id) AS periods
        FROM offering WHERE remind_at <= $1 ORDER BY remind_at LIMIT $2 FOR NO KEY UPDATE OF offering SKIP LOCKED
        """,
        now,
        REMINDED_MAX,
    )
    return [with_periods(row) for row in rows]


async def available_since(tx: Tx, since: datetime, until: datetime) -> list[UUID]:
    """List the offerings that became available after `since` and not after `until`, and still are."""
    rows = await tx.fetch(
        """
        SELECT offering_id FROM offering WHERE status = 'available' AND available_since > $1 AND available_since <= $2
        """,
        since,
        until,
    )
    return [row["offering_id"] for row in rows]
