"""Fold facts into a report. Actions and the rebuild of the tables use the same function."""

from typing import Any

from msgspec.structs import replace

from contracts.facts import Fact
from contracts.reports import ReportDrafted, ReportIssued, ReportRevised, ReportSuperseded
from services.reports.annual.model import Report, ReportStatus, Texts, TextVersion


def evolve(report: Report | None, fact: Fact) -> Report:
    """Return the report after a fact."""
    if isinstance(fact, ReportDrafted):
        return Report(
            report_id=fact.report_id,
            state=fact.state,
            year=fact.year,
            number=fact.number,
            as_of=fact.as_of,
            status=ReportStatus.DRAFT,
            revision=1,
            figures_hash=fact.figures_hash,
            blocks={},
            drafted_at=fact.drafted_at,
        )
    assert report is not None, "a report begins when it is drafted"
    return replace(report, revision=report.revision + 1, **_changes(report, fact))


def _changes(report: Report, fact: Fact) -> dict[str, Any]:
    match fact:
        case ReportRevised():
            return _revised(report, fact)
        case ReportIssued():
            return {"status": ReportStatus.ISSUED, "issued_at": fact.issued_at}
        case ReportSuperseded():
            return {
                "status": ReportStatus.SUPERSEDED,
                "superseded_at": fact.superseded_at,
                "superseded_by": fact.superseded_by,
            }
    raise AssertionError(f"{fact.type} is not a report's fact")


def _revised(report: Report, fact: ReportRevised) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if fact.as_of is not None and fact.figures_hash is not None:
        changes |= {"as_of": fact.as_of, "figures_hash": fact.figures_hash}
    if fact.block is not None:
        changes["blocks"] = _with_text(report.blocks, fact)
    return changes


def _with_text(blocks: Texts, fact: ReportRevised) -> Texts:
    assert fact.block is not None
    assert fact.language is not None, "a text has a language"
    of_block = {language: one for language, one in blocks.get(fact.block, {}).items() if language is not fact.language}
    if fact.texts_hash and fact.source_language and fact.source_hash:
        of_block[fact.language] = TextVersion(
            source_language=fact.source_language, source_hash=fact.source_hash, texts_hash=fact.texts_hash
        )
    others = {block: texts for block, texts in blocks.items() if block != fact.block}
    return {**others, fact.block: of_block} if of_block else others
