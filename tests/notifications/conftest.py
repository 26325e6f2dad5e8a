"""Fixtures of the tests of notifications."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import httpx
import pytest

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from services.notifications.consumers import HANDLERS
from services.notifications.wiring import SERVICE
from tests.notifications.mail_server import Sink
from tests.receiver import Receiver


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[httpx.AsyncClient]]) -> httpx.AsyncClient:
    return await client_of("notifications")


@pytest.fixture
def db(databases: Mapping[str, Database]) -> Database:
    return databases["notifications"]


@pytest.fixture
def inbox(db: Database) -> Inbox:
    return Inbox(db, "notifications", SERVICE.listens_to, HANDLERS)


@pytest.fixture
async def receiver(tmp_path: Path) -> AsyncIterator[Receiver]:
    one = Receiver(tmp_path)
    async with one.listening():
        yield one


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    one = Sink()
    async with one.listening():
        yield one
