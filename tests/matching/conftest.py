"""Fixtures of the tests of matching."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import pytest

from chassis.db.database import Database
from chassis.settings import Settings
from tests.matching.steps import Client, Owner
from tests.matching.texts.steps import Stage, staged


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]]) -> Client:
    return await client_of("matching")


@pytest.fixture
def db(databases: Mapping[str, Database]) -> Database:
    return databases["matching"]


@pytest.fixture
def owner(db: Database) -> Owner:
    return Owner(db)


@pytest.fixture
async def stage(
    client_of: Callable[..., Awaitable[Client]], settings: Settings, databases: Mapping[str, Database]
) -> AsyncIterator[Stage]:
    async with staged(await client_of("requests", "matching"), settings, databases) as made:
        yield made
