"""Actions on reports: load for the caller, decide, save, announce. The edge opens the transaction."""

import hashlib
from datetime import date
from uuid import UUID

import msgspec

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce, announce_all
from chassis.texts import hash_texts
from contracts.facts import Event, Fact
from contracts.refusals import Conflict
from contracts.registry import decode_fact
from contracts.values import Language
from services.reports import policy
from services.reports.annual import model, store
from services.reports.annual.counting import ReportFigures
from services.reports.annual.drawing_actions import draw
from services.reports.annual.evolve import evolve
from services.reports.annual.model import Report, ReportStatus
from services.reports.annual.store import Words
from services.reports.figures.counting import ReadCells
from services.reports.policy import Action


async def draft(tx: Tx, ctx: Context, report_id: UUID, year: int, as_of: date, read: ReadCells) -> None:
    """Draft a report from the figures as of a day, with the texts of the last version. Raises Conflict, Invalid."""
    policy.decide(ctx.caller, Action.DRAFT_REPORT).required()
    state = policy.reported_state(ctx.caller)
    model.check_day(year, as_of, today=ctx.today)
    drawn, figures_hash = _encoded(await draw(tx, state, as_of, read))
    async with tx.as_service():
        versions = await store.of_year(tx, state, year)
        if any(one.status is ReportStatus.DRAFT for one in versions):
            raise Conflict("report-draft-exists")
        fact = model.draft(report_id, state, year, len(versions) + 1, as_of, figures_hash, now=ctx.now)
        report = await _save(tx, None, fact)
        await store.save_figures(tx, report_id, figures_hash, drawn)
        if versions:
            await _copy_texts(tx, ctx, report, versions[0])


async def write(tx: Tx, ctx: Context, report_id: UUID, block: str, language: Language, text: str) -> None:
    """Write or replace the text of a block in one language. Raises Missing, Forbidden, Stale, Conflict, Invalid."""
    await _visible(tx, ctx, report_id, Action.REVISE_REPORT)
    salt, texts_hash = hash_texts(text)
    async with tx.as_service():
        before = await _locked(tx, ctx, report_id)
        await _save(tx, before, before.write(block, language, texts_hash, now=ctx.now))
        await store.save_texts(tx, report_id, [Words(block, language, salt, text)])


async def remove(tx: Tx, ctx: Context, report_id: UUID, block: str, language: Language) -> None:
    """Remove the text of a block in one language. Raises Missing, Forbidden, Stale, Conflict, Invalid."""
    await _visible(tx, ctx, report_id, Action.REVISE_REPORT)
    async with tx.as_service():
        before = await _locked(tx, ctx, report_id)
        await _save(tx, before, before.remove(block, language, now=ctx.now))
        await store.delete_text(tx, report_id, block, language)


async def refresh(tx: Tx, ctx: Context, report_id: UUID, as_of: date, read: ReadCells) -> None:
    """Draw the figures of a draft again, as of a day. Raises Missing, Forbidden, Stale, Conflict, Invalid."""
    report = await _visible(tx, ctx, report_id, Action.REVISE_REPORT)
    model.check_day(report.year, as_of, today=ctx.today)
    drawn, figures_hash = _encoded(await draw(tx, report.state, as_of, read))
    async with tx.as_service():
        before = await _locked(tx, ctx, report_id)
        await _save(tx, before, before.refresh(as_of, figures_hash, now=ctx.now))
        await store.save_figures(tx, report_id, figures_hash, drawn)


async def issue(tx: Tx, ctx: Context, report_id: UUID) -> None:
    """Issue a draft; the version that was valid is superseded. Raises Missing, Forbidden, Stale, Conflict."""
    report = await _visible(tx, ctx, report_id, Action.ISSUE_REPORT)
    async with tx.as_service():
        versions = await store.of_year(tx, report.state, report.year)
        before = await _locked(tx, ctx, report_id)
        fact = before.issue(now=ctx.now)
        for valid in versions:
            if valid.status is ReportStatus.ISSUED:
                await _save(tx, valid, valid.supersede(report_id, now=ctx.now))
        await _save(tx, before, fact)


async def rebuild(tx: Tx, event: Event) -> None:
    """Fold one fact of the service's journal into the tables, like the action that announced it."""
    fact = decode_fact(event)
    assert fact is not None, "the own journal contains known facts only"
    await store.save(tx, evolve(await store.get_as_service(tx, event.aggregate_id), fact))


async def _visible(tx: Tx, ctx: Context, report_id: UUID, action: Action) -> Report:
    report = await store.get(tx, report_id, ctx.caller)
    policy.decide(ctx.caller, action, report).required()
    return report


async def _locked(tx: Tx, ctx: Context, report_id: UUID) -> Report:
    before = await store.get_as_service(tx, report_id)
    assert before is not None, "it has just been read"
    check_revision(before.revision, ctx.expected)
    return before


async def _save(tx: Tx, before: Report | None, fact: Fact) -> Report:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision)
    return after


async def _copy_texts(tx: Tx, ctx: Context, report: Report, last: Report) -> None:
    """Copy the texts of the last version to a new draft, each block first in its source language."""
    words = await store.texts_of(tx, last.report_id)
    copies: list[Words] = []
    facts: list[tuple[Fact, int]] = []
    for block, versions in last.blocks.items():
        hashes: dict[Language, str] = {}
        for language in sorted(versions, key=lambda one: not model.is_source(versions[one], one)):
            salt, hashes[language] = hash_texts(words[block, language])
            copies.append(Words(block, language, salt, words[block, language]))
            fact = report.copied(block, language, versions, hashes, now=ctx.now)
            report = evolve(report, fact)
            facts.append((fact, report.revision))
    if facts:
        await store.save(tx, report)
        await announce_all(tx, facts)
        await store.save_texts(tx, report.report_id, copies)


def _encoded(figures: ReportFigures) -> tuple[bytes, str]:
    """Return the figures as they are stored, and their hash."""
    encoded = msgspec.json.encode(figures, order="deterministic")
    return encoded, hashlib.sha256(encoded).hexdigest()
