"""Routes that import a table: a dry run, or the chosen rows in one transaction, once per idempotency key."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from enum import StrEnum
from typing import Annotated, Any, BinaryIO
from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromQuery, HeaderParameter, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, CurrentCommand, CurrentUpload, Db, Now, requires
from chassis.http.downloads import Download
from chassis.http.idempotency import once
from chassis.http.problems import language_of
from chassis.http.uploads import takes_file
from chassis.sheets.cells import CSV_TYPE, FILE_BYTES_MAX, XLSX_TYPE, read_rows
from chassis.sheets.layout import Layout
from chassis.sheets.records import Record, check, decoded, records_of
from chassis.sheets.report import TableImport, chosen, command_with, import_id, record_id, report
from chassis.sheets.templates import TableFormat, download
from contracts.decisions import Decision
from contracts.nouns import Read
from contracts.values import END, Caller, Language

ALL = "all"
ROWS_SENT_MAX = 3000
TAKES_TABLE = takes_file(XLSX_TYPE, CSV_TYPE, bytes_max=FILE_BYTES_MAX)

Rows = Annotated[
    str, QueryParameter(pattern=r"^(all|\d{1,4}(-\d{1,4})?(,\d{1,4}(-\d{1,4})?)*)" + END, max_length=ROWS_SENT_MAX)
]


class SheetImport(Struct, frozen=True, kw_only=True):
    """Records at `path` that are filed from a spreadsheet, each from the rows with one key.

    `file` files one record, and may submit it; its name and docstring are those of the route. `checks` returns the
    checks of the route of a single record, each as a function of its own, so that all errors are found. `decide` says
    whether the caller may import, and submit; `existing` returns those of the ids of records that the caller sees.
    """

    path: str
    action: StrEnum
    summary: str
    template: Read
    decide: Callable[[Caller, bool], Decision]
    layout: Callable[[Caller], Layout]
    checks: Callable[[Any, Context, bool], Sequence[Callable[[], object]]]
    file: Callable[[Tx, Context, UUID, Any, bool], Awaitable[None]]
    existing: Callable[[Tx, Caller, Sequence[UUID]], Awaitable[Iterable[UUID]]]


def routes(of: SheetImport) -> Sequence[HTTPRouteHandler]:
    """Return the handlers of the import, and of its template."""

    async def import_table(
        upload: CurrentUpload,
        db: Db,
        caller: CurrentCaller,
        command: CurrentCommand,
        now: Now,
        dry_run: FromQuery[bool] = False,
        rows: Rows = ALL,
        submit: FromQuery[bool] = False,
        accept_language: Annotated[str | None, HeaderParameter(name="Accept-Language")] = None,
    ) -> Response[TableImport]:
        of.decide(caller, submit).required()
        ctx, layout, language = Context(caller=caller, now=now), of.layout(caller), language_of(accept_language)
        records = await asyncio.to_thread(_checked, of, layout, upload.file, ctx, submit)
        if dry_run:
            return Response(report(records, language), status_code=200)
        taken = chosen(records, None if rows == ALL else rows, language)

        async def first(tx: Tx, outcome: UUID) -> TableImport:
            imported = {one.number: record_id(outcome, one.number) for one in taken}
            for one in taken:
                await of.file(tx, ctx, imported[one.number], decoded(layout, one), submit)
            return report(records, language, outcome, imported)

        async def again(tx: Tx, outcome: UUID) -> TableImport:
            ids = {record_id(outcome, one.number): one.number for one in taken}
            return report(
                records, language, outcome, {ids[one]: one for one in await of.existing(tx, caller, list(ids))}
            )

        answer = await once(db, command_with(command, rows, submit), import_id(), first=first, again=again)
        return Response(answer, status_code=201, headers={"Location": of.path})

    async def table_template(
        caller: CurrentCaller,
        now: Now,
        language: FromQuery[Language] = Language.EN,
        format: FromQuery[TableFormat] = TableFormat.XLSX,
    ) -> Download:
        of.decide(caller, False).required()
        return await download(of.layout(caller), format, language, name=of.path.rpartition("/")[2], created_at=now)

    import_table.__name__, import_table.__doc__ = of.file.__name__, of.file.__doc__
    table_template.__name__, table_template.__doc__ = of.template.name, of.template.description
    answer = ResponseSpec(TableImport, generate_examples=False, description="What the import would do")
    importing = requires(of.action) | TAKES_TABLE
    return [
        post(f"{of.path}/import", opt=importing, summary=of.summary, responses={200: answer})(import_table),
        get(
            f"{of.path}/import/template",
            opt=requires(of.action) | {"also": {CSV_TYPE: {}}},
            media_type=XLSX_TYPE,
            summary=of.template.summary,
        )(table_template),
    ]


def _checked(of: SheetImport, layout: Layout, file: BinaryIO, ctx: Context, submit: bool) -> Sequence[Record]:
    records = records_of(layout, read_rows(file, layout.is_title))
    for record in records:
        if not record.errors:
            check(layout, record, *of.checks(decoded(layout, record), ctx, submit))
    return records
