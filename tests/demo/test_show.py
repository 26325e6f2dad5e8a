"""`entraide demo` ends after the story only with `--exit`, and its exit code says whether the story succeeded."""

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from chassis.settings import Settings
from services import all_in_one
from services.demo import show as demo
from services.demo.people import StepError


@pytest.mark.parametrize("leave", [True, False])
@pytest.mark.parametrize("code", [0, 1, StepError("refused"), KeyError("defect")])
def test_demo_ends_only_when_asked_and_says_how_the_story_went(
    code: int | Exception,
    leave: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stopped = asyncio.Event()

    def run_together(settings: Settings, *_: object, beside: Any, **__: object) -> None:
        asyncio.run(beside(settings, [], stopped))

    async def run_story(*_: object, **__: object) -> int:
        if isinstance(code, Exception):
            raise ExceptionGroup("", [code])
        return code

    monkeypatch.setattr(all_in_one, "run_together", run_together)
    monkeypatch.setattr(demo, "_run_story", run_story)

    found = demo.show(
        Settings(state=tmp_path),
        [],
        leave=leave,
        as_json=False,
        fail=cast(Any, None),
        appoint_founders=cast(Any, None),
        expire=cast(Any, None),
        follow_up=cast(Any, None),
    )

    assert found == (1 if isinstance(code, Exception) else code)
    assert not isinstance(code, Exception) or str(code.args[0]) in capsys.readouterr().err
    assert stopped.is_set() == leave
