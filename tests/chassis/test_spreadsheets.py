"""Spreadsheets as files: invalid and too large ones are refused before they use resources."""

import io
import os
import resource
import shutil
import subprocess
import time
import zipfile
from datetime import date
from pathlib import Path
from typing import BinaryIO

import pytest

from chassis.sheets import cells, report, workbook
from chassis.sheets.cells import NOT_A_VALUE
from chassis.sheets.layout import Layout, ValueType, normalized
from contracts import reference
from contracts.refusals import Invalid
from contracts.values import Language
from services.matching.offerings.import_api import LAYOUT
from services.requests.request.import_api import ON_BEHALF, OWN
from services.sherloc.contributions.import_api import LAYOUT as CONTRIBUTION
from tests.tables import csv, xlsx

TITLES = {"a", "العنوان", "a, b; c"}
LAYOUTS = (OWN, ON_BEHALF, LAYOUT, CONTRIBUTION)
SHEET = "xl/worksheets/sheet1.xml"


def read_rows(file: BinaryIO) -> list[cells.Row]:
    return cells.read_rows(file, TITLES.__contains__)


def slug(content: bytes) -> str:
    with pytest.raises(Invalid) as no:
        read_rows(io.BytesIO(content))
    return no.value.slug


def with_part(name: str, content: bytes, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A workbook in which one part is replaced or added."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx([["a"]]))) as book, zipfile.ZipFile(file, "w", compression) as changed:
        for part in book.namelist():
            if part != name:
                changed.writestr(part, book.read(part))
        changed.writestr(name, content)
    return file.getvalue()


def test_cells_have_their_types() -> None:
    rows = read_rows(io.BytesIO(xlsx([["a", "b", "c", "d", "e"], ["x", 2, date(2027, 1, 2), True, "=1+1"]])))

    assert [1, 2] == [row.number for row in rows]
    assert ["x", "2", "2027-01-02", "True", NOT_A_VALUE] == list(rows[1].cells)[:5]


def test_empty_rows_are_no_rows_and_keep_the_numbers() -> None:
    rows = read_rows(io.BytesIO(xlsx([["a"], [""], ["x"], [""], ["y"]])))

    assert [1, 3, 5] == [row.number for row in rows]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_csv_is_read_with_its_separator_and_mark(separator: str, encoding: str) -> None:
    rows = read_rows(io.BytesIO(csv([["العنوان", '"a, b; c"'], ["标题", '"x\n""y"""']], separator, encoding)))

    assert [["العنوان", "a, b; c"], ["标题", 'x\n"y"']] == [list(row.cells) for row in rows]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "table-titles-missing"),
        (b"\r\n\r\na,b\r\n", "table-titles-missing"),
        ("Título;Ü".encode("latin-1"), "table-encoding"),
        ("标题,语言".encode("utf-16"), "table-encoding"),
        (b'a,b\r\n"unclosed', "table-unreadable"),
        (b"PK\x03\x04 no archive", "table-unreadable"),
        (csv([["a"], *[["x"]] * (cells.ROWS_MAX + 1)]), "too-many-rows"),
        (b"a\n" + b"\n" * cells.POSITION_MAX, "too-many-rows"),
        (xlsx([["a"], *[["x"]] * (cells.ROWS_MAX + 1)]), "too-many-rows"),
        (with_part("xl/media/bomb.bin", bytes(cells.UNPACKED_BYTES_MAX + 1)), "table-too-large"),
        (with_part("xl/media/bomb.bin", bytes(100), zipfile.ZIP_LZMA), "table-unreadable"),
        (with_part(SHEET, b"<worksheet"), "table-unreadable"),
        (with_part("[Content_Types].xml", b"<Types/>"), "table-unreadable"),
    ],
    ids=[
        "empty",
        "titles",
        "latin-1",
        "utf-16",
        "quote",
        "archive",
        "rows",
        "lines",
        "xlsx-rows",
        "bomb",
        "lzma",
        "sheet",
        "workbook",
    ],
)
def test_a_file_that_is_no_table_is_refused(content: bytes, expected: str) -> None:
    assert expected == slug(content)


