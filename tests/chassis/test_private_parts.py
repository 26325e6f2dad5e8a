"""Private parts of libraries are imported by one module and reviewed when a version changes them."""

import hashlib
import re
from importlib import util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRIVATE = re.compile(
    r"^\s*(?:from|import) (?:(?:litestar|uvicorn|markupsafe)(?:\.\w+)*\.(?:_\w+|httptools_impl)\b|markupsafe import .*\b_)",
    re.MULTILINE,
)
SEEN = {
    "litestar._kwargs.kwargs_model": "c5f6731b41bd7424",
    "litestar._kwargs.dependencies": "8d779aaa128d39c2",
    "litestar._kwargs.cleanup": "ea13a34938fd2b44",
    "uvicorn.protocols.http.httptools_impl": "1d4e1c579df41684",
    "markupsafe": "1f512743b0ba6e96",
}
"""Maps each module to the beginning of the SHA-256 of its source in the reviewed version."""


@pytest.mark.parametrize("module", SEEN)
def test_private_parts_of_libraries_are_unchanged(module: str) -> None:
    spec = util.find_spec(module)
    assert spec is not None, f"{module} is gone: review chassis/http/private_parts.py again"
    assert spec.origin is not None

    digest = hashlib.sha256(Path(spec.origin).read_bytes()).hexdigest()

    assert SEEN[module] == digest[:16], f"{module} has changed: review it and chassis/http/private_parts.py again"


def test_private_parts_are_imported_by_one_module() -> None:
    files = (path for tree in ("chassis", "services") for path in (ROOT / tree).rglob("*.py"))

    found = {path.relative_to(ROOT).as_posix() for path in files if PRIVATE.search(path.read_text(encoding="utf-8"))}

    assert {"chassis/http/private_parts.py"} == found
