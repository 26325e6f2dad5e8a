"""Import a table: a dry run, or the chosen rows in one transaction, once per idempotency key."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Annotated
from uuid import UUID

from litestar import Response
from litestar.params import HeaderParameter, QueryParameter

from chassis.db.database import Database, Tx
from chassis.http.idempotency import Command, once
from chassis.http.uploads import takes_file
from chassis.sheets.cells import CSV_TYPE, FILE_BYTES_MAX, XLSX_TYPE
from chassis.sheets.records import Record
from chassis.sheets.report import TableImport, chosen, command_with, import_id, record_id, report
from contracts.values import END, Language

ALL = "all"
ROWS_SENT_MAX = 3000
TAKES_TABLE = takes_file(XLSX_TYPE, CSV_TYPE, bytes_max=FILE_BYTES_MAX)

Rows = Annotated[
    str, QueryParameter(pattern=r"^(all|\d{1,4}(-\d{1,4})?(,\d{1,4}(-\d{1,4})?)*)" + END, max_length=ROWS_SENT_MAX)
]
AcceptLanguage = Annotated[str | None, HeaderParameter(name="Accept-Language")]


async def import_rows(
    db: Database,
    command: Command,
    records: Sequence[Record],
    language: Language,
    *,
    dry_run: bool,
    rows: str,
    submit: bool,
    file: Callable[[Tx, UUID, Record], Awaitable[object]],
    existing: Callable[[Tx, Sequence[UUID]], Awaitable[Iterable[UUID]]],
    location: str,
) -> Response[TableImport]:
    """File the records of the chosen rows. For a repeat, report again those that `existing` finds."""
    if dry_run:
        return Response(report(records, language), status_code=200)
    taken = chosen(records, None if rows == ALL else rows, language)

    async def first(tx: Tx, outcome: UUID) -> TableImport:
        imported = {one.number: record_id(outcome, one.number) for one in taken}
        for one in taken:
            await file(tx, imported[one.number], one)
        return report(records, language, outcome, imported)

    async def again(tx: Tx, outcome: UUID) -> TableImport:
        ids = {record_id(outcome, one.number): one.number for one in taken}
        return report(records, language, outcome, {ids[one]: one for one in await existing(tx, list(ids))})

    answer = await once(db, command_with(command, rows, submit), import_id(), first=first, again=again)
    return Response(answer, status_code=201, headers={"Location": location})
