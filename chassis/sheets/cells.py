"""The cells of an uploaded spreadsheet: XLSX or CSV, recognised by its content.

The file is untrusted: its unpacked size is known before any part is unpacked, formulas are not values, and rows and
columns are counted.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import BinaryIO, NamedTuple

from contracts.refusals import Invalid

FILE_BYTES_MAX = 2 * 1024 * 1024
UNPACKED_BYTES_MAX = 16 * 1024 * 1024
PARTS_MAX = 200
ROWS_MAX = 500
"""Maximum number of rows with content, without the titles."""

POSITION_MAX = 5000
"""Number of the last row that may have content."""

COLUMNS_MAX = 60
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_TYPE = "text/csv"
SEPARATORS = ",;\t"
_ZIP_START = b"PK\x03\x04"
_UNPACKED_IN_PARTS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""Compression methods that are accepted; Python unpacks others without a limit."""


_NOT_VALUES = {"f", "e"}
"""The library's types of cells with a formula or an error."""


class NotAValue:
    """A cell with a formula or an error."""


NOT_A_VALUE = NotAValue()
Cell = str | int | float | bool | date | datetime | NotAValue | None


class Row(NamedTuple):
    """A row and its number in the file, in which the titles are the first row."""

    number: int
    cells: Sequence[Cell]


def read_rows(file: BinaryIO, is_title: Callable[[str], bool]) -> list[Row]:
    """Read the titles and the rows with content. Raises Invalid for a file that is not a table, or is too large."""
    start = file.read(len(_ZIP_START))
    file.seek(0)
    rows = list(_with_content(_xlsx(file) if start == _ZIP_START else _csv(file.read(), is_title)))
    if not rows or rows[0].number != 1:
        raise Invalid("table-titles-missing")
    return rows


def _with_content(rows: Iterable[Sequence[Cell]]) -> Iterator[Row]:
    found = 0
    for number, cells in enumerate(rows, 1):
        if number > POSITION_MAX:
            raise Invalid("too-many-rows", limit=ROWS_MAX)
        if any(cell is not None and cell != "" for cell in cells):
            found += 1
            if found > ROWS_MAX + 1:
                raise Invalid("too-many-rows", limit=ROWS_MAX)
            yield Row(number, cells)


def _xlsx(file: BinaryIO) -> Iterator[Sequence[Cell]]:
    """Yield the rows of the first sheet."""
    # Imported here, because a process that reads no spreadsheet does not need it.
    from openpyxl import load_workbook

    _check_parts(file)
    try:
        book = load_workbook(file, read_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # the file may state any dimensions
        for row in sheet.iter_rows(max_col=COLUMNS_MAX + 1):
            yield [NOT_A_VALUE if cell.data_type in _NOT_VALUES else _plain(cell.value) for cell in row]
    except Exception as error:  # the library has no exception of its own for an invalid workbook
        raise Invalid("table-unreadable") from error


def _check_parts(file: BinaryIO) -> None:
    """Raise Invalid for an archive that unpacks to too much. No part can unpack to more than it states."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise Invalid("table-unreadable") from error
    if any(part.compress_type not in _UNPACKED_IN_PARTS for part in parts):
        raise Invalid("table-unreadable")
    if len(parts) > PARTS_MAX or sum(part.file_size for part in parts) > UNPACKED_BYTES_MAX:
        raise Invalid("table-too-large", limit_bytes=UNPACKED_BYTES_MAX)
    file.seek(0)


def _plain(value: object) -> Cell:
    return value if isinstance(value, str | int | float | date | None) else str(value)


def _csv(content: bytes, is_title: Callable[[str], bool]) -> Iterator[Sequence[Cell]]:
    """Yield the rows, separated by the separator that gives the most titles."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("table-encoding") from error
    heads = {one: next(_split(text, one, strict=False), []) for one in SEPARATORS}
    separator = max(SEPARATORS, key=lambda one: sum(is_title(str(cell)) for cell in heads[one]))
    return _split(text, separator)


def _split(text: str, separator: str, *, strict: bool = True) -> Iterator[Sequence[Cell]]:
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict):
            yield row[: COLUMNS_MAX + 1]
    except csv.Error as error:
        raise Invalid("table-unreadable") from error
