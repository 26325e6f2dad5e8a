"""Fixtures of the tests of sherloc."""

from collections.abc import Awaitable, Callable, Mapping

import pytest

from chassis.db.database import Database
from tests.sherloc.steps import Client


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]]) -> Client:
    return await client_of("sherloc")


@pytest.fixture
def db(databases: Mapping[str, Database]) -> Database:
    return databases["sherloc"]
