"""Tables to download: CSV (RFC 4180, UTF-8) and a spreadsheet (Office Open XML).

Text stays text in every program that opens the file. CSV has no cell types, so an apostrophe is put before text that a
spreadsheet would run as a formula; the spreadsheet file writes it as text. A program that separates by `;` or by tabs
finds other cells in the same CSV file; these get an apostrophe as well.
"""

import asyncio
import csv
import hashlib
import io
import re
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from chassis.http.downloads import Download
from chassis.sheets.templates import RIGHT_TO_LEFT, WIDTH, TableFormat
from contracts.values import Language

FORMULA_START = re.compile(r"""(?:\A|(?<=[,;\t\r\n]))(?="*[=+\-@＝＋－＠])|\A(?=[\t\r\n])""")
"""The position before anything that a spreadsheet may take for a formula.

This is one of these signs at the beginning of a cell, for every separator, and therefore also inside a text after a
separator or line end. It includes the full-width forms used in East Asia; quotation marks before the sign are skipped,
since readers drop them. See OWASP, CSV injection.
"""

TEXT_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}

Cell = str | int | datetime | None


class Table(Struct, frozen=True, kw_only=True):
    """Headings and rows in one language; times are in UTC."""

    name: str
    language: Language
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def escape_formula(text: str) -> str:
    """Return the text for CSV, with an apostrophe before each formula."""
    return FORMULA_START.sub("'", text)


async def table_download(table: Table, of: TableFormat, *, created_at: datetime) -> Download:
    content = await asyncio.to_thread(_written, table, of, created_at)
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    named = f"{table.name}-{table.language}.{of}"
    return Download(
        io.BytesIO(content),
        name=named,
        size_bytes=len(content),
        etag=etag,
        media_type=of.media_type,
        language=table.language,
    )


def _written(table: Table, of: TableFormat, created_at: datetime) -> bytes:
    return xlsx_of(table, created_at=created_at) if of is TableFormat.XLSX else csv_of(table)


def csv_of(table: Table) -> bytes:
    """Write a table as CSV with a byte order mark, without which Excel assumes another encoding."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.headings)
    writer.writerows([_csv_cell(cell) for cell in row] for row in table.rows)
    return text.getvalue().encode("utf-8-sig")


def _csv_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, int):
        return str(cell)
    return cell.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(cell, datetime) else escape_formula(cell)


def xlsx_of(table: Table, *, created_at: datetime) -> bytes:
    # Imported here, because a process that makes no spreadsheet does not need it.
    import xlsxwriter

    file = io.BytesIO()
    with xlsxwriter.Workbook(file, TEXT_OPTIONS) as book:
        book.set_properties({"created": created_at.replace(tzinfo=None)})
        sheet = book.add_worksheet(table.name)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(table.headings) - 1, WIDTH)
        heading = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        time = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for column, title in enumerate(table.headings):
            sheet.write_string(0, column, title, heading)
        for number, row in enumerate(table.rows, 1):
            for column, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(number, column, cell.replace(tzinfo=None), time)
                elif isinstance(cell, int):
                    sheet.write_number(number, column, cell)
                elif cell:
                    sheet.write_string(number, column, cell)
        if table.language in RIGHT_TO_LEFT:
            sheet.right_to_left()
    return file.getvalue()
