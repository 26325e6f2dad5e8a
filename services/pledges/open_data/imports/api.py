"""Routes of imports of reported flows."""

import asyncio
from collections import Counter
from datetime import datetime
from functools import partial
from typing import Annotated, BinaryIO
from uuid import UUID

from litestar import Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, PathParameter, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Database, Tx
from chassis.http.application import CurrentCaller, CurrentCommand, CurrentUpload, Db, Now, requires
from chassis.http.commands import create, show
from chassis.http.idempotency import once
from chassis.http.pages import Pagination
from chassis.http.problems import language_of
from chassis.http.uploads import takes_file
from contracts.conversion import from_attributes
from contracts.reference.refusal_words import words_of
from contracts.values import Caller, Language
from services.pledges import policy
from services.pledges.commands import PledgeFlow
from services.pledges.dependencies import Dependencies, Owned
from services.pledges.ledger import record
from services.pledges.open_data.imports import actions as import_actions
from services.pledges.open_data.imports import iati as import_iati
from services.pledges.open_data.imports import model as import_rules
from services.pledges.open_data.imports import store as import_store
from services.pledges.open_data.imports.model import (
    IMPORT_BYTES_MAX,
    FlowImport,
    ImportFormat,
    RejectedRow,
    ReportedFlow,
    ValidatedRows,
)
from services.pledges.pledge import store
from services.pledges.pledge.earmarking import earmarked
from services.pledges.pledge.views import pledge_view
from services.pledges.policy import Action

AcceptLanguage = Annotated[str | None, HeaderParameter(name="Accept-Language")]


class Reason(Struct, frozen=True, kw_only=True):
    """A reason for rejections, in the language of `Accept-Language`, and the number of rows."""

    slug: str
    explanation: str
    rows: int


class ImportView(Struct, frozen=True, kw_only=True):
    """An import with every rejected row, ordered by line: at most 5,000. A dry run has no id."""

    import_id: UUID | None
    dry_run: bool
    format: ImportFormat
    file_hash: str
    rows: int
    accepted: int
    rejected: int
    reasons: tuple[Reason, ...]
    rejected_rows: tuple[RejectedRow, ...]
    recorded_at: datetime | None


class ImportPage(Struct, frozen=True, kw_only=True):
    """Imports, newest first; `cursor` leads to the next page."""

    imports: list[FlowImport]
    cursor: str | None


class ReportedPage(Struct, frozen=True, kw_only=True):
    """Flows as reported, in the order of their file; `cursor` leads to the next page."""

    flows: list[ReportedFlow]
    cursor: str | None


@post(
    "/v1/imports",
    opt=requires(Action.IMPORT_FLOWS)
    | takes_file("text/csv", "application/xml", "text/xml", bytes_max=IMPORT_BYTES_MAX),
    summary="Import a file of flows that others reported",
    responses={200: ResponseSpec(ImportView, generate_examples=False, description="What an import would do")},
)
async def import_flows(
    upload: CurrentUpload,
    db: Db,
    own: Owned,
    caller: CurrentCaller,
    command: CurrentCommand,
    now: Now,
    format: FromQuery[ImportFormat] = ImportFormat.FTS_CSV,
    dry_run: FromQuery[bool] = False,
    accept_language: AcceptLanguage = None,
) -> Response[ImportView]:
    """Requires the role `finance_officer` at UNODC.

    The body is the file itself: CSV with the columns of the Financial Tracking Service or, with `format=iati`, a
    donor's activity file. Rows are stored as reported, beside the ledger and not included in its totals; rejected rows
    are listed with the broken rule. With `dry_run` nothing is written.
    """
    policy.decide(caller, Action.IMPORT_FLOWS).required()
    language, file_hash = language_of(accept_language), upload.digest.hex()
    if format is ImportFormat.IATI:
        validated = await _validated_transactions(upload.file, db, own, caller, now)
    else:
        validated = await _validated_rows(upload.file, db, caller)
    if dry_run:
        return Response(_tried(validated, format, file_hash, language), status_code=200)

    async def keep(tx: Tx, import_id: UUID) -> ImportView:
        await import_actions.record_import(tx, import_id, validated, format, file_hash, now=now)
        return await _import(tx, import_id, caller, language)

    view = await once(db, command, first=keep, again=partial(_import, caller=caller, language=language))
    return Response(view, status_code=201, headers={"Location": f"/v1/imports/{view.import_id}"})


async def _validated_rows(file: BinaryIO, db: Database, caller: Caller) -> ValidatedRows:
    rows = await asyncio.to_thread(lambda: import_rules.read(file.read()))
    async with db.transaction(by=caller) as tx:
        known = await import_store.imported_before(tx, import_rules.ids(rows))
    return await asyncio.to_thread(import_rules.validate, rows, known)


