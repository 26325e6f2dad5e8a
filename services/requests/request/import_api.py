"""Routes that file many requests at once, from a spreadsheet."""

import asyncio
from collections.abc import Callable, Sequence
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
from contracts.values import Caller, Language, Role
from services.requests import policy
from services.requests.commands import FileOnBehalf, FileRequest, check_codes
from services.requests.policy import Action, Filing
from services.requests.request import actions, import_store, model
from services.requests.request.completeness import check_complete, in_order

_LISTS = {"excluded_providers": "countries"}
OWN = Layout(
    FileRequest,
    key="request",
    items="lines",
    without={"submit", "state", "from_request", "from_observations", "line_id"},
    lists=_LISTS,
)
ON_BEHALF = Layout(FileOnBehalf, key="request", items="lines", without={"line_id"}, lists=_LISTS)


@post(
    "/v1/requests/import",
    opt=requires(Action.IMPORT) | TAKES_TABLE,
    summary="File requests from a spreadsheet",
    responses={200: ResponseSpec(TableImport, generate_examples=False, description="What the import would do")},
)
async def import_requests(
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

    A row is a line, and rows with the same `request` are one request. With `dry_run` nothing is stored, and each
    rejected row is listed with its reasons. Otherwise `rows` are filed as drafts, such as `2-5,9`, or `all`, which is
    refused (422) if one is rejected. `submit` submits them, if the caller may. A coordinator files on behalf of the
    State of each row.
    """
    policy.decide(caller, Action.IMPORT).required()
    ctx, layout = Context(caller=caller, now=now, expected=0), layout_for(caller)
    if layout is OWN or submit:
        policy.decide(caller, Action.FILE, Filing(None, submit)).required()
    records = await asyncio.to_thread(_checked, upload.file, layout, ctx, submit)
    return await import_rows(
        db,
        command,
        records,
        language_of(accept_language),
        dry_run=dry_run,
        rows=rows,
        submit=submit,
        file=lambda tx, request_id, record: _file(tx, ctx, request_id, decoded(layout, record), submit=submit),
        existing=lambda tx, ids: import_store.existing(tx, caller, ids),
        location="/v1/requests",
    )


@get(
    "/v1/requests/import/template",
    opt=requires(Action.IMPORT) | {"also": {CSV_TYPE: {}}},
    media_type=XLSX_TYPE,
    summary="The template of an import of requests",
)
async def request_template(
    caller: CurrentCaller,
    now: Now,
    language: FromQuery[Language] = Language.EN,
    format: FromQuery[TableFormat] = TableFormat.XLSX,
) -> Download:
    """The titles are in one of the six languages; a second sheet has the allowed codes with their labels.

    A coordinator's template has the columns of a request on behalf of a State.
    """
    policy.decide(caller, Action.IMPORT).required()
    return await download(layout_for(caller), format, language, name="requests", created_at=now)


def layout_for(caller: Caller) -> Layout:
    return ON_BEHALF if caller.role is Role.COORDINATOR else OWN


def _checked(file: BinaryIO, layout: Layout, ctx: Context, submit: bool) -> Sequence[Record]:
    records = records_of(layout, read_rows(file, layout.is_title))
    for record in records:
        if not record.errors:
            check(layout, record, *_checks(decoded(layout, record), ctx, submit))
    return records


def _checks(body: FileRequest | FileOnBehalf, ctx: Context, submit: bool) -> Sequence[Callable[[], object]]:
    """Return the checks of the single route, each as a function of its own, so that all errors are found."""
    of_lines = [partial(check_codes, line, f"lines[{number}].") for number, line in enumerate(body.lines)]

    def filed() -> None:
        content, texts, _ = body.content()
        if isinstance(body, FileOnBehalf):
            body.check()
            model.file_on_behalf(UUID(int=0), body.state, content, body.channel, body.received_on, now=ctx.now)
        if submit:
            lines = in_order(content.lines, content.incomplete)
            check_complete(lines, content.circulation_rule, texts.title)

    return [*of_lines, filed]


async def _file(tx: Tx, ctx: Context, request_id: UUID, body: FileRequest | FileOnBehalf, *, submit: bool) -> None:
    content, texts, salt = body.content()
    if isinstance(body, FileOnBehalf):
        received = body.channel, body.received_on, body.received_reference
        await actions.file_on_behalf(tx, ctx, request_id, body.state, content, texts, salt, *received)
    else:
        await actions.file(tx, ctx, request_id, content, texts, salt, submit=submit)


ROUTES = [import_requests, request_template]
