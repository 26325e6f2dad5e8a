"""Reference data beside the project, for comparison."""

import csv
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared" / "data"
SCRIPTS = {"ar": r"[\u0600-\u06FF]", "ru": r"[\u0400-\u04FF]", "zh": r"[\u4E00-\u9FFF]"}


def shared_rows(path: str) -> list[dict[str, str]]:
    if not SHARED.is_dir():
        pytest.skip(f"no reference data to compare with beside the project ({path})")
    with (SHARED / path).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
