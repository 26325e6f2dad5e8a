"""The figures of the project's size are counted from its files."""

import subprocess
import sys

from tests.size import ROOT, sized, table

PLANTED = {
    "services/a.py": "from typing import Any\n\nvalue: Any = 1  # type: ignore[misc]\n",
    "chassis/b.py": "Anything = 1\n",
    "tests/test_a.py": "1\n2\n",
    "services/console/a.html": "<p>\n",
    "docs/a.md": "Three short words\n",
    "deploy/a.py": "not counted\n",
}
EXPECTED = {
    "product Python, lines": 4,
    "product Python, files": 2,
    "tests, lines": 2,
    "templates, lines": 1,
    "docs, words": 3,
    "lines with Any": 1,
    "type: ignore": 1,
}


def test_each_figure_counts_its_own_files() -> None:
    assert EXPECTED == sized(PLANTED)
    assert "product Python, lines                4             0" in table({"now": EXPECTED, "none": sized({})})


def test_unknown_revision_is_refused_with_what_to_do() -> None:
    told = subprocess.run([sys.executable, "-m", "tests.size", "nosuch"], cwd=ROOT, capture_output=True, text=True)

    assert told.returncode == 2
    assert "git has no revision nosuch" in told.stderr
    assert "Traceback" not in told.stderr
