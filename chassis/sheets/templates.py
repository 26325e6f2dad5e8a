"""Spreadsheets to fill in: titles in one language, the allowed codes with their labels, and lists in the cells."""

import asyncio
import csv
import hashlib
import io
from datetime import datetime
from enum import StrEnum
from typing import Any

from chassis.http.downloads import Download
from chassis.sheets.cells import CSV_TYPE, ROWS_MAX, XLSX_TYPE
from chassis.sheets.layout import Column, Layout, ValueType
from contracts import reference
from contracts.values import Language

WIDTH = 22
RIGHT_TO_LEFT = {Language.AR}


class TableFormat(StrEnum):
    """The format of a table: a spreadsheet (Office Open XML), or CSV in UTF-8."""

    XLSX = "xlsx"
    CSV = "csv"

    @property
    def media_type(self) -> str:
        return XLSX_TYPE if self is TableFormat.XLSX else CSV_TYPE


async def download(layout: Layout, of: TableFormat, language: Language, *, name: str, created_at: datetime) -> Download:
    content = await asyncio.to_thread(template, layout, of, language, created_at=created_at)
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    named = f"{name}-{language}.{of}"
    return Download(io.BytesIO(content), name=named, size_bytes=len(content), etag=etag, media_type=of.media_type)


def template(layout: Layout, of: TableFormat, language: Language, *, created_at: datetime) -> bytes:
    return _xlsx(layout, language, created_at) if of is TableFormat.XLSX else _csv(layout, language)


def _csv(layout: Layout, language: Language) -> bytes:
    """Write the titles as CSV with a byte order mark, without which Excel assumes another encoding."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow([column.title(language) for column in layout.columns])
    return text.getvalue().encode("utf-8-sig")


def _xlsx(layout: Layout, language: Language, created_at: datetime) -> bytes:
    """Write a workbook: a sheet to fill in, and a sheet of codes. A cell for one code offers a list of labels."""
    # Imported here, because a process that makes no spreadsheet does not need it.
    import xlsxwriter

    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": created_at.replace(tzinfo=None)})
        heading = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        formats = {
            ValueType.DATE: book.add_format({"num_format": "yyyy-mm-dd"}),
            ValueType.INTEGER: book.add_format({"num_format": "0"}),
        }
        text = book.add_format({"num_format": "@"})
        table, codes = book.add_worksheet(), book.add_worksheet(reference.choices()["codes"].label(language)[:31])
        table.freeze_panes(1, 1)
        places = _write_codes(codes, layout, language, heading)
        for position, column in enumerate(layout.columns):
            table.set_column(position, position, WIDTH, formats.get(column.type, text))
            table.write_string(0, position, column.title(language), heading)
            rule = _rule(column, places.get(column.name), codes.get_name(), language)
            if rule:
                table.data_validation(1, position, ROWS_MAX, position, rule | {"ignore_blank": True})
        if language in RIGHT_TO_LEFT:
            table.right_to_left()
            codes.right_to_left()
    return file.getvalue()


def _write_codes(sheet: Any, layout: Layout, language: Language, heading: Any) -> dict[str, tuple[int, int]]:
    """Write two columns for each column with codes; return their places: the column, and the last row."""
    places: dict[str, tuple[int, int]] = {}
    for number, column in enumerate(one for one in layout.columns if one.type is ValueType.CODE):
        labels = column.labels()
        at = 2 * number
        sheet.set_column(at, at, WIDTH)
        sheet.set_column(at + 1, at + 1, 2 * WIDTH)
        sheet.write_string(0, at, column.title(language), heading)
        sheet.write_string(0, at + 1, reference.choices()["label"].label(language), heading)
        for row, (code, by_language) in enumerate(labels.items(), 1):
            sheet.write_string(row, at, code)
            sheet.write_string(row, at + 1, by_language[language])
        places[column.name] = at, len(labels)
    return places


def _rule(column: Column, place: tuple[int, int] | None, codes: str, language: Language) -> dict[str, Any] | None:
    """The validation of a cell: a list for a closed code list, or for yes and no; None for several values."""
    from xlsxwriter.utility import xl_range_abs

    if column.type is ValueType.FLAG:
        return {"validate": "list", "source": [reference.choices()[code].label(language) for code in ("yes", "no")]}
    if column.many or place is None or not column.closed:
        return None
    at, last = place
    return {"validate": "list", "source": f"='{codes}'!{xl_range_abs(1, at + 1, last, at + 1)}"}
