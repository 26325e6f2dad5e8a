"""Fixtures of the tests of delivery."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from chassis.db.database import Database
from chassis.settings import Settings
from services.delivery.wiring import FOLDER
from tests.delivery.steps import Client, Matching


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]]) -> Client:
    """A client of the delivery service and the requests service, which answers questions about consents."""
    return await client_of("delivery", "requests")


@pytest.fixture
def db(databases: Mapping[str, Database]) -> Database:
    return databases["delivery"]


@pytest.fixture
def folder(settings: Settings) -> Path:
    return settings.files_folder / FOLDER


@pytest.fixture
def matching(db: Database) -> Matching:
    return Matching(db)
