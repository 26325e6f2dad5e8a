"""Digests that are due are issued once, though processes that issue them are killed at any point."""

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from tests.due_child import POINTS, run_killed
from tests.notifications.steps import NEXT_WEEK, Client, a_circulating_request, an_alert

READERS = 40


async def test_due_digests_are_issued_once_with_processes_killed(
    api: Client, inbox: Inbox, db: Database, database_url: str
) -> None:
    await an_alert(api)
    await a_circulating_request(inbox)
    async with db.transaction() as tx:
        # The digest of one reader, with what it found, for others of the same State.
        await tx.execute(
            """
            WITH reader AS (
                SELECT gen_random_uuid() AS person_id, gen_random_uuid() AS digest_id FROM generate_series(2, $1)
            ), due AS (
                INSERT INTO digest (digest_id, person_id, organization, role, frequency, due_at, status)
                SELECT reader.digest_id, reader.person_id, organization, role, frequency, due_at, status
                FROM reader, digest
            )
            INSERT INTO hit (hit_id, person_id, organization, role, subject, request_id, digest_id, recorded_at)
            SELECT gen_random_uuid(), reader.person_id, organization, role, subject, request_id, reader.digest_id,
                recorded_at FROM reader, hit
            """,
            READERS,
        )

    await run_killed("notifications", database_url, NEXT_WEEK, [(5, POINTS[0]), (8, POINTS[1]), (9, POINTS[0])])

    async with db.transaction() as tx:
        rows = await tx.fetch(
            """
            SELECT status, entries, count(DISTINCT event_id) AS facts, count(DISTINCT notification_id) AS notifications
            FROM digest LEFT JOIN journal ON aggregate_id = digest_id
                LEFT JOIN notification ON cause_id = digest_id AND notification.person_id = digest.person_id
            GROUP BY digest_id
            """
        )
    assert READERS * [("issued", 1, 1, 1)] == [tuple(row) for row in rows]
