"""Routes that file many offerings at once, from a spreadsheet."""

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
from services.matching import policy
from services.matching.commands import OfferingBody
from services.matching.offerings import actions as offering_actions
from services.matching.offerings import model
from services.matching.offerings import store as offering_store
from services.matching.policy import Action

LAYOUT = Layout(OfferingBody, key="offering", items="capacity")


@post(
    "/v1/offerings/import",
    opt=requires(Action.OFFER) | TAKES_TABLE,
    summary="Offer assistance from a spreadsheet",
    responses={200: ResponseSpec(TableImport, generate_examples=False, description="What the import would do")},
)
async def import_offerings(
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
    """The body is XLSX or CSV with the columns of the template.

    Rows with the same `offering` are one offering, each with a period of its capacity. With `dry_run` nothing is
    stored, and each rejected row is listed with its reasons. Otherwise the rows named by `rows` become drafts, or are
    submitted with `submit`. `rows` is a list such as `2-5,9`, or `all`, which is refused (422) if one row is rejected.
    """
    policy.decide(caller, Action.OFFER).required()
    ctx = Context(caller=caller, now=now, expected=0)
    records = await asyncio.to_thread(_checked, upload.file, ctx, submit)

    async def file(tx: Tx, offering_id: UUID, record: Record) -> None:
        content, texts, salt = decoded(LAYOUT, record).content()
        await offering_actions.create(tx, ctx, offering_id, content, texts, salt, submit=submit)

    return await import_rows(
        db,
        command,
        records,
        language_of(accept_language),
        dry_run=dry_run,
        rows=rows,
        submit=submit,
        file=file,
        existing=lambda tx, ids: offering_store.existing(tx, caller, ids),
        location="/v1/offerings",
    )


@get(
    "/v1/offerings/import/template",
    opt=requires(Action.OFFER) | {"also": {CSV_TYPE: {}}},
    media_type=XLSX_TYPE,
    summary="The template of an import of offerings",
)
async def offering_template(
    caller: CurrentCaller,
    now: Now,
    language: FromQuery[Language] = Language.EN,
    format: FromQuery[TableFormat] = TableFormat.XLSX,
) -> Download:
    """The template has titles in one of the six languages and, in a second sheet, the allowed codes with labels."""
    policy.decide(caller, Action.OFFER).required()
    return await download(LAYOUT, format, language, name="offerings", created_at=now)


def _checked(file: BinaryIO, ctx: Context, submit: bool) -> Sequence[Record]:
    records = records_of(LAYOUT, read_rows(file, LAYOUT.is_title))
    for record in records:
        if not record.errors:
            check(LAYOUT, record, partial(_offer, decoded(LAYOUT, record), ctx, submit))
    return records


def _offer(body: OfferingBody, ctx: Context, submit: bool) -> None:
    """Raise the refusals of the route for a single offering."""
    content, _, _ = body.content()
    begin = model.offer if submit else model.draft
    begin(UUID(int=0), ctx.caller.organization, content, now=ctx.now)


ROUTES = [import_offerings, offering_template]
