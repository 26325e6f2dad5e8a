"""A state folder that an unreleased version made."""

from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from chassis.db.migrate import MigrationError
from chassis.settings import Settings
from services import all_in_one


class Failed(Exception):
    pass


def fail(words: str) -> NoReturn:
    raise Failed(words)


def test_refusal_names_the_folder_to_remove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise MigrationError("make a new one")

    monkeypatch.setattr(all_in_one, "parts", refuse)
    settings = Settings(state=tmp_path, port=0)

    with pytest.raises(Failed, match=f"make a new one: remove {tmp_path}, or name another folder with --state"):
        all_in_one.run_together(settings, [], fail=fail)
    with pytest.raises(Failed, match=r"make a new one$"):
        all_in_one.run_together(replace(settings, database_url="postgresql://db.example/x"), [], fail=fail)
