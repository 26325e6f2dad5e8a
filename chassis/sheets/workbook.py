"""Read the first sheet of an XLSX file in a child process, whose memory and processor time are limited.

`python -m chassis.sheets.workbook` reads the file from stdin, and writes its rows or its refusal to stdout, as
MessagePack. Of the file's parts only the sheet, its strings and the formats of dates are read: no theme, fonts,
properties, charts or links.
"""

import io
import resource
import sys
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import IO, Any

import msgspec

from chassis.sheets.cells import (
    COLUMNS_MAX,
    NOT_A_VALUE,
    OUT_OF_MEMORY,
    UNPACKED_BYTES_MAX,
    Cell,
    Refused,
    Row,
    too_large,
    with_content,
)
from contracts.refusals import Invalid

RATIO_MAX = 200
"""Maximum ratio of unpacked to packed bytes; tables of repeated text reach 60."""

RATIO_FROM_BYTES = 1024 * 1024
"""Unpacked size above which the ratio counts."""

PARTS_MAX = 200
TAGS_MAX = 600_000
"""Maximum number of start and end tags in the whole file; 500 full rows of 60 columns have 250,000."""

MEMORY_BYTES_MAX = 256 * 1024 * 1024
PROCESSOR_SECONDS_MAX = 10
_UNPACKED_IN_PARTS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""Compression methods that are accepted; Python unpacks others without a limit."""

_NOT_VALUES = {"f", "e"}
"""The library's types of cells with a formula or an error."""

_STYLES = "xl/styles.xml"


def main() -> int:
    """Read the file of stdin within the limits. Returns the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS_MAX, PROCESSOR_SECONDS_MAX))
    # The library imports it, if it is there, for types that are never read; it reserves more memory than the limit.
    sys.modules["numpy"] = None  # type: ignore[assignment]
    try:
        answer: list[Row] | Refused = list(with_content(_rows(io.BytesIO(sys.stdin.buffer.read()))))
    except MemoryError:
        return OUT_OF_MEMORY
    except Invalid as refusal:
        answer = Refused(refusal.slug, dict(refusal.details))
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))
    return 0


def _rows(file: IO[bytes]) -> Iterator[Sequence[Cell]]:
    try:
        with zipfile.ZipFile(file) as archive:
            _check_parts(archive)
            yield from _first_sheet(archive, file)
    except (Invalid, MemoryError):
        raise
    except Exception as error:  # the library has no exception of its own for an invalid workbook
        raise Invalid("table-unreadable") from error


def _check_parts(archive: zipfile.ZipFile) -> None:
    """Raise Invalid for an archive that unpacks to too much. No part can unpack to more than it states."""
    parts = archive.infolist()
    if any(part.compress_type not in _UNPACKED_IN_PARTS for part in parts):
        raise Invalid("table-unreadable")
    unpacked, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    if len(parts) > PARTS_MAX or unpacked > max(RATIO_FROM_BYTES, min(UNPACKED_BYTES_MAX, packed * RATIO_MAX)):
        raise too_large()
    tags = 0
    for part in parts:
        content = archive.read(part)
        # No office program writes one; it is needed for entities.
        if b"<!DOCTYPE" in content:
            raise Invalid("table-unreadable")
        tags += content.count(b"<")
    if tags > TAGS_MAX:
        raise too_large()


def _first_sheet(archive: zipfile.ZipFile, file: IO[bytes]) -> Iterator[Sequence[Cell]]:
    from openpyxl.reader.excel import ExcelReader
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

    # The steps of load_workbook that rows need.
    reader = ExcelReader(file, read_only=True, keep_links=False)
    reader.read_manifest()
    reader.read_strings()
    reader.read_workbook()
    reader.wb._date_formats, reader.wb._timedelta_formats = _date_formats(archive), set()
    name, part = next((one.name, rel.target) for one, rel in reader.parser.find_sheets() if "worksheet" in rel.Type)
    sheet = ReadOnlyWorksheet(reader.wb, name, part, reader.shared_strings)
    sheet.reset_dimensions()  # the file may state any dimensions
    for row in sheet.iter_rows(max_col=COLUMNS_MAX + 1):
        yield [NOT_A_VALUE if cell.data_type in _NOT_VALUES else _text(cell.value) for cell in row]


def _date_formats(archive: zipfile.ZipFile) -> set[int]:
    """Return the positions of the cell formats that show a number as a date."""
    from openpyxl.styles.numbers import builtin_format_code, is_date_format
    from openpyxl.xml.functions import iterparse

    if _STYLES not in archive.namelist():
        return set()
    custom: dict[int, str] = {}
    formats: list[int] = []
    above: list[Any] = []
    for event, element in iterparse(archive.open(_STYLES), events=("start", "end")):
        name = element.tag.rpartition("}")[2]
        if event == "start":
            above.append(element)
            continue
        above.pop()
        if name == "numFmt":
            custom[int(element.get("numFmtId"))] = element.get("formatCode", "")
        elif name == "xf" and above and above[-1].tag.endswith("}cellXfs"):
            formats.append(int(element.get("numFmtId", 0)))
        if above:
            above[-1].remove(element)
    return {at for at, one in enumerate(formats) if is_date_format(custom.get(one) or builtin_format_code(one))}


def _text(value: Any) -> Cell:
    """Return the text of a value, as a CSV file would have it."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return None if value is None else str(value)


if __name__ == "__main__":
    sys.exit(main())
