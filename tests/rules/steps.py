"""Helpers that several rules use."""

import importlib.machinery
import importlib.util
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType

from services.composition import NAMES

ROOT = Path(__file__).parents[2]
NAMED_TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
EVERY = "Every service"
ROW = re.compile(r"\| `(\w+)` \| ((?:`\w+`(?:, )?)+) \| ([a-z ]+) \| (.*)\|")
Listed = Mapping[tuple[str, str, str], str]
"""Maps `(service, table, column)` to its kind."""
WRITTEN_BY = {
    "journal": {"chassis/journal/outbox.py"},
    "pending": {"chassis/journal/outbox.py"},
    "inbox": {"chassis/journal/inbox.py", "chassis/journal/parked.py"},
    "heard": {"chassis/journal/inbox.py"},
    "watermark": {"chassis/journal/inbox.py", "chassis/auth/callers.py"},
    "caller": {"chassis/auth/callers.py"},
    "command": {"chassis/http/idempotency.py"},
    "audit": {"chassis/audit/log.py"},
    "audit_origin": {"chassis/audit/log.py"},
    "retention_hold": {"chassis/retention.py"},
    "seal": {"chassis/audit/sealing.py"},
    "erased": {"chassis/erasure.py"},
}
CHASSIS_TABLES = {*WRITTEN_BY, "migration"}


@cache
def dev() -> ModuleType:
    """Return the script `dev` as a module."""
    loader = importlib.machinery.SourceFileLoader("dev", str(ROOT / "dev"))
    spec = importlib.util.spec_from_loader("dev", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def missing_tests(text: str) -> list[str]:
    return [
        f"{file}::{name}"
        for file, name in NAMED_TEST.findall(text)
        if not (ROOT / file).is_file() or not re.search(rf"^(async )?def {name}\(", text_of(ROOT / file), re.MULTILINE)
    ]


def listed(text: str) -> Listed:
    found: dict[tuple[str, str, str], str] = {}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title = section.partition("\n")[0]
        for table, columns, kind, _ in ROW.findall(section):
            for service in NAMES if title == EVERY else (title,):
                for column in re.findall(r"\w+", columns):
                    assert (service, table, column) not in found, "listed twice"
                    found[service, table, column] = kind
    return found


def personal_columns() -> Listed:
    text = (ROOT / "docs/personal-data.md").read_text(encoding="utf-8")
    return listed(text)
