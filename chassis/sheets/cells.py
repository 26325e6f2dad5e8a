"""The cells of an uploaded spreadsheet: XLSX or CSV, recognised by its content.

The file is untrusted: a workbook is read in a child process with limits, formulas are not values, and rows and columns
are counted.
"""

import csv
import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO

from msgspec import Struct, msgpack

from contracts.refusals import Invalid, Unavailable

FILE_BYTES_MAX = 2 * 1024 * 1024
ROWS_MAX = 500
"""Maximum number of rows with content, without the titles."""

POSITION_MAX = 5000
"""Number of the last row that may have content."""

COLUMNS_MAX = 60
UNPACKED_BYTES_MAX = 16 * 1024 * 1024
WORKBOOKS_AT_ONCE_MAX = 2
WAIT_SECONDS = 10
READING_SECONDS_MAX = 20
STDERR_SHOWN_MAX = 2_000
OUT_OF_MEMORY = 3
"""The exit code of a child that would need more memory than it may have."""

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_TYPE = "text/csv"
SEPARATORS = ",;\t"
_ZIP_START = b"PK\x03\x04"
_places = threading.BoundedSemaphore(WORKBOOKS_AT_ONCE_MAX)


class NotAValue(Struct, frozen=True):
    """A cell with a formula or an error."""


NOT_A_VALUE = NotAValue()
Cell = str | NotAValue | None
"""A cell's text; of a date `YYYY-MM-DD`, of a number without fraction its digits."""


class Row(Struct, frozen=True):
    """A row and its number in the file, in which the titles are the first row."""

    number: int
    cells: Sequence[Cell]


class Refused(Struct, frozen=True):
    """A refusal, as the child that reads a workbook writes it."""

    slug: str
    details: dict[str, object]


def read_rows(file: BinaryIO, is_title: Callable[[str], bool]) -> list[Row]:
    """Read the titles and the rows with content. Raises Invalid for a file that is not a table, or is too large."""
    content = file.read(FILE_BYTES_MAX + 1)
    is_workbook = content.startswith(_ZIP_START)
    rows = _workbook(content) if is_workbook else list(with_content(_csv(content, is_title)))
    if not rows or rows[0].number != 1:
        raise Invalid("table-titles-missing")
    return rows


def _workbook(file: bytes) -> list[Row]:
    """Read the rows with content in a child. Raises Invalid for a file that is not a workbook, or is too large.

    Blocks the thread. Raises Unavailable if other files are read for too long.
    """
    if not _places.acquire(timeout=WAIT_SECONDS):
        raise Unavailable("overloaded")
    try:
        made = subprocess.run(
            [sys.executable, "-P", "-m", "chassis.sheets.workbook"],
            input=file,
            capture_output=True,
            timeout=READING_SECONDS_MAX,
            env=_environment(),
        )
    except subprocess.TimeoutExpired as error:
        raise too_large() from error
    finally:
        _places.release()
    if made.returncode < 0 or made.returncode == OUT_OF_MEMORY:
        raise too_large()
    if made.returncode:
        raise RuntimeError(made.stderr[-STDERR_SHOWN_MAX:].decode("utf-8", "replace"))
    answer = msgpack.decode(made.stdout, type=list[Row] | Refused)
    if isinstance(answer, Refused):
        raise Invalid(answer.slug, **answer.details)
    return answer


def too_large() -> Invalid:
    """The refusal of a workbook that exceeds a limit."""
    return Invalid("table-too-large", limit_bytes=UNPACKED_BYTES_MAX)


def _environment() -> dict[str, str]:
    """Return the child's environment: search paths and locale, but no address and no secret."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"OPENPYXL_LXML": "False", "PYTHONSAFEPATH": "1"}


def with_content(rows: Iterable[Sequence[Cell]]) -> Iterator[Row]:
    """Yield the rows with content, numbered. Raises Invalid for too many."""
    found = 0
    for number, cells in enumerate(rows, 1):
        if number > POSITION_MAX:
            raise Invalid("too-many-rows", limit=ROWS_MAX)
        if any(cell is not None and cell != "" for cell in cells):
            found += 1
            if found > ROWS_MAX + 1:
                raise Invalid("too-many-rows", limit=ROWS_MAX)
            yield Row(number, cells)


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
