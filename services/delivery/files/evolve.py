"""Fold facts into a file. Actions and the rebuild of the tables use the same function."""

from msgspec.structs import asdict, replace

from contracts.facts import Fact
from contracts.file_formats import Format
from contracts.files import FileAdded, FileCleared, FileRefused, FileRemoved
from contracts.values import Side
from services.delivery.files.model import File, FilePurpose, FileStatus


def evolve(file: File | None, fact: Fact) -> File:
    """Return the file after a fact."""
    if isinstance(fact, FileAdded):
        known = {
            "purpose": FilePurpose(fact.purpose),
            "side": Side(fact.side) if fact.side else None,
            "format": Format(fact.format),
        }
        return File(**{**asdict(fact), **known}, status=FileStatus.PENDING, revision=1)
    assert file is not None, "a file begins when it is added"
    return replace(file, revision=file.revision + 1, status=_status(fact))


def _status(fact: Fact) -> FileStatus:
    match fact:
        case FileCleared():
            return FileStatus.CLEAN if fact.scanned else FileStatus.UNSCANNED
        case FileRefused():
            return FileStatus.INFECTED
        case FileRemoved():
            return FileStatus.REMOVED
    raise AssertionError(f"{fact.type} is not a file's fact")
