"""File types are recognized by content, and archives that unpack to too much are rejected before unpacking."""

import io
import struct
import tempfile
import time
import tracemalloc
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.files.recognition import ENTRIES_MAX, UNPACKED_BYTES_MAX, recognise
from contracts.refusals import Invalid
from tests.files import FILES, JPEG, PARTS, PDF, PNG, a_docx, an_archive
from tests.soak import cases

MEGABYTE = 1024 * 1024
PEAK_BYTES_MAX = 4 * MEGABYTE


def refused(content: bytes, name: str = "note.docx") -> tuple[str, object]:
    with pytest.raises(Invalid) as no:
        recognise(io.BytesIO(content), name)
    return no.value.slug, no.value.details.get("reason")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("Note verbale.pdf", PDF, "pdf"),
        ("SCAN.PNG", PNG, "png"),
        ("photo.jpeg", JPEG, "jpeg"),
        ("photo.JPG", JPEG, "jpeg"),
        ("مذكرة.docx", a_docx(), "docx"),
    ],
)
def test_media_type_is_recognized_by_content(name: str, content: bytes, expected: str) -> None:
    file = io.BytesIO(content)

    assert expected == recognise(file, name)
    assert 0 == file.tell(), "the next reader starts at the beginning of the file"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ\x90\x00",
        b"\x7fELF",
        b"<html><script>alert(1)</script>",
        b" %PDF-1.7",
        b"GIF89a",
        b"#!/bin/sh\n",
        an_archive({"hello.txt": b"hello"}),
        an_archive({"xl/workbook.xml": b"", "[Content_Types].xml": b""}),
    ],
)
def test_content_of_another_type_is_rejected_for_every_name(content: bytes) -> None:
    for name in ("a.pdf", "a.docx", "a.png", "a.jpg"):
        assert "attachment-type-unsupported" in {refused(content, name)[0], refused(content, "a.docx")[0]}


@pytest.mark.parametrize("name", ["note.exe", "note.pdf.hta", "note", "note.docx", ".pdf.html"])
def test_file_extension_that_contradicts_the_content_is_rejected(name: str) -> None:
    assert ("attachment-name-mismatch", None) == refused(PDF, name)


def test_archive_is_rejected_by_compression_ratio_and_by_total_size() -> None:
    bomb = a_docx(media=bytes(50 * MEGABYTE))
    assert len(bomb) < MEGABYTE
    assert ("attachment-unsafe", "ratio") == refused(bomb)

    many = an_archive(PARTS | {f"word/{n}": bytes(MEGABYTE) for n in range(UNPACKED_BYTES_MAX // MEGABYTE + 1)})
    assert ("attachment-unsafe", "unpacked_bytes") == refused(many)


def test_small_document_with_a_high_ratio_is_accepted() -> None:
    assert "docx" == recognise(io.BytesIO(a_docx(styles=b" " * (MEGABYTE // 2))), "a.docx")


def test_archive_with_too_many_entries_is_rejected_before_its_directory_is_read() -> None:
    many = an_archive(PARTS | {f"word/{n}": b"" for n in range(ENTRIES_MAX)})

    assert ("attachment-unsafe", "entries") == refused(many)


def test_archive_with_a_false_entry_size_is_rejected_with_bounded_memory() -> None:
    bomb = bytearray(a_docx(media=bytes(50 * MEGABYTE)))
    entry = bomb.rindex(b"word/media") - 46
    local = bomb.index(b"word/media") - 30
    for at, of in ((entry + 24, entry), (local + 22, local)):
        assert bomb[of : of + 2] == b"PK"
        struct.pack_into("<I", bomb, at, 1000)

    tracemalloc.start()
    began = time.monotonic()
    try:
        assert "attachment-type-unsupported" == refused(bytes(bomb))[0]
        assert tracemalloc.get_traced_memory()[1] < PEAK_BYTES_MAX
    finally:
        tracemalloc.stop()
    assert time.monotonic() - began < 10


def test_archive_is_unpacked_with_bounded_memory() -> None:
    # Stored uncompressed, so that its ratio is not suspicious, and larger than the memory limit.
    large = an_archive(PARTS | {"word/media": bytes(range(256)) * (8 * MEGABYTE // 256)}, method=zipfile.ZIP_STORED)

    tracemalloc.start()
    try:
        file = io.BytesIO(large)
        before = tracemalloc.get_traced_memory()[0]
        assert "docx" == recognise(file, "a.docx")
        assert tracemalloc.get_traced_memory()[1] - before < PEAK_BYTES_MAX
    finally:
        tracemalloc.stop()


def test_overlapping_archive_entries_are_rejected() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (PARTS | {"word/kernel": bytes(range(256)) * 1024}).items():
            archive.writestr(name, content)
        kernel = archive.getinfo("word/kernel")
        for number in range(300):
            again = zipfile.ZipInfo(f"word/{number}")
            again.compress_type, again.CRC = kernel.compress_type, kernel.CRC
            again.compress_size, again.file_size = kernel.compress_size, kernel.file_size
            again.header_offset = kernel.header_offset
            archive.filelist.append(again)

    assert ("attachment-unsafe", "overlap") == refused(made.getvalue())


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (a_docx(**{"vbaProject.bin": b"macro"}), "attachment-unsafe"),
        (a_docx(**{"VBAPROJECT.BIN": b"macro"}), "attachment-unsafe"),
        (an_archive(PARTS, comment=b"PK\x05\x06" + bytes(18)), "attachment-type-unsupported"),
        (an_archive(PARTS, method=zipfile.ZIP_LZMA), "attachment-type-unsupported"),
        (a_docx() + b"more", "attachment-type-unsupported"),
        (a_docx()[:-30], "attachment-type-unsupported"),
    ],
)
def test_archive_with_hidden_data_is_rejected(content: bytes, slug: str) -> None:
    assert slug == refused(content)[0]


def test_encrypted_document_is_rejected() -> None:
    locked = bytearray(a_docx())
    at = locked.index(b"PK\x01\x02")
    locked[at + 8] |= 1

    assert "attachment-type-unsupported" == refused(bytes(locked))[0]


@given(st.data())
@pytest.mark.thinned
@settings(max_examples=cases(150, soak=500), deadline=None)
def test_arbitrary_bytes_are_rejected_without_an_error(data: st.DataObject) -> None:
    content = bytearray(FILES["docx"])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            content[at] = data.draw(st.sampled_from([0, 1, 127, 128, 255]))
        else:
            del content[at : at + data.draw(st.integers(1, 6))]
    # A real file raises an error of its own for a position before its beginning.
    with tempfile.TemporaryFile() as file:
        file.write(content)
        # Any other error would fail the test.
        with suppress(Invalid):
            recognise(file, "a.docx")
