"""Planners of rounds: killed or slow children, leases, and when a round is not planned."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast
from uuid import UUID, uuid4

import httpx

from chassis import clock
from chassis.activity import Activity
from chassis.db.database import Database
from chassis.supervise import supervised, while_active
from services.matching.index.memory import Memory
from services.matching.rounds import snapshot
from services.matching.rounds import store as round_store
from services.matching.rounds.planner import TIMES_MAX, Planner
from services.matching.rounds.solver.child import Child, Limits
from services.matching.rounds.solver.solve import Question
from services.matching.wiring import plan_rounds
from tests.matching.rounds.steps import asked, end, offered, planned, shown, wanted
from tests.matching.steps import Owner

Client = httpx.AsyncClient
Databases = Mapping[str, Database]


HANGS = "import time; time.sleep(600)"
TELLS_AND_HANGS = """
import json, sys, time
one = json.load(sys.stdin)["problem"]["candidates"][0]
plan = [{"line": one["line"], "offering": one["offering"], "period": one["period"], "units": 1}]
print(json.dumps({"type": "better", "plan": plan, "bound": 10**9}), flush=True)
time.sleep(600)
"""


class Endless(Child):
    """A child that never ends, and reports one plan at most."""

    says = HANGS

    def __init__(self, question: Question, limits: Limits) -> None:
        super().__init__(question, limits)
        self.command = [sys.executable, "-c", self.says]


class Telling(Endless):
    says = TELLS_AND_HANGS


async def killed(api: Client, db: Database, kind: type[Child], ready: Callable[[Child], object]) -> dict[str, Any]:
    """Return a round whose child is killed from outside once it is ready."""
    children: list[Child] = []

    def keep(question: Question, limits: Limits) -> Child:
        children.append(kind(question, limits))
        return children[0]

    one = await asked(api)
    planning = asyncio.create_task(Planner(db, Memory(), child=keep).plan_next())
    while not children or not ready(children[0]):
        await asyncio.sleep(0.01)
    os.kill(children[0].pid or 0, signal.SIGKILL)
    assert await planning
    return await shown(api, one["round_id"])


async def test_killed_child_fails_the_round(api: Client, db: Database, owner: Owner) -> None:
    await offered(api)
    await wanted(owner)

    found = await killed(api, db, Endless, lambda child: child.pid)

    assert ("failed", "killed", []) == (found["status"], found["outcome"], found["plan"])
    assert "stopped from outside" in found["says"]


async def test_best_plan_of_a_failed_round_is_shown_but_not_adoptable(api: Client, db: Database, owner: Owner) -> None:
    await offered(api)
    for state in ("KEN", "NER"):
        await wanted(owner, state)

    found = await killed(api, db, Telling, lambda child: child.best)

    assert ("failed", "killed", 1, 1) == (found["status"], found["outcome"], len(found["plan"]), len(found["unmet"]))
    assert "round-status" == (await end(api, found, "adopt")).json()["slug"]
    assert 200 == (await end(api, found, "discard")).status_code


async def test_timeout_without_a_plan_fails_the_round(api: Client, db: Database, owner: Owner) -> None:
    await offered(api)
    await wanted(owner)
    one = await asked(api, seconds=1)

    assert await Planner(db, Memory(), child=Endless).plan_next()

    found = await shown(api, one["round_id"])
    assert ("failed", "out_of_time") == (found["status"], found["outcome"])


async def test_timeout_keeps_the_best_plan_and_more_time_continues(api: Client, db: Database, owner: Owner) -> None:
    await offered(api)
    for state in ("KEN", "NER"):
        await wanted(owner, state)
    one = await asked(api, seconds=4)
    assert await Planner(db, Memory(), child=Telling).plan_next()
    found = await shown(api, one["round_id"])

    longer = await planned(api, db, seconds=30, based_on=one["round_id"])

    assert ("planned", "time", 1) == (found["status"], found["ended"], found["deliveries"])
    assert found["gap_millionths"] > 0
    assert ("proven", longer["bound"]) == (longer["ended"], longer["value"])
    assert longer["value"] >= found["value"]


async def test_round_of_a_dead_planner_is_planned_by_another(api: Client, db: Database, owner: Owner) -> None:
    await offered(api)
    await wanted(owner)
    one = await asked(api)
    planning = asyncio.create_task(Planner(db, Memory(), child=Endless, lease_seconds=6).plan_next())
    await _claimed(db)
    assert not await Planner(db, Memory()).plan_next(), "another planner has the lease"
    planning.cancel()
    await asyncio.gather(planning, return_exceptions=True)

    async with asyncio.timeout(50):
        while not await Planner(db, Memory()).plan_next():
            await asyncio.sleep(0.2)

    assert "planned" == (await shown(api, one["round_id"]))["status"]


async def _claimed(db: Database) -> None:
    """Wait until a planner has a lease."""
    async with asyncio.timeout(10):
        while True:
            async with db.transaction() as tx:
                if await tx.fetchval("SELECT EXISTS (SELECT FROM round_lease)"):
                    return
            await asyncio.sleep(0.05)


async def _lease_end(db: Database) -> datetime:
    async with db.transaction() as tx:
        return cast(datetime, await tx.fetchval("SELECT until FROM round_lease"))


async def test_expired_lease_is_taken_over_on_an_idle_platform(api: Client, db: Database, owner: Owner) -> None:
    await offered(api)
    await wanted(owner)
    one = await asked(api)
    async with db.transaction() as tx:
        assert await round_store.claim(tx, holder=uuid4(), lease_seconds=2)
    idle = Activity(active_seconds=0)

    async with supervised({"rounds": partial(while_active, idle, 0.5, partial(plan_rounds, Planner(db, Memory())))}):
        async with asyncio.timeout(50):
            while "asked" == (await shown(api, one["round_id"]))["status"]:
                await asyncio.sleep(0.1)

    assert "planned" == (await shown(api, one["round_id"]))["status"]


async def test_working_planner_renews_its_lease(api: Client, db: Database, owner: Owner) -> None:
    await asked(api)
    planning = asyncio.create_task(
        Planner(db, Memory(), child=Endless, lease_seconds=20, renew_seconds=0.1).plan_next()
    )
    await _claimed(db)
    claimed_until = await _lease_end(db)
    async with asyncio.timeout(30):
        while await _lease_end(db) == claimed_until:
            await asyncio.sleep(0.1)

    assert not await Planner(db, Memory()).plan_next()
    planning.cancel()
    await asyncio.gather(planning, return_exceptions=True)


async def test_round_that_kills_its_planners_is_given_up(api: Client, db: Database) -> None:
    one = await asked(api)
    for _ in range(TIMES_MAX):
        async with db.transaction() as tx:
            assert await round_store.claim(tx, holder=uuid4(), lease_seconds=0)

    assert await Planner(db, Memory()).plan_next()

    assert "given_up" == (await shown(api, one["round_id"]))["outcome"]


async def test_round_waits_for_current_consents(api: Client, db: Database, owner: Owner) -> None:
    await offered(api)
    await wanted(owner)
    one = await asked(api)
    async with db.transaction() as tx:
        await tx.execute("UPDATE consent_reading SET heard_at = '-infinity'")
    for _ in range(TIMES_MAX + 1):
        assert not await Planner(db, Memory()).plan_next()
        async with db.transaction() as tx:
            await tx.execute("UPDATE round_lease SET until = '-infinity'")
    assert "asked" == (await shown(api, one["round_id"]))["status"]

    async with db.transaction() as tx:
        await tx.execute("UPDATE consent_reading SET heard_at = 'infinity'")
    assert await Planner(db, Memory()).plan_next()

    assert "planned" == (await shown(api, one["round_id"]))["status"]


async def test_first_of_two_planners_stores_the_inputs(db: Database, api: Client) -> None:
    one = UUID((await asked(api))["round_id"])
    now = clock.now()
    async with db.transaction() as tx:
        first = await snapshot.snapshot_inputs(tx, Memory(), now=now)
        assert await round_store.save_world(tx, one, first)
        later = await snapshot.snapshot_inputs(tx, Memory(), now=now + timedelta(days=1))
        assert not await round_store.save_world(tx, one, later)
        assert first == (await round_store.documents(tx, one)).world


async def test_discarded_round_is_not_planned(api: Client, db: Database) -> None:
    one = await asked(api)
    assert 200 == (await end(api, one, "discard")).status_code

    assert not await Planner(db, Memory()).plan_next()
    assert "discarded" == (await shown(api, one["round_id"]))["status"]
