"""Where files are kept: outside the database, under ids that we gave, behind one small interface.

Their rows say whether they count. A file is there before its row and goes after it, so that a crash leaves at most a
file without a row, which `sweep` finds.
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
"""A file that is younger may still get its row."""

_NAME = re.compile(r"[0-9a-f]{32}")


class Files(Protocol):
    """What a store of files can do."""

    async def keep(self, file_id: UUID, content: BinaryIO) -> None:
        """Copy the content under this id; it has survived a power cut when this returns. Raises OSError."""

    async def open(self, file_id: UUID) -> BinaryIO | None:
        """The content, to be closed by who asked; None where there is none. Raises OSError."""

    async def drop(self, file_id: UUID) -> None:
        """Forget the content, if there is any. Raises OSError."""

    async def older_than(self, seconds: float) -> Sequence[UUID]:
        """All files that were kept so long ago."""


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
        # The last digits: the first ones of our ids are the time, and would put all of a day into one folder.
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
            # What another process drops meanwhile is gone.
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime >= moment:
                    continue
                if path.suffix == ".part":
                    path.unlink()
                elif _NAME.fullmatch(path.name):
                    found.append(UUID(path.name))
        return found


def _sync(folder: Path) -> None:
    """Have what was put into a folder survive a power cut."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


async def sweep(files: Files, wanted: Callable[[Sequence[UUID]], Awaitable[Collection[UUID]]]) -> int:
    """Drop what has been there for long and is not among those `wanted` of them; returns how many."""
    old = await files.older_than(ORPHAN_SECONDS)
    kept = set(await wanted(old)) if old else set()
    gone = [file_id for file_id in old if file_id not in kept]
    for file_id in gone:
        await files.drop(file_id)
    return len(gone)
