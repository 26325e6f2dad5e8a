"""Parked events, and messages that are not events, through the API: only operators read, release and discard them."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import uuid4

import httpx
import pytest

from chassis.db.database import Database
from contracts.parked import OPERATORS
from contracts.values import Role
from tests.builders import a_caller, headers
from tests.platform.parking import park

Client = httpx.AsyncClient
SERVICES = ("requests", "matching", "pledges", "delivery", "sherloc", "notifications", "reports")
COORDINATOR, ADMINISTRATOR = "UNODC:coordinator", "UNODC:administrator"


@pytest.mark.parametrize("service", SERVICES)
async def test_operator_releases_an_event_and_discards_what_is_none(
    service: str, client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database]
) -> None:
    api, path, event, message = await client_of(service), f"/v1/parked/{service}", uuid4(), uuid4()
    await park(databases[service], event)
    await park(databases[service], message, readable=False)

    answer = (await api.get(path, headers=headers(COORDINATOR))).json()
    assert 2 == answer["total"]
    assert [(str(event), "directory.person.entered.v1", ["release_parked"])] == [
        (one["event_id"], one["type"], one["moves"]) for one in answer["parked"] if one["type"]
    ]
    assert [(str(message), ["discard_parked"])] == [
        (one["event_id"], one["moves"]) for one in answer["parked"] if not one["type"]
    ]

    wrong = [f"{path}/{event}/discard", f"{path}/{message}/release", f"{path}/{uuid4()}/release"]
    refused = [await api.post(one, json={}, headers=headers(ADMINISTRATOR)) for one in wrong]
    assert [409, 409, 404] == [one.status_code for one in refused]
    for move in (f"{event}/release", f"{message}/discard"):
        asked = headers(ADMINISTRATOR)
        reported = [await api.post(f"{path}/{move}", json={}, headers=asked) for _ in range(2)]
        expected = "waiting" if move.endswith("release") else "discarded"
        assert [(200, expected)] * 2 == [(one.status_code, one.json()["status"]) for one in reported]
    left = (await api.get(path, headers=headers(COORDINATOR))).json()
    assert {"parked": [], "total": 0, "cursor": None} == left


async def test_rows_of_the_inbox_are_seen_by_operators_and_the_service(databases: Mapping[str, Database]) -> None:
    db = databases["matching"]
    await park(db, uuid4())
    for role in Role:
        async with db.transaction(by=a_caller(f"UNODC:{role}")) as tx:
            assert (role in OPERATORS) == bool(await tx.fetchval("SELECT count(*) FROM inbox")), role
    async with db.transaction() as tx:
        assert 1 == await tx.fetchval("SELECT count(*) FROM inbox")
