"""Fixtures of the tests of the platform."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import pytest

from chassis.db.database import Database
from chassis.settings import Settings
from tests.event_streams import RunningServices, serve_at_a_port


@pytest.fixture
def long(settings: Settings) -> Settings:
    """Settings with streams that do not end during a test."""
    return replace(settings, event_stream_seconds=60)


@pytest.fixture
async def services(long: Settings, databases: Mapping[str, Database]) -> AsyncIterator[RunningServices]:
    async with serve_at_a_port(long, databases, "requests") as made:
        yield made
