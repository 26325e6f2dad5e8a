"""Fixtures of the tests of pledges."""

from collections.abc import Awaitable, Callable, Mapping

import pytest

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from services.pledges.consumers import HANDLERS
from services.pledges.ledger import snapshots
from tests.pledges.open_data.steps import given, given_up, used
from tests.pledges.steps import Client, prepared


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "CLOSE_LAG_SECONDS", 0.0)


@pytest.fixture
async def way(api: Client, databases: Mapping[str, Database]) -> dict[str, str]:
    pledge_id = await given(api)
    await given_up(api)
    return {"pledge_id": pledge_id, "provider": await used(api, databases)}


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]]) -> Client:
    """The service with two SHERLOC funds, the fund for requests, and rates of a year."""
    return await prepared(await client_of("pledges"))


@pytest.fixture
def db(databases: Mapping[str, Database]) -> Database:
    return databases["pledges"]


@pytest.fixture
def inbox(databases: Mapping[str, Database]) -> Inbox:
    return Inbox(databases["pledges"], "pledges", ["matching"], HANDLERS)
