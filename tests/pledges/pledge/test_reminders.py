"""Reminders of due and late instalments, and lapses of unsigned pledges."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import asyncpg

from chassis import clock
from chassis.db.database import Database
from tests.pledges.pledge.steps import run_clock
from tests.pledges.steps import NORWAY, Client, agreed, fund, move, part, pledge_of, pledged, post, receive, usd


async def test_reminders_before_and_twice_after_due_date(api: Client, databases: Mapping[str, Database]) -> None:
    db = databases["pledges"]
    pledge = await agreed(
        api, 1000, part(400, "2127-04-01"), part(300, "2127-06-01", "report_accepted"), part(300, "2127-09-01")
    )
    days = ("2127-03-17", "2127-03-18", "2127-03-20", "2127-04-01", "2127-04-02", "2127-04-30", "2127-05-01")
    assert [await run_clock(db, day) for day in days] == [[], ["due-soon"], [], [], ["overdue"], [], ["overdue"]]
    # A conditional instalment is not due; a missed reminder is not sent later.
    assert [await run_clock(db, day) for day in ("2127-06-02", "2127-09-15", "2127-09-17")] == [[], ["overdue"], []]
    pledge = await receive(api, await pledge_of(api, pledge), usd(700))
    assert await run_clock(db, "2128-01-01") == []
    await move(api, pledge, "meet-condition", instalment=2, met_on=clock.now().date().isoformat())
    assert await run_clock(db, "2128-01-03") == ["overdue"]


async def test_pledge_in_use_is_not_reminded(api: Client, databases: Mapping[str, Database]) -> None:
    await agreed(api, 1000, part(1000, "2026-04-01"))
    today, later = clock.now().date(), clock.now().date() + timedelta(days=2)

    assert await run_clock(databases["pledges"], today.isoformat()) == []
    assert await run_clock(databases["pledges"], later.isoformat()) == ["overdue"]


async def test_rewording_does_not_suppress_reminder(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    """Otherwise daily rewording would suppress all reminders."""
    one = await agreed(api, 1000, part(1000, "2026-04-01"))
    connection = await asyncpg.connect(database_url)
    # Bypasses the trigger that keeps the journal append-only: the agreement was signed three days ago.
    await connection.execute("SET session_replication_role = replica")
    await connection.execute("UPDATE pledges.journal SET recorded_at = recorded_at - interval '3 days'")
    await connection.close()
    await post(api, f"/v1/pledges/{one['pledge_id']}/reword", NORWAY, revision=2, note="Fictitious sample: later.")

    assert await run_clock(databases["pledges"], clock.now().date().isoformat()) == ["overdue"]


async def test_unsigned_pledge_lapses(api: Client, databases: Mapping[str, Database]) -> None:
    pledge = await pledged(api)

    assert await run_clock(databases["pledges"], "2027-02-12") == []
    assert await run_clock(databases["pledges"], "2027-02-13") == ["lapsed"]
    assert await run_clock(databases["pledges"], "2027-02-13") == []
    assert ((await pledge_of(api, pledge))["status"], (await fund(api))["pledged"]) == ("lapsed", 0)


async def test_failing_lapse_does_not_block_others(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    pledges = [await pledged(api) for _ in range(3)]
    first = pledges[0]["pledge_id"]
    await post(api, f"/v1/pledges/{first}/reword", NORWAY, revision=1, note="Fictitious sample.")
    connection = await asyncpg.connect(database_url)
    # The pledge's next fact would have a version that exists already.
    await connection.execute("UPDATE pledges.pledge SET revision = 1 WHERE pledge_id = $1", UUID(first))
    await connection.close()

    assert await run_clock(databases["pledges"], "2027-02-13") == ["lapsed", "lapsed"]

    statuses = [(await pledge_of(api, one))["status"] for one in pledges]
    assert statuses == ["pledged", "lapsed", "lapsed"]
