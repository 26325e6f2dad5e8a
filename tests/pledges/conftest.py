"""Fixtures of the tests of pledges."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import cache

import httpx
import pytest

from chassis import clock
from chassis.db.database import Database
from chassis.db.migrate import role_of
from chassis.http.application import application
from chassis.journal.inbox import Inbox
from chassis.runtime import verifier
from services.pledges.consumers import HANDLERS
from services.pledges.ledger import snapshots
from tests.clocks import MORNING, Ticking
from tests.conftest import Servers, running_of, settings_of
from tests.databases import connected, connection
from tests.pledges.open_data.steps import given, given_up, used
from tests.pledges.steps import Client, prepared


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "CLOSE_LAG_SECONDS", 0.0)


@pytest.fixture
async def way(api: Client, databases: Mapping[str, Database]) -> dict[str, str]:
    pledge_id = await given(api)
    await given_up(api)
    return {"pledge_id": pledge_id, "provider": await used(api, databases)}


@pytest.fixture(scope="session")
def prepared_from(servers: Servers) -> Callable[[str], str]:
    """Function that names a clone of a template prepared by `prepared`, which takes longer than most tests."""

    @cache
    def named(template: str) -> str:
        name = f"{template}_prepared"
        # The clock is set before the moment at which a test's clock begins.
        with clock.use_clock(Ticking(MORNING - timedelta(minutes=1))):
            asyncio.run(_prepare(servers, template, name))
        return name

    return named


async def _prepare(servers: Servers, template: str, name: str) -> None:
    async with connection(servers.postgres.dsn()) as server:
        await server.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    address = servers.postgres.dsn(name)
    settings = settings_of(servers, address)
    async with connected(address, "pledges", role=role_of("pledges")) as db:
        running = running_of(settings, {"pledges": db}, "pledges")
        app = application(running, verifier(settings, running[0].callers), settings=settings)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            await prepared(client)


@pytest.fixture
def prepared_ledger() -> None:
    """Two SHERLOC funds, the fund for requests, and rates of a year in the test's database from the beginning."""


@pytest.fixture
def fitting_template(request: pytest.FixtureRequest, fitting_template: str) -> str:
    if "prepared_ledger" in request.fixturenames:
        made: str = request.getfixturevalue("prepared_from")(fitting_template)
        return made
    return fitting_template


@pytest.fixture
async def api(prepared_ledger: None, client_of: Callable[..., Awaitable[Client]]) -> Client:
    return await client_of("pledges")


@pytest.fixture
def db(databases: Mapping[str, Database]) -> Database:
    return databases["pledges"]


@pytest.fixture
def inbox(databases: Mapping[str, Database]) -> Inbox:
    return Inbox(databases["pledges"], "pledges", ["matching"], HANDLERS)
