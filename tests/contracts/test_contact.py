"""The security contact of the operator is published (RFC 9116)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from chassis.auth.tokens import NoDirectory
from chassis.http.application import application
from chassis.settings import Settings, SettingsError
from services import contact


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = application([], NoDirectory(), routes=contact.routes(settings), settings=settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def test_operators_contact_is_shown_without_a_token(tmp_path: Path) -> None:
    env = {
        "ENTRAIDE_SECURITY_CONTACT": "mailto:cert@entraide.example",
        "ENTRAIDE_PUBLIC_URL": "https://entraide.example/",
    }
    async with served(Settings.from_env(env, (), state=tmp_path)) as client:
        answer = await client.get("/.well-known/security.txt")

    assert (200, "text/plain; charset=utf-8") == (answer.status_code, answer.headers["Content-Type"])
    said = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert ["Contact", "Expires", "Preferred-Languages", "Canonical"] == list(said)
    assert "mailto:cert@entraide.example" == said["Contact"]
    assert "https://entraide.example/.well-known/security.txt" == said["Canonical"]
    ends = datetime.fromisoformat(said["Expires"])
    assert timedelta(days=1) < ends - datetime.now(UTC) < timedelta(days=365)


async def test_where_none_is_named_nothing_is_there(tmp_path: Path) -> None:
    async with served(Settings(state=tmp_path)) as client:
        assert (await client.get("/.well-known/security.txt")).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    ["cert@entraide.example", "http://entraide.example", "mailto:a@b.example\nExpires: 1970", "mailto:", "mailto:a b"],
)
def test_what_is_no_contact_is_refused(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ENTRAIDE_SECURITY_CONTACT"):
        Settings.from_env({"ENTRAIDE_SECURITY_CONTACT": wrong}, (), state=tmp_path)
