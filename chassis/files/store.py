"""File storage outside the database, by our ids, with one interface.

A file is written before its row and deleted after it, so that a crash leaves at most a file without a row, which
`sweep` deletes.
"""

import asyncio
import contextlib
import os
import re
import shutil
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import UUID

ORPHAN_SECONDS = 3600.0
"""Minimum age of a file without a row to be deleted; a younger file may still get its row."""

_NAME = re.compile(r"[0-9a-f]{32}")


class Files(Protocol):
    """Interface of a file store."""

    async def keep(self, file_id: UUID, content: BinaryIO) -> None:
        """Store the content durably under this id. Raises OSError."""

    async def open(self, file_id: UUID) -> BinaryIO | None:
        """Open the content; the caller closes it. None if there is none. Raises OSError."""

    async def drop(self, file_id: UUID) -> None:
        """Delete the content, if there is any. Raises OSError."""

    async def older_than(self, seconds: float) -> Sequence[UUID]:
        """The ids of files older than `seconds`."""


class Folder:
    """Files in a folder, which several processes and machines may share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, file_id: UUID, content: BinaryIO) -> None:
        await asyncio.to_thread(self._keep, file_id, content)

    async def open(self, file_id: UUID) -> BinaryIO | None:
        return await asyncio.to_thread(self._open, file_id)

    async def drop(self, file_id: UUID) -> None:
        await asyncio.to_thread(self._path(file_id).unlink, missing_ok=True)

    async def older_than(self, seconds: float) -> Sequence[UUID]:
        return await asyncio.to_thread(self._older_than, time.time() - seconds)

    def _path(self, file_id: UUID) -> Path:
        # The last digits are used; the first ones, which are the time, would put all files of a day into one folder.
        return self._folder / file_id.hex[-2:] / file_id.hex

    def _keep(self, file_id: UUID, content: BinaryIO) -> None:
        path = self._path(file_id)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_suffix(".part")
        content.seek(0)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            shutil.copyfileobj(content, file)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        for folder in (path.parent, self._folder):
            _sync(folder)

    def _open(self, file_id: UUID) -> BinaryIO | None:
        try:
            return self._path(file_id).open("rb")
        except FileNotFoundError:
            return None

    def _older_than(self, moment: float) -> list[UUID]:
        found = []
        for path in self._folder.glob("??/*"):
            # Another process may have deleted it.
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime >= moment:
                    continue
                if path.suffix == ".part":
                    path.unlink()
                elif _NAME.fullmatch(path.name):
                    found.append(UUID(path.name))
        return found


def _sync(folder: Path) -> None:
    """Flush the entries of a folder to disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


async def sweep(files: Files, wanted: Callable[[Sequence[UUID]], Awaitable[Collection[UUID]]]) -> int:
    """Delete old files that are not in `wanted`; return their number."""
    old = await files.older_than(ORPHAN_SECONDS)
    kept = set(await wanted(old)) if old else set()
    gone = [file_id for file_id in old if file_id not in kept]
    for file_id in gone:
        await files.drop(file_id)
    return len(gone)
