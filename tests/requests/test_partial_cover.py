"""A line is met in part until its deliveries cover the whole group."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.coverage import Delivery, Fulfilment, fulfilment_of, residue_of
from contracts.matching import MatchBegun, MatchCompleted, MatchConfirmed, MatchRevoked
from services.requests.request import actions
from services.requests.wiring import SERVICE
from tests.builders import NOON, an_event, headers
from tests.matching.builders import SPRING
from tests.requests.steps import COORDINATOR, Client, opened

GROUP = 25


@pytest.mark.parametrize(
    ("deliveries", "residue", "fulfilment"),
    [
        ([], 25, Fulfilment.NONE),
        ([("revoked", 20)], 25, Fulfilment.NONE),
        ([("confirmed", 20)], 5, Fulfilment.PARTIAL),
        ([("completed", 20)], 5, Fulfilment.PARTIAL),
        ([("completed", 20), ("revoked", 5)], 5, Fulfilment.PARTIAL),
        ([("completed", 20), ("confirmed", 5)], 0, Fulfilment.COVERED),
        ([("completed", 20), ("completed", 5)], 0, Fulfilment.COMPLETE),
        ([("completed", 20), ("completed", 20)], 0, Fulfilment.COMPLETE),
        ([("completed", None)], 0, Fulfilment.COMPLETE),
        ([("confirmed", None)], 0, Fulfilment.COVERED),
    ],
)
def test_line_is_met_once_its_completed_deliveries_cover_the_group(
    deliveries: list[tuple[str, int | None]], residue: int, fulfilment: Fulfilment
) -> None:
    given = [Delivery(*one) for one in deliveries]

    assert (residue, fulfilment) == (residue_of(GROUP, given), fulfilment_of(GROUP, given))


async def hear(databases: Mapping[str, Database], fact: Any, version: int) -> None:
    async with databases["requests"].transaction() as tx:
        await actions.on_match_changed(tx, an_event(fact, version), fact)


async def test_line_shows_the_residue_and_stays_partial_until_it_is_0(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    request = await opened(api)
    assert GROUP == request["lines"][0]["group_size"]

    def a_match() -> dict[str, Any]:
        return {
            "match_id": uuid4(),
            "request_id": UUID(request["request_id"]),
            "line_id": UUID(request["lines"][0]["line_id"]),
            "offering_id": uuid4(),
            "state": "KEN",
            "provider": "NOR",
        }

    async def line() -> tuple[int, str]:
        answer = await api.get(f"/v1/requests/{request['request_id']}", headers=headers(COORDINATOR))
        (one,) = answer.json()["lines"]
        return one["residue"], one["fulfilment"]

    course, rest, revoked = a_match(), a_match(), a_match()
    assert (25, "none") == await line()
    await hear(databases, MatchConfirmed(**course, capacity_period=SPRING, covers=20, confirmed_at=NOON), 1)
    assert (5, "partial") == await line()
    await hear(databases, MatchBegun(**course, begun_at=NOON), 2)
    await hear(databases, MatchCompleted(**course, completed_at=NOON), 3)
    assert (5, "partial") == await line()
    await hear(databases, MatchConfirmed(**revoked, capacity_period=SPRING, covers=5, confirmed_at=NOON), 1)
    assert (0, "covered") == await line()
    await hear(databases, MatchRevoked(**revoked, reason="other", capacity_period=SPRING, revoked_at=NOON), 2)
    assert (5, "partial") == await line()
    await hear(databases, MatchConfirmed(**rest, capacity_period=SPRING, covers=5, confirmed_at=NOON), 1)
    await hear(databases, MatchCompleted(**rest, completed_at=NOON), 2)
    assert (0, "complete") == await line()

    migrator = await Database.connect(database_url, "requests", owner=True)
    try:
        assert [] == await verify(migrator, SERVICE)
    finally:
        await migrator.close()
