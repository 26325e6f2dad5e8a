"""Owners of due action points are reminded once, although the reminding processes are killed at any point."""

from datetime import datetime

import pytest

from chassis.db.database import Database
from services.delivery.action_points import store
from tests.builders import NOON
from tests.delivery.action_points.steps import DAY, DUE, added
from tests.delivery.steps import Client, Matching
from tests.delivery.strategies import steps as strategies
from tests.due_child import POINTS, run_killed

OF_A_DELIVERY, OF_A_STRATEGY = 12, 8


@pytest.mark.soak
async def test_owners_are_reminded_once_with_processes_killed(
    api: Client, matching: Matching, db: Database, database_url: str
) -> None:
    delivery_id = await matching.confirms()
    strategy_id = await strategies.drawn_up(api, await strategies.a_request(matching))
    for _ in range(OF_A_DELIVERY):
        await added(api, delivery_id)
    for _ in range(OF_A_STRATEGY):
        await strategies.added(api, strategy_id)
    await added(api, delivery_id, due_on=str(DUE + DAY))

    on_the_day = datetime.combine(DUE, NOON.timetz())
    await run_killed("delivery", database_url, on_the_day, [(2, POINTS[0]), (3, POINTS[1])])

    async with db.transaction() as tx:
        rows = await tx.fetch(
            """
            SELECT due_on, array_agg(journal.type ORDER BY version) AS types FROM action_point JOIN journal
                ON aggregate_id = action_point_id GROUP BY action_point_id ORDER BY due_on
            """
        )
    *due, later = [(row["due_on"], [one.split(".")[2] for one in row["types"]]) for row in rows]
    assert (OF_A_DELIVERY + OF_A_STRATEGY) * [(DUE, ["added", "reminded"])] == due
    assert (DUE + DAY, ["added"]) == later
    assert store.DUE_MAX > 1
