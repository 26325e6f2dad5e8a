"""A run in several processes ends although a test does not, and says where that test waits."""

import os
import subprocess
import sys
from pathlib import Path

from tests.rules.steps import ROOT, dev

HANGS = """
import asyncio

async def for_ever():
    await asyncio.sleep(1000)

def test_hangs():
    asyncio.run(for_ever())
"""
FINE = """
with open("imports.txt", "a") as imports:
    imports.write("imported\\n")

def test_fine():
    pass
"""
SETTINGS = "[pytest]\ntimeout = 2\ntimeout_method = thread\nasyncio_default_fixture_loop_scope = session\n"


def test_run_ends_although_a_test_hangs(tmp_path: Path) -> None:
    (tmp_path / "tests/some").mkdir(parents=True)
    (tmp_path / "pytest.ini").write_text(SETTINGS)
    (tmp_path / "tests/some/test_hang.py").write_text(HANGS)
    (tmp_path / "tests/some/test_fine.py").write_text(FINE)
    command = [sys.executable, "-m", "pytest", "--import-mode=importlib", "-p", "tests.schedule"]
    done = subprocess.run(
        [*command, *dev().in_processes(), "-n", "2"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": "", "PYTHONDONTWRITEBYTECODE": ""},
        capture_output=True,
        text=True,
        timeout=100,
    )

    assert 1 == done.returncode, done.stdout + done.stderr
    assert "1 failed, 1 passed" in done.stdout
    assert "FAILED tests/some/test_hang.py::test_hangs" in done.stdout
    assert "line 8, in test_hangs" in done.stderr
    assert "test session starts" not in done.stderr
    # By each of two processes, and before them by the one that compiles.
    assert ["imported"] * 3 == (tmp_path / "imports.txt").read_text().splitlines()
