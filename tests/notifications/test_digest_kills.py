"""Due digests are issued once, even if the processes that issue them are killed at any point."""

import pytest

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from tests.due_child import POINTS, run_killed
from tests.notifications.steps import NEXT_WEEK, Client, a_circulating_request, an_alert, the_digest_of_more_readers

READERS = 120


@pytest.mark.soak
async def test_due_digests_are_issued_once_with_processes_killed(
    api: Client, inbox: Inbox, db: Database, database_url: str
) -> None:
    await an_alert(api)
    await a_circulating_request(inbox)
    await the_digest_of_more_readers(db, READERS)

    await run_killed("notifications", database_url, NEXT_WEEK, [(3, POINTS[0]), (5, POINTS[1]), (6, POINTS[0])])

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
