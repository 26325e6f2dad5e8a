"""Flows as files: CSV (RFC 4180, UTF-8 without a byte order mark) and a spreadsheet (Office Open XML).

Text that people wrote stays text in every program that opens the file. CSV has no cell types, so a text that a
spreadsheet would run as a formula is preceded by an apostrophe; the spreadsheet file writes it as text. A program that
separates by `;` or by tabs finds other cells in the same CSV file; these are preceded by an apostrophe, too.
"""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import xlsxwriter

from chassis.sheets.tables import TEXT_OPTIONS, escape_formula
from services.pledges.open_data.flows.model import COLUMNS, Amount, Cell, Flow, cells_of


def csv_of(flows: Iterable[Flow]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([_csv_cell(cell) for cell in cells_of(flow)] for flow in flows)
    return text.getvalue().encode("utf-8")


def _csv_cell(cell: Cell) -> str:
    return escape_formula(cell) if isinstance(cell, str) else str(cell)


def xlsx_of(flows: Iterable[Flow], *, created_at: datetime) -> bytes:
    """Return a workbook of one sheet.

    An amount is a number with the digits of its currency; everything else is text, except years.
    """
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, TEXT_OPTIONS) as book:
        book.set_properties({"created": created_at.replace(tzinfo=None)})
        sheet = book.add_worksheet("flows")
        sheet.freeze_panes(1, 0)
        heading = book.add_format({"bold": True})
        forms = {places: book.add_format({"num_format": _number_format(places)}) for places in range(5)}
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
                        # Written as a Decimal, which is exact: a float would round large amounts.
                        sheet.write_number(row, column, Decimal(str(cell)), forms[cell.places])
    return file.getvalue()


def _number_format(places: int) -> str:
    return "#,##0" + ("." + "0" * places if places else "")