EMPTY_CELLS = b"<c/>" * 3_700_000
MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SHEET_OF = b"<worksheet " + MAIN + b'><sheetData><row r="1">%s</row></sheetData></worksheet>'
BOMBS = {
    "cells": (SHEET, SHEET_OF % EMPTY_CELLS),
    "nested": (SHEET, SHEET_OF % (b"<c>" * 500_000 + b"</c>" * 500_000)),
    "formats": (
        "xl/styles.xml",
        b"<styleSheet " + MAIN + b"><cellXfs>" + b"<xf/>" * 3_000_000 + b"</cellXfs></styleSheet>",
    ),
    "fonts": (
        "xl/styles.xml",
        b"<styleSheet " + MAIN + b"><fonts>" + b"<font/>" * 2_000_000 + b"</fonts></styleSheet>",
    ),
    "strings": ("xl/sharedStrings.xml", b"<sst " + MAIN + b">" + b"<si/>" * 3_000_000 + b"</sst>"),
    "just below the limit": (
        SHEET,
        SHEET_OF % (b"<c/>" * (workbook.TAGS_MAX - 1000) + os.urandom(100_000).hex().encode()),
    ),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_small_file_of_many_elements_takes_little_memory_and_time(bomb: tuple[str, bytes]) -> None:
    content = with_part(*bomb)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()

    assert slug(content) in {"table-too-large", "table-titles-missing", "too-many-rows"}

    assert time.monotonic() - began < cells.READING_SECONDS_MAX
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 2**10


def test_dates_are_known_by_their_format_alone() -> None:
    numbers = xlsx([["a", "b"], [date(2027, 1, 2), 46389]])

    assert ["2027-01-02", "46389"] == list(read_rows(io.BytesIO(numbers))[1].cells)[:2]


def test_500_rows_are_read() -> None:
    assert cells.ROWS_MAX + 1 == len(read_rows(io.BytesIO(xlsx([["a"], *[["x"]] * cells.ROWS_MAX]))))


def test_entities_are_not_expanded() -> None:
    """This concerns a bomb of entities, and a file of this machine."""
    bomb = b'<!DOCTYPE x [<!ENTITY a "' + b"y" * 1000 + b'"><!ENTITY b SYSTEM "file:///etc/hostname">'
    bomb += b"".join(b'<!ENTITY %c "%s">' % (c + 1, b"&%c;" % c * 20) for c in range(ord("c"), ord("m"))) + b"]>"
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
    for entity in (b"&b;", b"&m;"):
        cell = b'<c r="A1" t="inlineStr"><is><t>' + entity + b"</t></is></c></row></sheetData></worksheet>"
        assert slug(with_part(SHEET, bomb + sheet + cell)) in {"table-unreadable", "table-titles-missing"}


@pytest.mark.parametrize("layout", LAYOUTS, ids=["own", "on behalf", "offering", "contribution"])
def test_titles_and_labels_name_one_thing_in_every_language(layout: Layout) -> None:
    titles = [normalized(one.title(lang)) for one in layout.columns for lang in Language]
    assert len(layout.columns) == len({layout.by_title[title].name for title in titles})
    for column in layout.columns:
        assert set(Language) == set(reference.columns()[column.titled or column.name].labels)
        if column.type is ValueType.CODE and not column.many:
            said = {(normalized(label), code) for code, by in column.labels().items() for label in by.values()}
            assert len(said) == len({label for label, _ in said}), column.name


def test_every_column_has_a_place_in_the_body() -> None:
    for layout in LAYOUTS:
        assert len(layout.columns) == len({one.name for one in layout.columns})
        assert set(layout.by_title.values()) == set(layout.columns)
    used = {one.titled or one.name for layout in LAYOUTS for one in layout.columns}
    assert used == set(reference.columns())


def test_records_of_an_import_have_ids_of_their_own() -> None:
    made = report.import_id()
    ids = {report.record_id(made, number) for number in range(1, cells.ROWS_MAX + 1)}

    assert cells.ROWS_MAX == len(ids)
    assert {7} == {one.version for one in ids}
    assert made < min(ids)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_a_file_of_libreoffice_is_read(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(csv([["العنوان", "日期"], ["x", "2027-01-02"]]))
    subprocess.run(["soffice", "--headless", "--convert-to", "xlsx", "table.csv"], cwd=tmp_path, check=True)

    rows = read_rows(io.BytesIO((tmp_path / "table.xlsx").read_bytes()))

    assert ["العنوان", "日期"] == list(rows[0].cells)[:2]
