"""Refusals, errors and tokens are logged without any input of the caller."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import structlog
from structlog.testing import LogCapture, capture_logs

from chassis import clock
from chassis.db.database import Database
from chassis.telemetry import configure_logs
from tests.builders import a_request, headers, token

Client = httpx.AsyncClient
CANARY = "canary-5f2c"


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Configure logs like a service by default, independent of previous tests."""
    monkeypatch.setattr("logging.basicConfig", lambda **_: None)  # keep the configuration of the test run
    before = structlog.get_config()
    configure_logs(level="info")
    yield
    structlog.configure(**before)


@pytest.fixture
def log_lines() -> LogCapture:
    """The log entries after all processors except the renderer."""
    *done, _renderer = structlog.get_config()["processors"]
    capture = LogCapture()
    structlog.configure(processors=[*done, capture])
    return capture


async def test_refusal_is_logged_with_its_caller_and_without_input(api: Client) -> None:
    filed = (await api.post("/v1/requests", json=a_request(), headers=headers())).headers["Location"]
    kenya, norway = headers(), headers("NOR:focal_point")
    with capture_logs() as lines:
        await api.get(f"/v1/requests?state={CANARY}")
        await api.get("/v1/requests", headers={"Authorization": f"Bearer {CANARY}"})
        await api.get(filed, headers=norway)
        await api.get(f"/v1/requests/{uuid4()}", headers=norway)
        await api.post(f"{filed}/register", json={}, headers=headers(revision=1))
        await api.post("/v1/requests", json=a_request(**{CANARY: CANARY}), headers=kenya)
        await api.post("/v1/requests", content=f'{{"title": "{CANARY}\x00"}}', headers=kenya | JSON)
        await api.get(f"/v1/{CANARY}", headers=kenya)
        await api.request("TRACE", "/v1/requests", headers=kenya)

    refused = [line for line in lines if line["event"] == "refused"]
    one = "/v1/requests/{request_id}"
    assert [
        (401, "token-missing", "/v1/requests", None),
        (401, "token-invalid", "/v1/requests", None),
        (404, "not-found", one, "NOR:focal_point"),
        (404, "not-found", one, "NOR:focal_point"),
        (403, "not-for-your-role", f"{one}/register", "KEN:focal_point"),
        (400, "unknown-field", "/v1/requests", "KEN:focal_point"),
        (400, "nul-character", "none", "KEN:focal_point"),
        (404, "not-found", "none", "KEN:focal_point"),
        (405, "method-not-allowed", "none", "KEN:focal_point"),
    ] == [(line["status"], line["slug"], line["route"], caller_of(line)) for line in refused]
    assert CANARY not in json.dumps(refused)
    assert filed.rpartition("/")[2] not in json.dumps(refused), "a requested id may be a guess"


async def test_crash_is_logged_with_type_and_location_and_without_message(
    api: Client, databases: Mapping[str, Database], monkeypatch: pytest.MonkeyPatch, log_lines: LogCapture
) -> None:
    """The message is omitted, because a database error quotes the row that caused it."""

    def crash(*_: object, **__: object) -> None:
        raise LookupError(CANARY)

    monkeypatch.setattr(databases["requests"], "transaction", crash)
    assert (await api.get("/v1/requests", headers=headers())).status_code == 500

    (line,) = [line for line in log_lines.entries if line["log_level"] == "error"]
    assert "LookupError" == line["error"]
    assert line["frames"][-1].endswith(" crash")
    assert line["correlation_id"]
    assert CANARY not in json.dumps(log_lines.entries)


async def test_accepted_token_is_logged_once_with_its_caller(api: Client) -> None:
    both = {"Authorization": f"Bearer {token('KEN:official', 'UNODC:coordinator')}"}
    with capture_logs() as lines:
        assert (await api.get("/v1/requests", headers=both)).status_code == 403, "no appointment is named"
        for _ in range(2):
            assert (await api.get("/v1/requests", headers=both | {"Acting-As": "KEN:official"})).status_code == 200
        assert (await api.get("/v1/requests", headers={"Authorization": "Bearer x"})).status_code == 401

    (accepted,) = [line for line in lines if line["event"] == "token accepted"]
    assert "KEN:official" == caller_of(accepted)
    assert {"event", "log_level", "token_id", "person_id", "organization", "role"} == accepted.keys()
    assert both["Authorization"].removeprefix("Bearer ") not in json.dumps(lines)


JSON = {"Content-Type": "application/json"}


def caller_of(line: MutableMapping[str, Any]) -> str | None:
    assert ("person_id" in line) is ("role" in line)
    return f"{line['organization']}:{line['role']}" if "role" in line else None


def test_log_line_is_one_json_object_with_utc_time() -> None:
    """The text cannot begin a second line or add fields."""
    program = (
        "import structlog, sys; from chassis.telemetry import configure_logs; configure_logs(level='info');"
        "structlog.get_logger().info('refused', slug=sys.argv[1])"
    )
    text = 'a\r\n{"level": "error"}\n\u2028\u0085\x1b[2J", "role": "service'

    said = subprocess.run([sys.executable, "-c", program, text], capture_output=True, text=True, check=True)

    (line,) = said.stderr.splitlines()
    found = json.loads(line)
    assert {"event": "refused", "slug": text, "level": "info"} == {k: v for k, v in found.items() if k != "timestamp"}
    at = datetime.fromisoformat(found["timestamp"])
    assert at.utcoffset() == timedelta(0)
    assert abs(clock.now() - at) < timedelta(minutes=1)
    assert not any(letter < " " for letter in line)
