"""Recognise PDF, DOCX, PNG and JPEG files by their content, and reject archives that unpack to too much."""

import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import BinaryIO

from contracts.file_formats import Format
from contracts.refusals import Invalid

ENTRIES_MAX = 1000
DIRECTORY_BYTES_MAX = 256 * 1024
UNPACKED_BYTES_MAX = 100 * 1024 * 1024
RATIO_MAX = 100
RATIO_FROM_BYTES = 1024 * 1024
"""Unpacked size up to which the compression ratio is not limited, because an empty page compresses very well."""

CHUNK_BYTES = 64 * 1024

_END = b"PK\x05\x06"
_END_BYTES = 22
_LOCATOR_OF_ZIP64 = b"PK\x06\x07"
_LOCATOR_BYTES = 20
_DOCUMENT = "word/document.xml"
_CONTENTS = "[Content_Types].xml"
_MACROS = "vbaproject.bin"
_ENCRYPTED = 0x1

UNSOUND = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    OverflowError,
    NotImplementedError,
    OSError,
)
"""Errors of the library for invalid archives; OSError if an offset points before the start of the file."""


_BEGINS: Mapping[bytes, Format] = {
    b"%PDF-": Format.PDF,
    b"PK\x03\x04": Format.DOCX,
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR": Format.PNG,
    b"\xff\xd8\xff": Format.JPEG,
}
_ENDINGS: Mapping[Format, tuple[str, ...]] = {
    Format.PDF: (".pdf",),
    Format.DOCX: (".docx",),
    Format.PNG: (".png",),
    Format.JPEG: (".jpg", ".jpeg"),
}


def recognise(file: BinaryIO, name: str) -> Format:
    """Return the format of a file; the extension of its name must match. Raises Invalid for any other file.

    Reads no more than needed: a DOCX is decompressed chunk by chunk to check its size, and not stored.
    """
    file.seek(0)
    begins = file.read(max(map(len, _BEGINS)))
    found = next((kind for magic, kind in _BEGINS.items() if begins.startswith(magic)), None)
    if found is None:
        raise Invalid("attachment-type-unsupported")
    if not name.lower().endswith(_ENDINGS[found]):
        # The operating system chooses the program that opens a file by its extension.
        raise Invalid("attachment-name-mismatch", endings=list(_ENDINGS[found]))
    if found is Format.DOCX:
        _check_archive(file)
    file.seek(0)
    return found


def _check_archive(file: BinaryIO) -> None:
    size = file.seek(0, 2)
    _check_directory(file, size)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            _check_entries(entries, size)
            for entry in entries:
                _unpack(archive, entry)
    except UNSOUND as error:
        raise Invalid("attachment-type-unsupported") from error


def _check_directory(file: BinaryIO, size: int) -> None:
    """Check the size and position of the archive's directory before the library reads it into memory."""
    tail_bytes = min(size, _END_BYTES + _LOCATOR_BYTES)
    file.seek(size - tail_bytes)
    tail = file.read(tail_bytes)
    end = tail[-_END_BYTES:]
    if not end.startswith(_END) or end[-2:] != b"\0\0" or tail[:-_END_BYTES].startswith(_LOCATOR_OF_ZIP64):
        # With a comment or in ZIP64 form, another reader could find a different directory than the one checked here.
        raise Invalid("attachment-type-unsupported")
    entries, directory_bytes = int.from_bytes(end[10:12], "little"), int.from_bytes(end[12:16], "little")
    if entries > ENTRIES_MAX or directory_bytes > DIRECTORY_BYTES_MAX:
        raise Invalid("attachment-unsafe", reason="entries", limit=ENTRIES_MAX)


def _check_entries(entries: list[zipfile.ZipInfo], size: int) -> None:
    """Check the directory's entries before anything is unpacked."""
    names = [entry.filename for entry in entries]
    if len(names) > ENTRIES_MAX or len(set(names)) < len(names):
        raise Invalid("attachment-unsafe", reason="entries", limit=ENTRIES_MAX)
    if _DOCUMENT not in names or _CONTENTS not in names or any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise Invalid("attachment-type-unsupported")
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise Invalid("attachment-type-unsupported")
    if any(name.lower().rpartition("/")[2] == _MACROS for name in names):
        raise Invalid("attachment-unsafe", reason="macros")
    if sum(entry.compress_size for entry in entries) > size:
        # The entries overlap, so the same bytes would be unpacked several times.
        raise Invalid("attachment-unsafe", reason="overlap")
    if sum(entry.file_size for entry in entries) > UNPACKED_BYTES_MAX:
        raise Invalid("attachment-unsafe", reason="unpacked_bytes", limit=UNPACKED_BYTES_MAX)
    for entry in entries:
        if entry.file_size > max(RATIO_FROM_BYTES, RATIO_MAX * entry.compress_size):
            raise Invalid("attachment-unsafe", reason="ratio", limit=RATIO_MAX)


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Read at most the size stated in the directory; more than that fails the checksum."""
    with archive.open(entry) as unpacked:
        while unpacked.read(CHUNK_BYTES):
            pass
