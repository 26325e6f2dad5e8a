"""Steps of tests of API clients: the directory at its own port, another service, clients and tokens."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx

from chassis.http.application import application
from chassis.runtime import started_services, verifier
from chassis.settings import Settings
from services.composition import all_services
from tests.clocks import TODAY
from tests.directory.steps import done
from tests.platform.steps import KNOWN_SECONDS, STARTED_SECONDS, until

Client = httpx.AsyncClient
KENYA, NORWAY, ADMINISTRATOR, AUDITOR = "KEN:focal_point", "NOR:focal_point", "UNODC:administrator", "UNODC:auditor"
REQUESTS, TOKEN = "/v1/requests", "/v1/token"
GRANT = {"grant_type": "client_credentials"}
BOTH = ["read", "write"]


@dataclass(frozen=True)
class Parts:
    """The directory at its own port, and another service as in a process of its own."""

    api: Client
    other: Client


@contextlib.asynccontextmanager
async def beside(settings: Settings, *names: str) -> AsyncIterator[Client]:
    """Start these services, which ask the directory at the port of the settings for appointments and subjects."""
    services = [one for one in all_services() if one.name in names]
    async with started_services(
        settings, services, ports={"directory": settings.port} | dict.fromkeys(names, 0)
    ) as running:
        address = f"http://127.0.0.1:{settings.port}"
        app = application(running, verifier(settings, running[0].callers, address=address), settings=settings)
        await until(lambda: not any(one.callers.stale() for one in running), STARTED_SECONDS)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


def a_client(organization: str = "KEN", **changes: Any) -> dict[str, Any]:
    return {
        "organization": organization,
        "name": "Case system (fictitious)",
        "role": "official",
        "scopes": BOTH,
        "until": str(TODAY + timedelta(days=90)),
    } | changes


async def registered(api: Client, who: str = KENYA, **changes: Any) -> dict[str, Any]:
    return await done(api, "/v1/clients", who, **a_client(**changes))


async def token_response(
    api: Client, client: Mapping[str, Any], secret: str | None = None, **more: str
) -> httpx.Response:
    """Request a token by `client_secret_basic`."""
    return await api.post(TOKEN, data={**GRANT, **more}, auth=(client["client_id"], secret or client["secret"]))


async def token_headers(api: Client, client: Mapping[str, Any], **more: str) -> dict[str, str]:
    """Request a token, and return headers with it and with an idempotency key."""
    answer = await token_response(api, client, **more)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}", "Idempotency-Key": str(uuid4())}


async def until_answered(api: Client, head: Mapping[str, str], status: int, path: str = REQUESTS) -> httpx.Response:
    began = time.monotonic()
    while (answer := await api.get(path, headers=head)).status_code != status:
        assert time.monotonic() - began < (STARTED_SECONDS if status == 200 else KNOWN_SECONDS), answer.text
        await asyncio.sleep(0.05)
    return answer
