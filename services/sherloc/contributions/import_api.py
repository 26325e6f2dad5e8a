"""Routes that draft many contributions from one spreadsheet."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import BinaryIO
from uuid import UUID

from litestar import Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromQuery

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, CurrentCommand, CurrentUpload, Db, Now, requires
from chassis.http.downloads import Download
from chassis.http.problems import language_of
from chassis.sheets.cells import CSV_TYPE, XLSX_TYPE, read_rows
from chassis.sheets.imports import ALL, TAKES_TABLE, AcceptLanguage, Rows, import_rows
from chassis.sheets.layout import Layout
from chassis.sheets.records import Record, check, decoded, records_of
from chassis.sheets.report import TableImport
from chassis.sheets.templates import TableFormat, download
from contracts.values import Language
from services.sherloc import policy
from services.sherloc.commands import DraftContribution
from services.sherloc.contributions import actions, model, store
from services.sherloc.contributions.evolve import evolve
from services.sherloc.policy import Action

LAYOUT = Layout(
    DraftContribution,
    key="contribution",
    items="",
    without={"comment"},
    titles={"kind": "contribution.kind", "outcome": "contribution.outcome", "text": "contribution.text"},
)


@post(
    "/v1/contributions/import",
    opt=requires(Action.IMPORT_CONTRIBUTIONS) | TAKES_TABLE,
    summary="Draft contributions from a spreadsheet",
    responses={200: ResponseSpec(TableImport, generate_examples=False, description="What the import would do")},
)
async def import_contributions(
    upload: CurrentUpload,
    db: Db,
    caller: CurrentCaller,
    command: CurrentCommand,
    now: Now,
    dry_run: FromQuery[bool] = False,
    rows: Rows = ALL,
    submit: FromQuery[bool] = False,
    accept_language: AcceptLanguage = None,
) -> Response[TableImport]:
    """Drafts contributions from XLSX or CSV with the columns of the template, one for each row.

    With `dry_run` nothing is stored, and each rejected row is listed with its reasons. Otherwise the chosen `rows`,
    such as `2-5,9`, become drafts of the caller's State; `all` is refused (422) if a row is rejected. `submit` also
    submits the drafts.
    """
    policy.decide(caller, Action.IMPORT_CONTRIBUTIONS).required()
    ctx = Context(caller=caller, now=now, expected=1)
    records = await asyncio.to_thread(_checked, upload.file, ctx, submit)
    return await import_rows(
        db,
        command,
        records,
        language_of(accept_language),
        dry_run=dry_run,
        rows=rows,
        submit=submit,
        file=lambda tx, contribution_id, record: _draft(tx, ctx, contribution_id, decoded(LAYOUT, record), submit),
        existing=lambda tx, ids: store.existing(tx, caller, ids),
        location="/v1/contributions",
    )


@get(
    "/v1/contributions/import/template",
    opt=requires(Action.IMPORT_CONTRIBUTIONS) | {"also": {CSV_TYPE: {}}},
    media_type=XLSX_TYPE,
    summary="The template of an import of contributions",
)
async def contribution_template(
    caller: CurrentCaller,
    now: Now,
    language: FromQuery[Language] = Language.EN,
    format: FromQuery[TableFormat] = TableFormat.XLSX,
) -> Download:
    """Returns titles in one of the six languages and, in a second sheet, the allowed codes with their labels."""
    policy.decide(caller, Action.IMPORT_CONTRIBUTIONS).required()
    return await download(LAYOUT, format, language, name="contributions", created_at=now)


def _checked(file: BinaryIO, ctx: Context, submit: bool) -> Sequence[Record]:
    records = records_of(LAYOUT, read_rows(file, LAYOUT.is_title))
    for record in records:
        if not record.errors:
            body = decoded(LAYOUT, record)
            check(LAYOUT, record, body.check, partial(_fits, body, ctx, submit))
    return records


def _fits(body: DraftContribution, ctx: Context, submit: bool) -> None:
    """Check a row as the routes for one contribution do."""
    content, texts = body.content()
    fact = model.draft(UUID(int=0), ctx.caller.organization, body.kind, content, texts, "", now=ctx.now)
    if submit:
        evolve(None, fact).submit(texts, now=ctx.now)


async def _draft(tx: Tx, ctx: Context, contribution_id: UUID, body: DraftContribution, submit: bool) -> None:
    await actions.draft_contribution(tx, ctx, contribution_id, body.kind, *body.content(), comment="")
    if submit:
        await actions.submit_contribution(tx, ctx, contribution_id, comment="")


ROUTES = [import_contributions, contribution_template]
