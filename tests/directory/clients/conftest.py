"""Fixtures of the tests of API clients."""

from collections.abc import AsyncIterator, Mapping

import pytest

from chassis.db.database import Database
from chassis.settings import Settings
from tests.directory.clients.steps import ADMINISTRATOR, AUDITOR, KENYA, NORWAY, Parts, beside
from tests.personas import appoint_in_directory
from tests.platform.steps import directory


@pytest.fixture
async def db(databases: Mapping[str, Database]) -> Database:
    await appoint_in_directory(databases["directory"], [KENYA, NORWAY, ADMINISTRATOR, AUDITOR])
    return databases["directory"]


@pytest.fixture
async def parts(db: Database, without_a_broker: Settings) -> AsyncIterator[Parts]:
    async with directory(without_a_broker) as api, beside(without_a_broker, "requests") as other:
        yield Parts(api, other)
