"""Views of reports."""

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.conversion import from_attributes
from contracts.values import Caller, Language
from services.reports import policy
from services.reports.annual import store
from services.reports.annual.counting import ReportFigures
from services.reports.annual.model import Report, ReportStatus, blocks, is_source, is_stale
from services.reports.policy import Action


class ReportText(Struct, frozen=True, kw_only=True):
    """The text of a block in one language; `stale` if the text in `source_language` was changed afterwards."""

    block: str
    language: Language
    source_language: Language
    stale: bool
    text: str


class ReportSummary(Struct, frozen=True, kw_only=True):
    """A report without its figures and texts. `state` is null for the report to the Conference."""

    report_id: UUID
    state: str | None
    year: int
    number: int
    as_of: date
    status: ReportStatus
    revision: int
    drafted_at: datetime
    issued_at: datetime | None
    superseded_at: datetime | None
    superseded_by: UUID | None
    moves: tuple[str, ...]


class ReportView(Struct, frozen=True, kw_only=True):
    """A report of a year: its figures as of a day, with small numbers of people suppressed, and its texts.

    `state` is null for the report to the Conference; `number` counts the versions of a State and year. Once it is
    `issued`, figures and texts do not change. `figures_hash` is the SHA-256 of the figures as stored.
    """

    report_id: UUID
    state: str | None
    year: int
    number: int
    as_of: date
    status: ReportStatus
    revision: int
    figures: ReportFigures
    figures_hash: str
    texts: tuple[ReportText, ...]
    drafted_at: datetime
    issued_at: datetime | None
    superseded_at: datetime | None
    superseded_by: UUID | None
    moves: tuple[str, ...]


def summary_of(report: Report, caller: Caller) -> ReportSummary:
    return from_attributes(ReportSummary, report, moves=policy.report_moves_open_to(caller, report))


async def report_view(tx: Tx, ctx: Context, report_id: UUID) -> ReportView:
    """Return the report for the caller. Raises Missing if the caller may not see it."""
    report = await store.get(tx, report_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_REPORT, report).required()
    return from_attributes(
        ReportView,
        report,
        figures=await store.figures_of(tx, report_id),
        texts=await texts_of(tx, report),
        moves=policy.report_moves_open_to(ctx.caller, report),
    )


async def texts_of(tx: Tx, report: Report) -> tuple[ReportText, ...]:
    """Return the report's texts in the order of the blocks, each block first in its source language."""
    words = await store.texts_of(tx, report.report_id)
    return tuple(
        ReportText(
            block=block,
            language=language,
            source_language=version.source_language,
            stale=is_stale(version, report.source_of(block)),
            text=words.get((block, language), ""),
        )
        for block in blocks()
        for language, version in sorted(
            report.blocks.get(block, {}).items(), key=lambda one: (not is_source(one[1], one[0]), one[0])
        )
    )
