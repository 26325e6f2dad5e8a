"""A yearly report: figures as of a day, with texts by paragraph of the resolution. An issued report is final."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from contracts import reference
from contracts.codes import unknown_code
from contracts.refusals import Conflict, Invalid, Missing
from contracts.reports import ReportDrafted, ReportIssued, ReportRevised, ReportSuperseded
from contracts.values import Language

INTRODUCTION = "introduction"
REVISIONS_MAX = 5_000


class ReportStatus(StrEnum):
    """Statuses of a report. `superseded`: a later version was issued."""

    DRAFT = "draft"
    ISSUED = "issued"
    SUPERSEDED = "superseded"


_DRAFT = frozenset({ReportStatus.DRAFT})
MOVES: Mapping[str, frozenset[ReportStatus]] = {
    "revise_report": _DRAFT,
    "issue_report": _DRAFT,
    "supersede": frozenset({ReportStatus.ISSUED}),
}
"""Statuses in which each move is allowed."""


def blocks() -> tuple[str, ...]:
    """Return the blocks that can have a text: the introduction, and each paragraph of the resolution."""
    return (INTRODUCTION, *reference.paragraphs())


class TextVersion(Struct, frozen=True, kw_only=True):
    """The hash of a block's text in one language; the text is the source if that language is `source_language`."""

    source_language: Language
    source_hash: str
    texts_hash: str


Texts = Mapping[str, Mapping[Language, TextVersion]]
"""Texts by block and language."""


class Report(Struct, frozen=True, kw_only=True):
    """A report of a year, without its figures and texts. `state` is None for the report to the Conference."""

    report_id: UUID
    state: str | None
    year: int
    number: int
    as_of: date
    status: ReportStatus
    revision: int
    figures_hash: str
    blocks: Texts
    drafted_at: datetime
    issued_at: datetime | None = None
    superseded_at: datetime | None = None
    superseded_by: UUID | None = None

    def require(self, move: str) -> None:
        """Raise Conflict if the status does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("report-status", status=self.status, move=move)

    def source_of(self, block: str) -> TextVersion | None:
        """Return the text of the block in the language in which it was first written."""
        found = self.blocks.get(block, {})
        return next((one for language, one in found.items() if one.source_language is language), None)

    # -- decisions ----------------------------------------------------------------------------------------------------

    def write(self, block: str, language: Language, texts_hash: str, *, now: datetime) -> ReportRevised:
        """Write or replace a text in one language. The first language of a block is the source of its translations."""
        self._require_revisable(block)
        source = self.source_of(block)
        is_source = source is None or source.source_language is language
        return ReportRevised(
            **self._ids(),
            block=block,
            language=language,
            source_language=language if source is None else source.source_language,
            source_hash=texts_hash if is_source or source is None else source.texts_hash,
            texts_hash=texts_hash,
            revised_at=now,
        )

    def copied(
        self,
        block: str,
        language: Language,
        versions: Mapping[Language, TextVersion],
        hashes: Mapping[Language, str],
        *,
        now: datetime,
    ) -> ReportRevised:
        """Copy a text of the last version; a stale translation remains stale. The source has to be copied first."""
        version = versions[language]
        source = versions.get(version.source_language)
        is_stale_copy = source is None or is_stale(version, source)
        return ReportRevised(
            **self._ids(),
            block=block,
            language=language,
            source_language=version.source_language,
            source_hash=version.source_hash if is_stale_copy else hashes[version.source_language],
            texts_hash=hashes[language],
            revised_at=now,
        )

    def remove(self, block: str, language: Language, *, now: datetime) -> ReportRevised:
        """Remove a text. Raises Missing if there is no such text, Conflict for a source with translations."""
        self._require_revisable(block)
        found = self.blocks.get(block, {})
        if language not in found:
            raise Missing("not-found")
        if found[language].source_language is language and len(found) > 1:
            raise Conflict("report-text-translated")
        return ReportRevised(**self._ids(), block=block, language=language, revised_at=now)

    def refresh(self, as_of: date, figures_hash: str, *, now: datetime) -> ReportRevised:
        """Draw the figures again, as of a day."""
        self.require("revise_report")
        check_day(self.year, as_of, today=now.date())
        return ReportRevised(**self._ids(), as_of=as_of, figures_hash=figures_hash, revised_at=now)

    def issue(self, *, now: datetime) -> ReportIssued:
        self.require("issue_report")
        return ReportIssued(**self._ids(), as_of=self.as_of, figures_hash=self.figures_hash, issued_at=now)

    def supersede(self, by: UUID, *, now: datetime) -> ReportSuperseded:
        self.require("supersede")
        return ReportSuperseded(**self._ids(), superseded_by=by, superseded_at=now)

    def _require_revisable(self, block: str) -> None:
        if block not in blocks():
            raise unknown_code("block", block, blocks())
        self.require("revise_report")
        if self.revision >= REVISIONS_MAX:
            raise Conflict("report-revisions-exhausted")

    def _ids(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("report_id", "state", "year", "number")}


def draft(
    report_id: UUID, state: str | None, year: int, number: int, as_of: date, figures_hash: str, *, now: datetime
) -> ReportDrafted:
    check_day(year, as_of, today=now.date())
    return ReportDrafted(
        report_id=report_id,
        state=state,
        year=year,
        number=number,
        as_of=as_of,
        figures_hash=figures_hash,
        drafted_at=now,
    )


def check_day(year: int, as_of: date, *, today: date) -> None:
    """Raise Invalid for a day in the future, or in another year."""
    if as_of > today or as_of.year != year:
        raise Invalid("report-day", field="as_of", year=year)


def is_source(version: TextVersion, language: Language) -> bool:
    return version.source_language is language


def is_stale(version: TextVersion, source: TextVersion | None) -> bool:
    """Check whether the source was changed after this translation was made."""
    return source is not None and version.source_hash != source.texts_hash
