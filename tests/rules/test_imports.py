"""Each import rule of pyproject.toml bites: a copy of the tree with one violation planted is reported as broken."""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LINT = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
CONTRACTS: Sequence[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]["contracts"]

PLANTED = {
    "layers": [
        ("chassis/journal.py", "import services.requests.domain"),
        ("contracts/facts.py", "import chassis.ids"),
        ("contracts/values.py", "from services.pledges import money"),
    ],
    "independent-services": [
        ("services/requests/actions.py", "from services.matching import scoring"),
        ("services/matching/line.py", "import services.requests.domain"),
        ("services/pledges/domain.py", "from services.matching.match import Match"),
        ("services/notifications/audience.py", "import services.pledges.money"),
    ],
    "inside-a-service": [
        ("services/requests/store.py", "from services.requests import actions"),
        ("services/requests/domain.py", "from services.requests import policy"),
        ("services/matching/match_store.py", "import services.matching.suggesting"),
        ("services/pledges/ledger.py", "from services.pledges.api import ROUTES"),
        ("services/notifications/actions.py", "from services.notifications import sender"),
        # A file that stands in no layer yet.
        ("services/requests/reports.py", "import services.requests.store"),
    ],
    "pure": [
        ("services/requests/domain.py", "import asyncpg"),
        ("services/matching/match.py", "import asyncpg"),
        ("services/matching/offering.py", "import asyncpg"),
        ("services/pledges/domain.py", "import asyncpg"),
        ("services/notifications/domain.py", "import asyncpg"),
        ("services/requests/policy.py", "from litestar import get"),
        ("services/pledges/postings.py", "import socket"),
        ("services/notifications/destinations.py", "import socket"),
        ("services/matching/scoring.py", "import chassis.ids"),
        ("services/matching/text/words.py", "import socket"),
        # By way of another module it is an import all the same.
        ("contracts/reference/__init__.py", "import httpx"),
    ],
    "one-bus": [
        ("chassis/inbox.py", "import nats"),
        ("services/requests/actions.py", "from nats.aio.client import Client"),
    ],
    "one-composition-root": [
        ("services/together.py", "import services.pledges.wiring"),
        ("services/requests/api.py", "from services.requests.wiring import SERVICE"),
    ],
}
"""Contract → violations of it, each tried alone: a file, and the line that is put at its end."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("tree")
    for package in ("contracts", "chassis", "services"):
        shutil.copytree(ROOT / package, folder / package, ignore=_all_but_python)
    shutil.copy(ROOT / "pyproject.toml", folder)
    yield folder
    shutil.rmtree(folder)


def _all_but_python(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if not name.endswith(".py") and not Path(folder, name).is_dir()} | {"__pycache__"}


def lint(folder: Path, *contracts: str) -> str:
    """What import-linter says of each contract."""
    words = [word for contract in contracts for word in ("--contract", contract)]
    done = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", *words],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout


def test_the_tree_as_it_is_keeps_every_rule(copy: Path) -> None:
    said = lint(copy)

    for contract in CONTRACTS:
        assert f"{contract['name']} KEPT" in said
    assert f"{len(CONTRACTS)} kept, 0 broken" in said


def test_every_rule_has_a_planted_violation() -> None:
    assert {contract["id"] for contract in CONTRACTS} == set(PLANTED)


@pytest.mark.parametrize(
    ("contract", "file", "line"), [(contract, *one) for contract, planted in PLANTED.items() for one in planted]
)
def test_a_planted_violation_is_reported(copy: Path, contract: str, file: str, line: str) -> None:
    name = next(one["name"] for one in CONTRACTS if one["id"] == contract)
    path = copy / file
    before = path.read_text(encoding="utf-8") if path.exists() else None
    try:
        path.write_text(f"{before or ''}\n{line}\n", encoding="utf-8")
        said = lint(copy, contract)
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before, encoding="utf-8")

    assert f"{name} BROKEN" in said
