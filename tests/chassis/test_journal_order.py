"""The journal is read in the order of transaction ids as numbers, not as text."""

from collections.abc import Mapping
from uuid import uuid4

import asyncpg

from chassis.db.database import Database
from chassis.journal.outbox import announce, read
from contracts.requests import RequestRegistered
from tests.builders import NOON

WRITTEN_BY = ["8", "9", "10", "11", "100"]


async def test_page_skips_no_event(databases: Mapping[str, Database], database_url: str) -> None:
    owner = await asyncpg.connect(database_url)
    db = databases["requests"]
    expected = []
    for written_by in WRITTEN_BY:
        async with db.transaction() as tx:
            fact = RequestRegistered(request_id=uuid4(), state="KEN", reference="TA-2026-00001", registered_at=NOON)
            event = await announce(tx, fact, version=1)
        statement = "UPDATE requests.journal SET written_by = $1::text::xid8 WHERE event_id = $2"
        await owner.execute(statement, written_by, event.id)
        expected.append(event.id)
    await owner.close()

    found, after, more = [], "0.0", True
    while more:
        async with db.transaction() as tx:
            page = await read(tx, after=after, limit=2)
        found += [event.id for event in page.events]
        after, more = page.after, page.more

    assert expected == found
