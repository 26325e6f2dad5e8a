"""Queries on the register. Each read for a caller is filtered by `may_see`, the policy in SQL."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.facts import Fact
from contracts.legislation import LegislationStatus
from contracts.refusals import Missing
from contracts.values import Caller, Language, Role
from services.sherloc import policy
from services.sherloc.legislation.cells import Cell
from services.sherloc.legislation.freshness import Tally
from services.sherloc.legislation.model import Legislation, LegislationTexts

LIST_MAX = 200
VERSIONS_MAX = 200


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a record after a fact; `move` is the last part of the fact's name."""

    revision: int
    move: str
    status: LegislationStatus
    texts_revision: int
    language: Language | None
    in_force_on: date | None
    changed_at: datetime
    last_verified_at: datetime | None
    last_verified_by: Role | None
    reason: str | None


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Filter of a list of records. `verified_before` also selects records that were never verified."""

    state: str | None = None
    instrument: str | None = None
    article: str | None = None
    status: LegislationStatus | None = None
    verified_before: datetime | None = None


async def get(tx: Tx, legislation_id: UUID, caller: Caller) -> Legislation:
    """Return the record. Raises Missing unless this caller may see it."""
    row = await tx.fetchrow(
        "SELECT * FROM legislation WHERE legislation_id = $1 AND may_see_legislation(state, portal_status, $2, $3)",
        legislation_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return (await _as_read_by(tx, caller, [row]))[0]


async def page(tx: Tx, caller: Caller, wanted: Filter, *, before: Cell | None, limit: int) -> list[Legislation]:
    """List the records that this caller may see, by State and article, after a cell."""
    rows = await tx.fetch(
        """
        SELECT * FROM legislation
        WHERE may_see_legislation(state, portal_status, $1, $2) AND ($3::text IS NULL OR state = $3)
          AND ($4::text IS NULL OR instrument = $4) AND ($5::text IS NULL OR article = $5)
          AND ($6::text IS NULL OR $6 = CASE WHEN is_party_to(state, $1, $2) THEN status ELSE portal_status END)
          AND ($7::timestamptz IS NULL OR last_verified_at IS NULL OR last_verified_at < $7)
          AND ($8::text IS NULL OR (state, place_of(article)) > ($8, $9::integer))
        ORDER BY state, place_of(article) LIMIT $10
        """,
        caller.organization,
        caller.role,
        wanted.state,
        wanted.instrument,
        wanted.article,
        wanted.status,
        wanted.verified_before,
        before.state if before else None,
        before.place if before else None,
        limit,
    )
    return await _as_read_by(tx, caller, rows)


async def _as_read_by(tx: Tx, caller: Caller | None, rows: Sequence[Record]) -> list[Legislation]:
    """Convert rows into records; for others than the State and UNODC (`caller` None: the public) as published."""
    found = [legislation_of(row) for row in rows]
    others = [one for one in found if caller is None or not policy.is_party_to(caller, one.state)]
    published = await tx.fetch(
        """
        SELECT legislation_id, texts_revision, language, in_force_on
        FROM legislation_version JOIN unnest($1::uuid[], $2::integer[]) AS given(legislation_id, revision)
            USING (legislation_id, revision)
        """,
        [one.legislation_id for one in others],
        [one.portal_revision for one in others],
    )
    read = {row["legislation_id"]: dict(row) for row in published}
    shown = {
        one.legislation_id: msgspec.convert(
            msgspec.structs.asdict(one) | read[one.legislation_id] | {"status": one.portal_status, "reason": None},
            Legislation,
        )
        for one in others
    }
    return [shown.get(one.legislation_id, one) for one in found]


async def recorded_of(tx: Tx, caller: Caller, cells: Sequence[Cell]) -> Collection[Cell]:
    """Return those of these cells that have a record which this caller may see."""
    rows = await tx.fetch(
        """
        SELECT state, place_of(article) AS place
        FROM legislation JOIN unnest($3::text[], $4::text[]) AS cell(state, article) USING (state, article)
        WHERE may_see_legislation(state, portal_status, $1, $2)
        """,
        caller.organization,
        caller.role,
        [cell.state for cell in cells],
        [cell.article for cell in cells],
    )
    return {Cell(row["state"], row["place"]) for row in rows}


async def tallies(tx: Tx, caller: Caller, *, state: str | None, verified_before: datetime) -> list[Tally]:
    """Count the records that this caller may see, by State and status."""
    rows = await tx.fetch(
        """
        SELECT state, CASE WHEN is_party_to(state, $1, $2) THEN status ELSE portal_status END AS status,
            count(*) AS articles, max(last_verified_at) AS last_verified_at,
            count(*) FILTER (WHERE last_verified_at IS NULL OR last_verified_at < $4) AS unverified
        FROM legislation WHERE may_see_legislation(state, portal_status, $1, $2) AND ($3::text IS NULL OR state = $3)
        GROUP BY 1, 2
        """,
        caller.organization,
        caller.role,
        state,
        verified_before,
    )
    return [msgspec.convert(dict(row), Tally) for row in rows]


async def lacking_of(tx: Tx, caller: Caller, *, state: str | None) -> list[Legislation]:
    """List all records of States whose unpublished records this caller may see."""
    rows = await tx.fetch(
        "SELECT * FROM legislation WHERE is_party_to(state, $1, $2) AND ($3::text IS NULL OR state = $3)",
        caller.organization,
        caller.role,
        state,
    )
    return [legislation_of(row) for row in rows]


async def lock(tx: Tx, legislation_id: UUID) -> None:
    """Prevent other transactions from creating the record until this one ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))", str(legislation_id))


