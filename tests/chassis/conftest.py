"""Fixtures of the tests of the chassis."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

import httpx
import pytest
from litestar.types import ControllerRouterHandler

from chassis.db.database import Database
from chassis.http.internal_api import events
from chassis.journal.bus import Bus, Consumer
from chassis.journal.streams import ensure_streams
from chassis.supervise import supervised
from services import reference
from services.composition import all_services
from services.documents import api as documents
from services.mailbox import Mailbox
from tests.chassis.steps import Jwks, RecordingConsumer
from tests.conftest import Servers


@pytest.fixture(scope="session")
def common_routes(tmp_path_factory: pytest.TempPathFactory) -> Sequence[ControllerRouterHandler]:
    """The routes that belong to no single service, the same for all tests, so that the application is cached."""
    mailbox = Mailbox(tmp_path_factory.mktemp("mailbox"), "127.0.0.1", 0)
    return [events, *reference.ROUTES, *documents.routes(all_services), *mailbox.routes()]


@pytest.fixture
def consumer(databases: Mapping[str, Database]) -> RecordingConsumer:
    return RecordingConsumer(databases["requests"])


@pytest.fixture
async def bus(servers: Servers, databases: Mapping[str, Database]) -> AsyncIterator[Bus]:
    """The connection of the requests service, on existing streams."""
    await ensure_streams(servers.nats.url("streams"), ["requests"], [Consumer(owner="requests", durable="matching")])
    bus = Bus(servers.nats.url("requests"), "requests")
    async with supervised({"broker": bus.keep_connected}):
        await bus.wait_connected()
        yield bus


@pytest.fixture
async def jwks() -> AsyncIterator[Jwks]:
    made = Jwks()
    made.set_keys("first")
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield made


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[httpx.AsyncClient]]) -> httpx.AsyncClient:
    return await client_of("requests")
