"""Fixtures of the tests of the directory."""

from collections.abc import Awaitable, Callable, Mapping

import httpx
import pytest

from chassis.db.database import Database
from tests.directory.steps import founded


@pytest.fixture
def db(databases: Mapping[str, Database]) -> Database:
    return databases["directory"]


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[httpx.AsyncClient]], db: Database) -> httpx.AsyncClient:
    return await founded(client_of, db)
