"""Due follow-ups are recorded once, although the processes that record them are killed at any point."""

from datetime import timedelta

import pytest

from chassis.db.database import Database
from services.delivery.follow_ups import store
from tests.delivery.follow_ups.steps import DUE, completed
from tests.delivery.steps import Client, Matching
from tests.due_child import POINTS, run_killed

DELIVERIES = 8


@pytest.mark.soak
async def test_due_follow_ups_are_recorded_once_with_processes_killed(
    api: Client, matching: Matching, db: Database, database_url: str
) -> None:
    for _ in range(DELIVERIES):
        await completed(api, matching)
    for days in (0, 30):
        await run_killed("delivery", database_url, DUE[6] + timedelta(days=days), [(2, POINTS[0]), (3, POINTS[1])])

    async with db.transaction() as tx:
        rows = await tx.fetch(
            """
            SELECT array_agg(journal.type ORDER BY version) AS types FROM follow_up JOIN journal
                ON aggregate_id = follow_up_id WHERE month = 6 GROUP BY follow_up_id
            """
        )
    events = [f"delivery.follow_up.{name}.v1" for name in ("scheduled", "asked", "reminded")]
    assert 2 * DELIVERIES * [events] == [row["types"] for row in rows]
    assert store.DUE_MAX > 1