async def get_as_service(tx: Tx, legislation_id: UUID) -> Legislation | None:
    """Return the record for the service itself, or None, and lock it until the transaction ends."""
    row = await tx.fetchrow("SELECT * FROM legislation WHERE legislation_id = $1 FOR UPDATE", legislation_id)
    return legislation_of(row) if row else None


async def published_of(tx: Tx, state: str) -> list[Legislation]:
    """List a State's records that are on SHERLOC, for the service itself, and lock them until the transaction ends."""
    rows = await tx.fetch(
        """
        SELECT * FROM legislation WHERE state = $1 AND status IN ('published', 'verified')
        ORDER BY place_of(article) FOR UPDATE
        """,
        state,
    )
    return [legislation_of(row) for row in rows]


async def public(tx: Tx, *, limit: int) -> list[Legislation]:
    """List the public records, by State and article."""
    rows = await tx.fetch(
        "SELECT * FROM legislation WHERE portal_status IS NOT NULL ORDER BY state, place_of(article) LIMIT $1", limit
    )
    return await _as_read_by(tx, None, rows)


_SAVE = Write(
    parts={
        "legislation_saved": """
            INSERT INTO legislation SELECT * FROM json_populate_record(NULL::legislation, $1::text::json)
            ON CONFLICT (legislation_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                texts_revision = excluded.texts_revision, language = excluded.language,
                in_force_on = excluded.in_force_on, changed_at = excluded.changed_at,
                published_at = excluded.published_at, last_verified_at = excluded.last_verified_at,
                last_verified_by = excluded.last_verified_by, reason = excluded.reason,
                portal_status = excluded.portal_status, portal_revision = excluded.portal_revision
        """,
        "legislation_version_saved": """
            INSERT INTO legislation_version (legislation_id, revision, move, status, texts_revision, language,
                in_force_on, changed_at, last_verified_at, last_verified_by, reason)
            SELECT legislation_id, revision, $2, status, texts_revision, language, in_force_on, changed_at,
                last_verified_at, last_verified_by, reason
            FROM json_populate_record(NULL::legislation, $1::text::json)
        """,
    }
)


async def save(tx: Tx, record: Legislation, fact: Fact) -> None:
    """Save the record and its version, after a fact."""
    await tx.queue(_SAVE, msgspec.json.encode(record).decode(), fact.type.split(".")[2])


_SAVE_TEXTS = Write(
    parts={
        "legislation_texts": """
            INSERT INTO legislation_text (legislation_id, revision, salt, title, gazette, address, portal_address)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
        """
    }
)
_REMARK = Write(
    parts={"legislation_remark": "INSERT INTO remark (legislation_id, revision, comment) VALUES ($1, $2, $3)"}
)


async def save_texts(tx: Tx, record: Legislation, texts: LegislationTexts, salt: bytes) -> None:
    """Save the texts of this revision."""
    own = (texts.title, texts.gazette, texts.address, texts.portal_address)
    await tx.queue(_SAVE_TEXTS, record.legislation_id, record.revision, salt, *own)


async def save_comment(tx: Tx, record: Legislation, comment: str) -> None:
    """Save the comment on the move that led to this revision, if there is one."""
    if comment:
        await tx.queue(_REMARK, record.legislation_id, record.revision, comment)


async def texts_of(tx: Tx, revisions: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], LegislationTexts]:
    """Return the texts of these revisions, each given by id and revision."""
    rows = await tx.fetch(
        """
        SELECT legislation_id, revision, title, gazette, address, portal_address
        FROM legislation_text JOIN unnest($1::uuid[], $2::integer[]) AS given(legislation_id, revision)
            USING (legislation_id, revision)
        """,
        [legislation_id for legislation_id, _ in revisions],
        [revision for _, revision in revisions],
    )
    return {(row["legislation_id"], row["revision"]): msgspec.convert(dict(row), LegislationTexts) for row in rows}


async def comments_of(tx: Tx, legislation_ids: Sequence[UUID]) -> dict[tuple[UUID, int], str]:
    """Return the comments on moves by id and revision; row-level security hides those of other States."""
    rows = await tx.fetch(
        "SELECT legislation_id, revision, comment FROM remark WHERE legislation_id = ANY ($1::uuid[])", legislation_ids
    )
    return {(row["legislation_id"], row["revision"]): row["comment"] for row in rows}


async def versions(tx: Tx, legislation_id: UUID) -> list[Version]:
    """List the last versions, newest first. Row-level security hides other States' unpublished versions."""
    rows = await tx.fetch(
        """
        SELECT revision, move, status, texts_revision, language, in_force_on, changed_at, last_verified_at,
            last_verified_by, reason
        FROM legislation_version WHERE legislation_id = $1 ORDER BY revision DESC LIMIT $2
        """,
        legislation_id,
        VERSIONS_MAX,
    )
    return [msgspec.convert(dict(row), Version) for row in rows]


def legislation_of(row: Record) -> Legislation:
    """Convert a row of `legislation` into a record."""
    return msgspec.convert(dict(row), Legislation)
