"""Rows of reports. Reads for a caller apply `may_see`, the policy in SQL, in their WHERE clause."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.refusals import Missing
from contracts.values import Caller, Language
from services.reports.annual.counting import ReportFigures
from services.reports.annual.model import Report, ReportStatus

LIST_MAX = 100


async def get(tx: Tx, report_id: UUID, caller: Caller) -> Report:
    """Return the report. Raises Missing unless the caller may see it."""
    row = await tx.fetchrow(
        "SELECT * FROM report WHERE report_id = $1 AND sees_report(state, status, $2, $3)",
        report_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return report_of(row)


async def page(
    tx: Tx,
    caller: Caller,
    *,
    state: str | None = None,
    conference: bool = False,
    year: int | None = None,
    status: ReportStatus | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[Report]:
    """List reports that the caller may see, newest first."""
    rows = await tx.fetch(
        """
        SELECT * FROM report
        WHERE sees_report(state, status, $1, $2) AND ($3::text IS NULL OR state = $3) AND (NOT $4 OR state IS NULL)
          AND ($5::integer IS NULL OR year = $5) AND ($6::text IS NULL OR status = $6)
          AND ($7::uuid IS NULL OR report_id < $7)
        ORDER BY report_id DESC LIMIT $8
        """,
        caller.organization,
        caller.role,
        state,
        conference,
        year,
        status,
        before,
        limit,
    )
    return [report_of(row) for row in rows]


async def get_as_service(tx: Tx, report_id: UUID) -> Report | None:
    """Return the report, read as the service and locked until the transaction ends."""
    row = await tx.fetchrow("SELECT * FROM report WHERE report_id = $1 FOR UPDATE", report_id)
    return report_of(row) if row else None


async def of_year(tx: Tx, state: str | None, year: int) -> list[Report]:
    """List all versions of a State and year, the latest first; lock them against other writers until `tx` ends."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('reports of ' || $1::text, 0))", f"{state or ''} {year}"
    )
    rows = await tx.fetch(
        "SELECT * FROM report WHERE state IS NOT DISTINCT FROM $1 AND year = $2 ORDER BY number DESC FOR UPDATE",
        state,
        year,
    )
    return [report_of(row) for row in rows]


_SAVE = Write(
    parts={
        "report_saved": """
            INSERT INTO report SELECT * FROM json_populate_record(NULL::report, $1::text::json)
            ON CONFLICT (report_id) DO UPDATE SET as_of = excluded.as_of, status = excluded.status,
                revision = excluded.revision, figures_hash = excluded.figures_hash, blocks = excluded.blocks,
                issued_at = excluded.issued_at, superseded_at = excluded.superseded_at,
                superseded_by = excluded.superseded_by
        """
    }
)


async def save(tx: Tx, report: Report) -> None:
    await tx.queue(_SAVE, msgspec.json.encode(report).decode())


_SAVE_FIGURES = Write(
    parts={
        "report_figures_saved": """
            INSERT INTO report_figures (report_id, figures_hash, figures) VALUES ($1, $2, $3)
            ON CONFLICT (report_id) DO UPDATE SET figures_hash = excluded.figures_hash, figures = excluded.figures
        """
    }
)


async def save_figures(tx: Tx, report_id: UUID, figures_hash: str, figures: bytes) -> None:
    await tx.queue(_SAVE_FIGURES, report_id, figures_hash, figures.decode())


async def figures_of(tx: Tx, report_id: UUID) -> ReportFigures:
    found = await tx.fetchval("SELECT figures FROM report_figures WHERE report_id = $1", report_id)
    return msgspec.json.decode(found, type=ReportFigures)


class Words(NamedTuple):
    """The text of a block in one language, with the salt of its hash."""

    block: str
    language: Language
    salt: bytes
    text: str


_SAVE_TEXTS = Write(
    parts={
        "report_texts_saved": """
            INSERT INTO report_text (report_id, block, language, salt, text)
            SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bytea[], $5::text[])
            ON CONFLICT (report_id, block, language) DO UPDATE SET salt = excluded.salt, text = excluded.text
        """
    }
)
_DELETE_TEXT = Write(
    parts={
        "report_text_deleted": "DELETE FROM report_text WHERE report_id = $1 AND block = $2 AND language = $3",
    }
)


async def save_texts(tx: Tx, report_id: UUID, words: Iterable[Words]) -> None:
    found: Sequence[Words] = list(words)
    await tx.queue(
        _SAVE_TEXTS,
        report_id,
        [one.block for one in found],
        [one.language for one in found],
        [one.salt for one in found],
        [one.text for one in found],
    )


async def delete_text(tx: Tx, report_id: UUID, block: str, language: Language) -> None:
    await tx.queue(_DELETE_TEXT, report_id, block, language)


async def texts_of(tx: Tx, report_id: UUID) -> dict[tuple[str, Language], str]:
    rows = await tx.fetch("SELECT block, language, text FROM report_text WHERE report_id = $1", report_id)
    return {(row["block"], Language(row["language"])): row["text"] for row in rows}


def report_of(row: Record) -> Report:
    """Convert a row of `report` to a report."""
    values = dict(row)
    return msgspec.convert(values | {"blocks": msgspec.json.decode(values["blocks"])}, Report)
