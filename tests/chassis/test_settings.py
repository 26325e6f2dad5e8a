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
        ("DATABASE_URL_REQUEST", "DATABASE_URL_REQUESTS"),
        ("DATABASE_URL_REQUESTS_FLE", "DATABASE_URL_REQUESTS_FILE"),
        ("NATS_URLS_REQUESTS", "NATS_URL_REQUESTS"),
        ("SMTP_URL_FIL", "SMTP_URL_FILE"),
    ],
)
def test_misspelt_setting_is_rejected_with_the_nearest_name(given: str, meant: str) -> None:
    with pytest.raises(SettingsError, match=f"{given} is not a setting: did you mean {meant}\\?"):
        read(**{given: "on"})


def test_unrelated_name_with_a_prefix_of_ours_is_reported_and_ignored() -> None:
    # A container platform sets such names for every service that it runs.
    settings = read(
        ENTRAIDE_EDGE_SERVICE_HOST="10.0.0.1",
        ENTRAIDE_VENV="/venv",
        DATABASE_URL_REPORTING_TOOL="postgresql://elsewhere/other",
        DATABASE_URI="postgresql://elsewhere/other",
        LANG="C.UTF-8",
    )

    assert settings.unknown == ("DATABASE_URL_REPORTING_TOOL", "ENTRAIDE_EDGE_SERVICE_HOST")


def test_broker_and_database_may_have_several_hosts_with_ports() -> None:
    nats, database = (
        "tls://u:p@nats-1:4222,nats-2:4222,[::1]?ca=ca.pem",
        "postgresql://u:p@db-1:5432,db-2:5433/entraide",
    )
    settings = read(NATS_URL=nats, DATABASE_URL=database, NATS_URL_REQUESTS=nats)

    assert (nats, database, nats) == (settings.nats_url, settings.database_url, settings.nats_urls["requests"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NATS_URL", "nats://u:p@one:4222,two:many"),
        ("NATS_URL", "nats://u:p@one:4222,,two:4222"),
        ("NATS_URL", "nats://u:p@one:4222,two:99999"),
        ("DATABASE_URL", "postgresql://u:secret/word@one:5432/entraide"),
        ("SMTP_URL", "smtp://u:p@one:25,two:25"),
        ("ENTRAIDE_PUBLIC_URL", "https://one.example,two.example"),
    ],
)
def test_malformed_host_or_a_second_one_where_there_is_one_is_rejected(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} (is not an address|has to name one host)"):
        read(**{name: value})


def test_version_is_that_of_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert project["project"]["version"] == VERSION
