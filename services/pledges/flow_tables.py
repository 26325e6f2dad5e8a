"""Flows as files: CSV (RFC 4180, UTF-8 without a byte order mark) and a spreadsheet (Office Open XML).

What people wrote stays text in every program that opens the file. In CSV nothing says what a cell is, so that a text
that a spreadsheet would carry out as a formula gets an apostrophe before it; in a spreadsheet it is written as text.
"""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import xlsxwriter

from services.pledges.flows import COLUMNS, Amount, Cell, Flow, cells_of

CARRIED_OUT = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""With what a cell begins that a spreadsheet may take for a formula; the full-width forms as well, in East Asia."""

TEXT_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def csv_of(flows: Iterable[Flow]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([inert(cell) for cell in cells_of(flow)] for flow in flows)
    return text.getvalue().encode("utf-8")


def inert(cell: Cell) -> str:
    """The cell as CSV writes it: what is a number as it is, and no text that would be carried out."""
    if isinstance(cell, str) and cell.startswith(CARRIED_OUT):
        return f"'{cell}"
    return str(cell)


def xlsx_of(flows: Iterable[Flow], *, created_at: datetime) -> bytes:
    """One sheet. An amount is a number with the digits of its currency; all that is not an amount or a year is text."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, TEXT_OPTIONS) as book:
        book.set_properties({"created": created_at.replace(tzinfo=None)})
        sheet = book.add_worksheet("flows")
        sheet.freeze_panes(1, 0)
        heading = book.add_format({"bold": True})
        forms = {places: book.add_format({"num_format": _form(places)}) for places in range(5)}
        for column, name in enumerate(COLUMNS):
            sheet.write_string(0, column, name, heading)
        for row, flow in enumerate(flows, 1):
            for column, cell in enumerate(cells_of(flow)):
                match cell:
                    case str():
                        sheet.write_string(row, column, cell)
                    case int():
                        sheet.write_number(row, column, cell)
                    case Amount():
                        # A Decimal, which is written digit by digit: a float would round what it cannot say.
                        sheet.write_number(row, column, Decimal(str(cell)), forms[cell.places])
    return file.getvalue()


def _form(places: int) -> str:
    return "#,##0" + ("." + "0" * places if places else "")