async def _validated_transactions(
    file: BinaryIO, db: Database, own: Dependencies, caller: Caller, now: datetime
) -> ValidatedRows:
    rows = await asyncio.to_thread(lambda: import_iati.read(file.read()))
    async with db.transaction(by=caller) as tx:
        known = await import_store.imported_before(tx, [row.source_id for row in rows])
        rates = await import_actions.rates_of(tx, import_iati.rates_needed(rows, own.reporter), own.validity)
    validate = partial(import_iati.validate, reporter=own.reporter, rates=rates, validity=own.validity)
    return await asyncio.to_thread(validate, rows, known, until=record.latest_value_date(now))


@get("/v1/imports", opt=requires(Action.LIST_IMPORTS), summary="Imports of flows that others reported, newest first")
async def list_imports(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[ImportPage]:
    """Restricted to callers who may read the whole ledger."""
    async with db.transaction(by=caller) as tx:
        found = await import_store.imports(tx, caller, before=cursor, limit=limit + 1)
    return paging.page(ImportPage, found, limit)


@show("/v1/imports/{import_id:uuid}", Action.SHOW_IMPORT, "One import, with the rows it did not keep")
async def show_import(
    tx: Tx, ctx: Context, import_id: FromPath[UUID], accept_language: AcceptLanguage = None
) -> ImportView:
    return await _import(tx, import_id, ctx.caller, language_of(accept_language))


@get(
    "/v1/imports/{import_id:uuid}/flows",
    opt=requires(Action.SHOW_IMPORT),
    summary="The flows that an import kept, as they were reported",
)
async def list_imported_flows(
    import_id: FromPath[UUID],
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    cursor: Annotated[int, QueryParameter(ge=0, le=10**9)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[ReportedPage]:
    """The flows are not included in any total: the ledger has only its own entries."""
    async with db.transaction(by=caller) as tx:
        policy.decide(caller, Action.SHOW_IMPORT, await import_store.get(tx, import_id, caller)).required()
        found = await import_store.accepted(tx, import_id, after=cursor, limit=limit + 1)
    return paging.page(ReportedPage, found, limit, at=lambda last: str(last.line))


@create(
    "/v1/imports/{import_id:uuid}/flows/{line:int}/pledge",
    Action.PLEDGE_FLOW,
    "Record the pledge that an imported flow reports",
    read=pledge_view,
    location=lambda pledge: f"/v1/pledges/{pledge.pledge_id}",
)
async def pledge_flow(
    tx: Tx,
    ctx: Context,
    pledge_id: UUID,
    import_id: FromPath[UUID],
    line: Annotated[int, PathParameter(ge=1, le=10**9)],
    data: JSONBody[PledgeFlow],
    own: Owned,
) -> None:
    """Requires the role `finance_officer` at UNODC.

    Makes a pledge in the name of `donor`, who owns it from then on. Amount, value date and note are the flow's; the
    rate is UNODC's own rate in force on that day. A flow can become a pledge only once.
    """
    earmarking = earmarked(data.earmarking, for_requirement=False)
    await import_actions.pledge_flow(
        tx, ctx, pledge_id, import_id, line, data.fund, data.donor, earmarking, validity=own.validity
    )


async def _import(tx: Tx, import_id: UUID, caller: Caller, language: Language) -> ImportView:
    found = await import_store.get(tx, import_id, caller)
    policy.decide(caller, Action.SHOW_IMPORT, found).required()
    rejected = await import_store.rejected(tx, import_id)
    return from_attributes(
        ImportView, found, dry_run=False, reasons=_reasons(rejected, language), rejected_rows=rejected
    )


def _tried(validated: ValidatedRows, of: ImportFormat, file_hash: str, language: Language) -> ImportView:
    accepted, rejected = len(validated.accepted), len(validated.rejected)
    return ImportView(
        import_id=None,
        dry_run=True,
        format=of,
        file_hash=file_hash,
        rows=accepted + rejected,
        accepted=accepted,
        rejected=rejected,
        reasons=_reasons(validated.rejected, language),
        rejected_rows=validated.rejected,
        recorded_at=None,
    )


def _reasons(rejected: tuple[RejectedRow, ...], language: Language) -> tuple[Reason, ...]:
    """Return the reasons of the rejected rows, the most frequent first."""
    counted = Counter(row.slug for row in rejected)
    ordered = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    return tuple(Reason(slug=slug, explanation=words_of(slug, language), rows=rows) for slug, rows in ordered)


ROUTES = [import_flows, list_imports, show_import, list_imported_flows, pledge_flow]
