"""Views of batches, and the rows that the portal takes over: as JSON, and as CSV with the same columns."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.sheets.tables import Table, csv_of
from contracts.contributions import CaseOutcome, ContributionKind, PortalChange, Rights
from contracts.conversion import from_attributes
from contracts.values import Language
from services.sherloc import policy
from services.sherloc.contributions import store as contribution_store
from services.sherloc.contributions.exports import store
from services.sherloc.contributions.exports.model import Export
from services.sherloc.contributions.model import BETWEEN_PARTIES, ContributionStatus, ContributionTexts, parties_of
from services.sherloc.policy import Action

_NO_TEXTS = ContributionTexts()


class ContributionExportView(Struct, frozen=True, kw_only=True):
    """A batch handed over to the portal; open until `confirmed_at`."""

    contribution_export_id: UUID
    revision: int
    contributions: int
    made_at: datetime
    confirmed_at: datetime | None


class ExportedContribution(Struct, frozen=True, kw_only=True):
    """A contribution as handed over.

    If it is to be removed, its texts are empty except `portal_address`; if it was withdrawn since, all are empty.
    """

    change: PortalChange
    contribution_id: UUID
    kind: ContributionKind
    state: str
    status: ContributionStatus
    language: Language
    title: str
    text: str
    articles: tuple[str, ...]
    rights: Rights
    court: str
    decided_on: date | None
    parties: tuple[str, ...]
    offence: str | None
    outcome: CaseOutcome | None
    authors: str
    address: str
    portal_address: str
    published_at: datetime | None
    superseded_by: UUID | None


class ExportedContributions(Struct, frozen=True, kw_only=True):
    """The contributions of a batch, at most 500, in their order."""

    contribution_export_id: UUID
    contributions: list[ExportedContribution]
    cursor: str | None = None


COLUMNS = ExportedContribution.__struct_fields__
"""Columns of the CSV file; docs/sherloc.md describes each."""


def export_view_of(export: Export) -> ContributionExportView:
    return from_attributes(ContributionExportView, export)


async def export_view(tx: Tx, ctx: Context, contribution_export_id: UUID) -> ContributionExportView:
    """Return a batch as this caller sees it. Raises Missing if this caller may not see it."""
    found = await store.get(tx, contribution_export_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_EXPORT, found).required()
    return export_view_of(found)


async def batch_of_call(tx: Tx, ctx: Context, contribution_export_id: UUID) -> ContributionExportView:
    """Return the batch that a call with this id returned: the last one made until then. Raises Missing."""
    policy.decide(ctx.caller, Action.MAKE_EXPORT).required()
    return export_view_of(await store.last_until(tx, contribution_export_id, ctx.caller))


async def exported(tx: Tx, ctx: Context, contribution_export_id: UUID) -> ExportedContributions:
    """Return the contributions of a batch that this caller may read. Raises Missing."""
    await export_view(tx, ctx, contribution_export_id)
    async with tx.as_service():
        rows = await store.rows_of(tx, contribution_export_id)
        texts = await contribution_store.texts_of(tx, [row.contribution.contribution_id for row in rows])
    return ExportedContributions(
        contribution_export_id=contribution_export_id,
        contributions=[_exported(row, texts.get(row.contribution.contribution_id, _NO_TEXTS)) for row in rows],
    )


def csv_of_rows(rows: Sequence[ExportedContribution]) -> bytes:
    """Encode the rows as CSV (RFC 4180) with a byte order mark. Semicolons separate several values of a cell."""
    cells = [[_cell(getattr(row, name)) for name in COLUMNS] for row in rows]
    return csv_of(Table(name="contributions", language=Language.EN, headings=COLUMNS, rows=cells))


def _exported(row: store.Row, texts: ContributionTexts) -> ExportedContribution:
    removed = row.change is PortalChange.REMOVE
    words = {
        name: "" if removed and name != "portal_address" else getattr(texts, name)
        for name in ContributionTexts.__struct_fields__
        if name != "parties"
    }
    parties = () if removed else parties_of(texts)
    return from_attributes(ExportedContribution, row.contribution, change=row.change, parties=parties, **words)


def _cell(value: object) -> str | datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return BETWEEN_PARTIES.join(value) if isinstance(value, tuple) else str(value)
