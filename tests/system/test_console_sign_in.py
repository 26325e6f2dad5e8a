"""Signing in to the console beside an issuer whose tokens are not for the platform."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from chassis.embedded import Nats
from services.composition import NAMES
from tests.provider import PASSWORD, SERVER, Browser, Provider, a_key
from tests.system.platform import Platform, running

ADDRESS = "http://127.0.0.1:9"
"""Where the console is for browsers; the test brings what the issuer sends there to where it listens."""


@pytest.fixture
def provider() -> Iterator[Provider]:
    with contextlib.closing(Provider("Ed25519", f"{ADDRESS}/signed-in")) as made:
        made.start([a_key("Ed25519", "first")])
        yield made


@pytest.fixture
def platform(provider: Provider, database_url: str, own_broker: Nats, state: Path) -> Iterator[Platform]:
    (state / "token").write_text(provider.service_token("requests"))
    services = {f"ENTRAIDE_{name.upper()}_{what}": name for name in NAMES for what in ("SUBJECT", "CLIENT")}
    with running(
        "together", database_url=database_url, nats=own_broker, smtp_url="smtp://127.0.0.1:9", state=state,
        ENTRAIDE_ISSUER=provider.issuer, ENTRAIDE_CLIENT_ID=SERVER, ENTRAIDE_CLIENT_SECRET=PASSWORD,
        ENTRAIDE_SESSION_KEY="k" * 32, ENTRAIDE_PUBLIC_URL=ADDRESS, ENTRAIDE_SERVICE_TOKEN_FILE=str(state / "token"),
        **services,
    ) as made:  # fmt: skip
        yield made


async def test_page_and_log_say_that_the_token_is_not_for_the_platform(platform: Platform, state: Path) -> None:
    browser = Browser()
    async with httpx.AsyncClient(base_url=platform.addresses["console"], trust_env=False, timeout=30) as client:
        begun = await client.get("/fr/sign-in/begin", params={"after": "/fr/requests"})
        back = await browser.signs_in(begun.headers["location"], "somebody")
        refused = await client.get(back.removeprefix(ADDRESS))
        shown = await client.get(refused.headers["location"])
        other = await client.get("/fr/sign-in", params={"failed": "not-found"})
    await browser.close()

    assert "failed=access-token-unsuitable" in refused.headers["location"]
    assert "jeton d’accès qui n’est pas destiné à cette plateforme" in shown.text
    assert "la connexion n’a pas abouti" in other.text
    said = [json.loads(line) for line in (state / "up.log").read_text().splitlines() if line.startswith("{")]
    failed = [line for line in said if line["event"] == "sign-in failed"]
    assert [(line["slug"], line["wrong"]) for line in failed] == [("access-token-unsuitable", "format")]
