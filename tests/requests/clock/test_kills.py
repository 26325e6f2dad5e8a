"""Due clocks are recorded once, even if the processes that record them are killed at any point."""

from collections.abc import Mapping
from datetime import timedelta

from chassis import clock
from chassis.db.database import Database
from tests.due_child import POINTS, run_killed
from tests.requests.steps import Client, filed

CLOCKS = 60


async def test_due_clocks_are_recorded_once_with_processes_killed(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    db, request = databases["requests"], await filed(api)
    async with db.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO clock (clock_id, step, request_id, match_id, line_id, state, organization, role, since, due_at,
                remind_at, next_at, revision)
            SELECT gen_random_uuid(), 'provider_answer', $1, gen_random_uuid(), gen_random_uuid(), 'KEN', 'NOR',
                'provider_officer', since, since + interval '20 days', since + interval '10 days',
                since + interval '10 days', 1
            FROM generate_series(1, $3), (SELECT $2::timestamptz AS since) AS given
            """,
            request["request_id"],
            clock.now(),
            CLOCKS,
        )
    kills = [(2, POINTS[0]), (3, POINTS[1])]
    for days in (11, 21):
        await run_killed("requests", database_url, clock.now() + timedelta(days=days), kills)

    async with db.transaction() as tx:
        rows = await tx.fetch(
            """
            SELECT array_agg(journal.type ORDER BY version) AS types FROM clock LEFT JOIN journal
                ON aggregate_id = clock_id WHERE clock.step = 'provider_answer' GROUP BY clock_id
            """
        )
    assert CLOCKS * [["requests.clock.reminded.v1", "requests.clock.overdue.v1"]] == [row["types"] for row in rows]
