"""Flows as files: CSV (RFC 4180, UTF-8 without a byte order mark) and a spreadsheet (Office Open XML).

What people wrote stays text in every program that opens the file. In CSV nothing says what a cell is, so that a text
that a spreadsheet would carry out as a formula gets an apostrophe before it; in a spreadsheet it is written as text.
A spreadsheet that separates by `;` or by tabs sees other cells in the same file: they get one as well.
"""

import csv
import io
import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import xlsxwriter

from services.pledges.open_data.flows.model import COLUMNS, Amount, Cell, Flow, cells_of

CARRIED_OUT = re.compile(r"""(?:\A|(?<=[,;\t\r\n]))(?="*[=+\-@＝＋－＠])|\A(?=[\t\r\n])""")
"""Before what a spreadsheet may take for a formula: with one of these signs a cell begins, by whichever separator it is
read and also in the middle of a text, of which it is the rest after a separator or a line end. The full-width forms as
well, in East Asia; quotation marks in between are dropped by who reads. See OWASP, CSV injection.
"""

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
    return CARRIED_OUT.sub("'", cell) if isinstance(cell, str) else str(cell)


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
