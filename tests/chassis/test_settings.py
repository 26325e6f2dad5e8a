"""Settings are read once; an invalid value or a misspelt name ends the program with one line."""

import tomllib
from pathlib import Path

import pytest

from chassis.settings import Settings, SettingsError
from chassis.version import VERSION

ROOT = Path(__file__).parents[2]


def read(**env: str) -> Settings:
    return Settings.from_env(env, ("requests",), state=Path("/nowhere"))


@pytest.mark.parametrize("value", ["loud", "WARNING", "10"])
def test_unknown_log_level_is_rejected(value: str) -> None:
    with pytest.raises(SettingsError, match="ENTRAIDE_LOG_LEVEL has to be one of warning, debug, info, error"):
        read(ENTRAIDE_LOG_LEVEL=value)


def test_unknown_log_format_is_rejected() -> None:
    with pytest.raises(SettingsError, match="ENTRAIDE_LOG_HUMAN"):
        read(ENTRAIDE_LOG_HUMAN="yes")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("ENTRAIDE_ISUER", "ENTRAIDE_ISSUER"),
        ("ENTRAIDE_WRITES_PER_MINTE", "ENTRAIDE_WRITES_PER_MINUTE"),
        ("ENTRAIDE_REQUEST_URL", "ENTRAIDE_REQUESTS_URL"),
        ("ENTRAIDE_WEBHOOKS_KEYS", "ENTRAIDE_WEBHOOK_KEYS"),
    ],
)
def test_misspelt_setting_is_rejected_with_the_nearest_name(given: str, meant: str) -> None:
    with pytest.raises(SettingsError, match=f"{given} is not a setting: did you mean {meant}\\?"):
        read(**{given: "on"})


def test_unrelated_name_with_our_prefix_is_reported_and_ignored() -> None:
    # A container platform sets such names for every service that it runs.
    settings = read(ENTRAIDE_EDGE_SERVICE_HOST="10.0.0.1", ENTRAIDE_VENV="/venv", LANG="C.UTF-8")

    assert ("ENTRAIDE_EDGE_SERVICE_HOST",) == settings.unknown


def test_version_is_that_of_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert project["project"]["version"] == VERSION
