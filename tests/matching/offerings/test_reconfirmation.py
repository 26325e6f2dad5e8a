"""A provider is reminded once to reconfirm an offering before it lapses; reconfirmation extends the validity."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from chassis import clock
from chassis.db.database import Database
from chassis.rebuild import verify
from services.matching.offerings import actions
from services.matching.wiring import SERVICE
from tests.builders import AHEAD, headers
from tests.clocks import Ticking
from tests.databases import connected
from tests.matching.offerings.steps import approved, move, offered
from tests.matching.steps import NORWAY, Client

ENDS = date(AHEAD + 1, 12, 31)
DUE = datetime.combine(ENDS - timedelta(days=30), time.min, UTC)


async def remind(databases: Mapping[str, Database], at: datetime) -> int:
    async with databases["matching"].transaction() as tx:
        return await actions.remind(tx, at)


async def reminders(databases: Mapping[str, Database]) -> list[dict[str, Any]]:
    async with databases["matching"].transaction() as tx:
        rows = await tx.fetch("SELECT event FROM journal WHERE type = 'matching.offering.reconfirmation_due.v1'")
    return [json.loads(row["event"])["data"] for row in rows]


async def test_provider_is_reminded_once_with_several_processes(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    offering = await approved(api)
    await offered(api)
    assert 0 == await remind(databases, DUE - timedelta(seconds=1))

    async with databases["matching"].transaction() as tx:
        assert 1 == await actions.remind(tx, DUE)
        assert 0 == await remind(databases, DUE), "offerings that another process has claimed are skipped"
    assert 0 == sum(await asyncio.gather(*(remind(databases, DUE + timedelta(days=9)) for _ in range(4))))

    (fact,) = await reminders(databases)
    assert (offering["offering_id"], "NOR", ENDS.isoformat()) == (
        fact["offering_id"], fact["provider"], fact["valid_until"],
    )  # fmt: skip
    async with connected(database_url, "matching", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_reminder_after_a_rollback_is_recorded_by_the_next_process(
    api: Client, databases: Mapping[str, Database]
) -> None:
    await approved(api)
    try:
        async with databases["matching"].transaction() as tx:
            assert 1 == await actions.remind(tx, DUE)
            raise RuntimeError("killed before the COMMIT")
    except RuntimeError:
        pass

    assert 1 == await remind(databases, DUE)
    assert 1 == len(await reminders(databases))


async def test_reconfirmation_extends_the_validity_and_reminds_again(
    api: Client, databases: Mapping[str, Database]
) -> None:
    offering = await approved(api)
    await remind(databases, DUE)
    offering["revision"] += 1
    until = f"{AHEAD + 2}-06-30"

    extended = await move(api, offering, "reconfirm", NORWAY, valid_until=until)

    assert (until, "available") == (extended["valid"]["until"], extended["status"])
    assert 0 == await remind(databases, DUE + timedelta(days=29))
    assert 1 == await remind(databases, datetime(AHEAD + 2, 5, 31, tzinfo=UTC))


async def test_reconfirmation_within_the_reminded_days_extends_by_a_year(api: Client) -> None:
    offering = await approved(api)
    with clock.use_clock(Ticking(DUE)):
        extended = await move(api, offering, "reconfirm", NORWAY)

    assert f"{AHEAD + 2}-12-31" == extended["valid"]["until"]


async def test_early_reconfirmation_without_a_day_keeps_the_validity(api: Client) -> None:
    extended = await move(api, await approved(api), "reconfirm", NORWAY)

    assert ENDS.isoformat() == extended["valid"]["until"]
    assert extended["reconfirmed_at"]


async def test_day_that_is_no_extension_is_refused(api: Client) -> None:
    offering = await approved(api)
    path, given = f"/v1/offerings/{offering['offering_id']}/reconfirm", headers(NORWAY, revision=offering["revision"])

    answer = await api.post(path, json={"valid_until": ENDS.isoformat()}, headers=given)

    assert (400, "validity-not-extended") == (answer.status_code, answer.json()["slug"])


async def test_suspended_and_ended_offerings(api: Client, databases: Mapping[str, Database]) -> None:
    await move(api, await approved(api), "suspend", NORWAY)
    await move(api, await approved(api), "withdraw", NORWAY)

    assert 1 == await remind(databases, DUE), "only the suspended offering is due"
