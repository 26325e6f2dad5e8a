"""The demo's mailbox shows all mail to all callers, so it is absent with a configured issuer."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from chassis.embedded import free_port
from chassis.runtime import listener
from chassis.service import Running
from chassis.settings import Settings
from services.all_in_one import _serve
from services.composition import all_services
from tests import builders

NAMES = ("requests", "matching", "pledges", "delivery", "sherloc", "notifications", "directory")


@pytest.mark.parametrize("own_issuer", [True, pytest.param(False, marks=pytest.mark.soak)])
async def test_mailbox_is_absent_with_a_configured_issuer(settings: Settings, tmp_path: Path, own_issuer: bool) -> None:
    settings = replace(settings, port=free_port())
    if own_issuer:
        assert builders.issuer is not None
        builders.issuer.publish_keys(tmp_path / "jwks.json")
        token = tmp_path / "token"
        token.write_text(builders.issuer.token("the-service", more={"client_id": "the-service"}))
        settings = replace(
            settings,
            keys=str(tmp_path / "jwks.json"),
            subjects=dict.fromkeys(NAMES, "the-service"),
            clients=dict.fromkeys(NAMES, "the-service"),
            service_token_file=token,
        )
    answers: list[int] = []
    said: list[str] = []

    async def ask(settings: Settings, _running: list[Running], stop: asyncio.Event) -> None:
        try:
            address = f"http://{settings.host}:{settings.port}"
            async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
                for path in ("/mailbox", "/mailbox/mails", "/health/live"):
                    answers.append((await client.get(path)).status_code)
        finally:
            stop.set()

    with listener(settings.host, settings.port) as bound:
        await _serve(settings, all_services(), [], said.append, ask, bound)

    mails: Any = 404 if own_issuer else 200
    assert [mails, 200] == [answers[0], answers[2]]
    assert own_issuer is not any("/mailbox" in line for line in said)
