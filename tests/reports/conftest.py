"""Fixtures of the tests of reports."""

from collections.abc import Awaitable, Callable, Mapping

import pytest

from chassis.db.database import Database
from tests.reports.steps import Client, Owners


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]]) -> Client:
    return await client_of("reports")


@pytest.fixture
def db(databases: Mapping[str, Database]) -> Database:
    return databases["reports"]


@pytest.fixture
def owners(db: Database) -> Owners:
    return Owners(db)
