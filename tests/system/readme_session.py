"""Run the session of README.md and compare its output with the one printed there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from chassis import clock
from tests.system.platform import ROOT, Platform

ADDRESS = "localhost:8400"
PROGRAM = "./dev entraide"
LEFT_OUT = "…"
IDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOMENTS = re.compile(r"\d{4}-\d{2}-\d{2}T[0-9:.]+Z")


def steps(readme: str) -> list[tuple[str, str]]:
    """Return each command of the session with the output that README shows, which is nothing for some."""
    session = readme.partition("## A session with curl")[2].partition("\n## ")[0]
    found: list[tuple[str, str]] = []
    for block in re.findall(r"^```sh\n(.*?)^```$", session, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.split("\n")
            taken = 1
            while lines[taken - 1].endswith("\\") or _in_document(lines[:taken]):
                taken += 1
            found.append(("\n".join(lines[:taken]), "\n".join(lines[taken:]).strip()))
    return found


def _in_document(lines: list[str]) -> bool:
    """Check whether a here-document is open after these lines."""
    return "<<'END'" in lines[0] and "END" not in lines[1:]


def run(platform: Platform, folder: Path) -> None:
    """Run the whole session against a platform with the sample world; raise AssertionError where README is wrong."""
    assert shutil.which("curl"), "the session needs curl"
    # The year in README will be over some day.
    readme = (ROOT / "README.md").read_text(encoding="utf-8").replace("2027-", f"{clock.now().year + 1}-")
    found = steps(readme)
    assert len(found) >= 5, found
    program = f"{sys.executable} -P -m services"
    script = "".join(
        f"{command.replace(PROGRAM, program).replace(ADDRESS, platform.addresses['requests'].removeprefix('http://'))}\n"
        f"printf '\\n\\036\\n'\n"
        for command, _ in found
    )
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={**os.environ, **platform.environment, "PYTHONPATH": str(ROOT), "NO_PROXY": "*"},
        cwd=folder, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    for (command, expected), printed in zip(found, done.stdout.split("\n\036\n"), strict=False):
        compare(command, expected, printed)


def compare(command: str, expected: str, printed: str) -> None:
    """Check that each piece between two `…` is in the output, in that order, ignoring ids, moments and blanks."""
    rest = plain(printed)
    for piece in plain(expected).split(LEFT_OUT):
        at = rest.find(piece)
        assert at >= 0, f"README shows after\n{command}\nwhat is not printed:\n{piece}\nin:\n{printed}"
        rest = rest[at + len(piece) :]


def plain(text: str) -> str:
    """Return the text with ids and moments replaced, without blanks and line ends."""
    return re.sub(r"\s+", "", MOMENTS.sub("MOMENT", IDS.sub("ID", text)))
