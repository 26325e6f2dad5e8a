"""Files are stored completely or not at all, under ids; unreferenced files are deleted."""

import io
import os
import stat
from collections.abc import Collection, Sequence
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from chassis.files.store import ORPHAN_SECONDS, Folder, sweep

CONTENT = b"Fictitious sample."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


async def kept(folder: Path, *, seconds_ago: float = 0) -> UUID:
    file_id = uuid4()
    await Folder(folder).keep(file_id, io.BytesIO(CONTENT))
    path = next(folder.glob(f"??/{file_id.hex}"))
    os.utime(path, (path.stat().st_mtime - seconds_ago,) * 2)
    return file_id


async def content_of(folder: Path, file_id: UUID) -> bytes | None:
    found = await Folder(folder).open(file_id)
    if found is None:
        return None
    with found:
        return found.read()


async def test_stored_file_can_be_read_until_it_is_deleted(folder: Path) -> None:
    file_id = await kept(folder)

    assert CONTENT == await content_of(folder, file_id)
    for _ in range(2):
        await Folder(folder).drop(file_id)
        assert await content_of(folder, file_id) is None


async def test_files_are_readable_by_their_owner_only(folder: Path) -> None:
    await kept(folder)

    modes = {path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in folder.glob("**/*")}
    assert {True: 0o700, False: 0o600} == modes


async def test_interrupted_write_leaves_no_file(folder: Path) -> None:
    class Torn(io.BytesIO):
        def read(self, *_args: object) -> bytes:
            raise OSError("planted")

    file_id = uuid4()
    with pytest.raises(OSError, match="planted"):
        await Folder(folder).keep(file_id, Torn())

    assert await content_of(folder, file_id) is None
    assert not await Folder(folder).older_than(0)


async def test_unreferenced_file_is_deleted_once_it_is_old(folder: Path) -> None:
    old, wanted = (await kept(folder, seconds_ago=ORPHAN_SECONDS + 60), await kept(folder, seconds_ago=7200))
    young = await kept(folder)
    part = next(folder.glob(f"??/{old.hex}")).with_suffix(".part")
    part.write_bytes(b"")
    os.utime(part, (0, 0))
    asked: list[UUID] = []

    async def among(file_ids: Sequence[UUID]) -> Collection[UUID]:
        asked.extend(file_ids)
        return {wanted}

    assert 1 == await sweep(Folder(folder), among)
    assert {old, wanted} == set(asked), "a young file must not be checked, because it may still get its row"
    assert [None, CONTENT, CONTENT] == [await content_of(folder, file_id) for file_id in (old, wanted, young)]
    assert not part.exists()
