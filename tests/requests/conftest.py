"""Fixtures of the tests of requests."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import httpx
import pytest

from chassis.db.database import Database
from chassis.settings import Settings
from tests.requests.mail_steps import Intake, intake_of


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[httpx.AsyncClient]]) -> httpx.AsyncClient:
    return await client_of("requests")


@pytest.fixture
def db(databases: Mapping[str, Database]) -> Database:
    return databases["requests"]


@pytest.fixture
def folder(settings: Settings) -> Path:
    return settings.files_folder


@pytest.fixture
async def intake(settings: Settings, databases: Mapping[str, Database], tmp_path: Path) -> AsyncIterator[Intake]:
    async with intake_of(settings, databases, tmp_path) as one:
        yield one
