"""Rounds from their routes to their tables: created, planned in a child process, shown with unmet lines."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

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
from tests import builders
from tests.builders import AHEAD, headers
from tests.matching.builders import a_submission
from tests.matching.rounds.steps import asked, end, offered, planned, served, shown, wanted, why
from tests.matching.steps import COORDINATOR, NORWAY, Owner, matches_of, move, opened
from tests.personas import appoint_persona

Client = httpx.AsyncClient
Databases = Mapping[str, Database]


async def test_round_allocates_by_value_and_explains_unmet_lines(api: Client, db: Database, owner: Owner) -> None:
    offering = await offered(api)
    lines = {state: await wanted(owner, state) for state in ("KEN", "NER")}
    elsewhere = await wanted(owner, "PER", kind="witness_protection")

    found = await planned(api, db, seconds=5, seed=3)

    assert ("planned", "proven", 3, 1, 0) == (
        found["status"], found["ended"], found["lines"], found["deliveries"], found["gap_millionths"],
    )  # fmt: skip
    assert found["value"] == found["bound"] > 0
    assert {str(lines["NER"]): [offering["offering_id"]]} == served(found), "a least developed, landlocked country"
    assert {str(lines["KEN"]): ["taken"], str(elsewhere): []} == why(found)
    unmet = {one["line_id"]: one for one in found["unmet"]}
    assert [str(lines["NER"])] == unmet[str(lines["KEN"])]["hindrances"][0]["taken_by"]
    assert unmet[str(elsewhere)]["says"].startswith("No available offering")
    assert ["ldc", "lldc"] == found["plan"][0]["groups"]
    assert 1000 + 300 + 200 + 200 == found["plan"][0]["priority"], "and triage gave it high priority"
    assert {"KEN": 0, "NER": 1_000_000} == {one["state"]: one["level_millionths"] for one in found["levels"]}


async def test_answer_is_in_the_readers_language(api: Client, db: Database, owner: Owner) -> None:
    await offered(api)
    for state in ("KEN", "NER"):
        await wanted(owner, state)
    found = await planned(api, db, seconds=5)

    in_arabic = await shown(api, found["round_id"], **{"Accept-Language": "ar"})

    says = in_arabic["unmet"][0]["hindrances"][0]["says"], in_arabic["says"]
    assert all(any("\u0600" <= letter <= "\u06ff" for letter in text) for text in says)


async def test_presented_matches_are_promised(api: Client, db: Database, owner: Owner) -> None:
    """Neither is its line looked at again, nor is its unit given out a second time."""
    await offered(api)
    first = await opened(owner)
    await move(api, (await matches_of(api, first))[0], "present", COORDINATOR)
    second = await wanted(owner, "NER")

    found = await planned(api, db, seconds=5)

    assert (1, 0) == (found["lines"], found["deliveries"])
    assert {str(second): ["promised"]} == why(found)


async def test_provider_without_consent_is_not_proposed(api: Client, db: Database, owner: Owner) -> None:
    await offered(api, NORWAY)
    submission = a_submission(circulation_rule="none")
    await opened(owner, submission)

    found = await planned(api, db, seconds=5)

    assert {str(submission.lines[0].line_id): ["consent"]} == why(found)


async def test_fixed_decisions_are_kept(api: Client, db: Database, owner: Owner) -> None:
    offering = await offered(api)
    kenya, niger = await wanted(owner, "KEN"), await wanted(owner, "NER")
    pair = {"line_id": str(kenya), "offering_id": offering["offering_id"]}

    pinned = await planned(api, db, seconds=5, pinned=[pair])
    forbidden = await planned(api, db, seconds=5, forbidden=[pair | {"line_id": str(niger)}])

    assert {str(kenya)} == set(served(pinned)) == set(served(forbidden))
    assert {str(niger): ["pinned"]} == why(pinned)
    assert {str(niger): ["forbidden"]} == why(forbidden)


async def test_money_is_considered_if_budgets_are_given(api: Client, db: Database, owner: Owner) -> None:
    lacking = {"resource_status": "partly", "funding_needed": {"minor": 1_000, "currency": "USD"}}
    await offered(api, units=3, **lacking)
    lines = {state: str(await wanted(owner, state)) for state in ("KEN", "NER", "PER")}
    budgets = [
        {"fund": "TA", "money": {"minor": 1_500, "currency": "USD"}, "earmarked_for": {"states": ["KEN", "NER"]}}
    ]

    free = await planned(api, db, seconds=5)
    bounded = await planned(api, db, seconds=5, budgets=budgets)

    assert 3 == free["deliveries"]
    assert [("TA", lines["NER"])] == [(one["deliveries"][0]["fund"], one["line_id"]) for one in bounded["plan"]]
    assert {lines["KEN"]: ["budget"], lines["PER"]: ["no_budget"]} == why(bounded)


async def test_line_with_several_deliveries_gets_several_offerings(api: Client, db: Database, owner: Owner) -> None:
    offerings = [(await offered(api))["offering_id"] for _ in range(2)]
    line = str(await wanted(owner))

    found = await planned(api, db, seconds=5, deliveries=[{"line_id": line, "needed": 3}])

    assert sorted(offerings) == sorted(served(found)[line])
    assert [1] == [one["left_open"] for one in found["unmet"]]


# -- what if ----------------------------------------------------------------------------------------------------------


async def test_based_on_round_uses_the_same_inputs(api: Client, db: Database, owner: Owner) -> None:
    offering = await offered(api)
    kenya, niger = await wanted(owner, "KEN"), await wanted(owner, "NER")
    before = await planned(api, db, seconds=5)
    await wanted(owner, "PER")
    room = {"offering_id": offering["offering_id"], "from": f"{AHEAD}-01-01", "left": 2}

    after = await planned(api, db, seconds=5, based_on=before["round_id"], rooms=[room])
    compared = (
        await api.get(f"/v1/rounds/{before['round_id']}/compare?with={after['round_id']}", headers=headers(COORDINATOR))
    ).json()

    assert {str(kenya), str(niger)} == set(served(after))
    assert (["rooms"], [str(kenya)]) == (compared["settings"], [one["line_id"] for one in compared["lines"]])
    assert [("KEN", 0, 1), ("NER", 1, 1)] == [
        (one["state"], one["deliveries"], one["other_deliveries"]) for one in compared["states"]
    ]
    assert compared["other_score"] > compared["score"]


async def test_same_seed_gives_same_plan_and_more_time_no_worse_one(api: Client, db: Database, owner: Owner) -> None:
    for units in (1, 2):
        await offered(api, units=units)
    for state in ("KEN", "NER", "PER", "TUV", "KAZ"):
        await wanted(owner, state)

    first = await planned(api, db, seconds=5, seed=11, fairness_loss=100)
    again = await planned(api, db, seconds=5, seed=11, fairness_loss=100)
    longer = await planned(api, db, seconds=10, seed=11, fairness_loss=100, based_on=first["round_id"])

    assert first["plan"] == again["plan"]
    assert first["value"] == again["value"] <= longer["value"] <= longer["bound"]


# -- what goes wrong --------------------------------------------------------------------------------------------------


async def test_contradictory_pins_are_named(api: Client, db: Database, owner: Owner) -> None:
    offering = await offered(api)
    lines = [await wanted(owner, state) for state in ("KEN", "NER")]
    pins = [{"line_id": str(line), "offering_id": offering["offering_id"]} for line in lines]

    found = await planned(api, db, seconds=5, pinned=pins)

    assert ("failed", "pins") == (found["status"], found["outcome"])
    assert [f"slot {offering['offering_id']} {AHEAD}-01-01"] == found["where"]
    assert "pinned" in found["says"]


async def test_decisions_about_unknown_records_are_refused(api: Client, db: Database, owner: Owner) -> None:
    line, offering = await wanted(owner), await offered(api)
    unknown = str(uuid4())

    pin = await planned(api, db, pinned=[{"line_id": str(line), "offering_id": unknown}])
    room = await planned(
        api, db, rooms=[{"offering_id": offering["offering_id"], "from": f"{AHEAD + 3}-01-01", "left": 1}]
    )

    assert ("refused", "pin-without-candidate") == (pin["outcome"], pin["fault"])
    assert ("refused", "slot-unknown") == (room["outcome"], room["fault"])


async def test_round_without_lines_is_planned(api: Client, db: Database) -> None:
    found = await planned(api, db)

    assert ("planned", 0, 0, [], []) == (
        found["status"], found["value"], found["lines"], found["plan"], found["unmet"],
    )  # fmt: skip


HANGS = "import time; time.sleep(600)"
TELLS_AND_HANGS = """
import json, sys, time
one = json.load(sys.stdin)["problem"]["candidates"][0]
plan = [{"line": one["line"], "offering": one["offering"], "period": one["period"], "units": 1}]
print(json.dumps({"type": "better", "plan": plan, "bound": 10**9}), flush=True)
time.sleep(600)
"""


class Endless(Child):
    """As if the question were endless: it tells one plan at most, and goes on."""

    says = HANGS

    def __init__(self, question: Question, limits: Limits) -> None:
        super().__init__(question, limits)
        self.command = [sys.executable, "-c", self.says]


class Telling(Endless):
    says = TELLS_AND_HANGS


async def killed(api: Client, db: Database, kind: type[Child], ready: Callable[[Child], object]) -> dict[str, Any]:
    """A round whose child is killed from outside once it is ready for that."""
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
    one = await asked(api, seconds=1)
    assert await Planner(db, Memory(), child=Telling).plan_next()
    found = await shown(api, one["round_id"])

    longer = await planned(api, db, seconds=5, based_on=one["round_id"])

    assert ("planned", "time", 1) == (found["status"], found["ended"], found["deliveries"])
    assert found["gap_millionths"] > 0
    assert ("proven", longer["bound"]) == (longer["ended"], longer["value"])
    assert longer["value"] >= found["value"]


async def test_round_of_a_dead_planner_is_planned_by_another(api: Client, db: Database, owner: Owner) -> None:
    await offered(api)
    await wanted(owner)
    one = await asked(api)
    planning = asyncio.create_task(Planner(db, Memory(), child=Endless, lease_seconds=3).plan_next())
    await _claimed(db)
    assert not await Planner(db, Memory()).plan_next(), "it is another's"
    planning.cancel()
    await asyncio.gather(planning, return_exceptions=True)

    async with asyncio.timeout(20):
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


async def test_expired_lease_is_taken_over_on_an_idle_platform(api: Client, db: Database, owner: Owner) -> None:
    await offered(api)
    await wanted(owner)
    one = await asked(api)
    async with db.transaction() as tx:
        assert await round_store.claim(tx, holder=uuid4(), lease_seconds=2)
    idle = Activity(active_seconds=0)

    async with supervised({"rounds": partial(while_active, idle, 0.5, partial(plan_rounds, Planner(db, Memory())))}):
        async with asyncio.timeout(10):
            while "asked" == (await shown(api, one["round_id"]))["status"]:
                await asyncio.sleep(0.1)

    assert "planned" == (await shown(api, one["round_id"]))["status"]


async def test_working_planner_renews_its_lease(api: Client, db: Database, owner: Owner) -> None:
    await asked(api)
    planning = asyncio.create_task(
        Planner(db, Memory(), child=Endless, lease_seconds=1.5, renew_seconds=0.1).plan_next()
    )
    await _claimed(db)
    await asyncio.sleep(2.0)

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


async def test_waiting_rounds_are_limited(api: Client) -> None:
    assert builders.issuer is not None
    own = [await api.post("/v1/rounds", json={}, headers=headers(COORDINATOR)) for _ in range(3)]
    others = []
    for _ in range(4):
        person_id = uuid4()
        appoint_persona(COORDINATOR, person_id=person_id)
        held = headers(COORDINATOR) | {"Authorization": f"Bearer {builders.issuer.token(person_id)}"}
        others.append(await api.post("/v1/rounds", json={}, headers=held))

    assert [202, 202, 429] == [one.status_code for one in own]
    assert ("own-rounds-waiting", {"limit": 2}) == (own[-1].json()["slug"], own[-1].json()["details"])
    assert [202, 202, 202, 429] == [one.status_code for one in others]
    assert "rounds-waiting" == others[-1].json()["slug"]
    assert others[-1].headers["Retry-After"]


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({"seconds": 100_000}, "number-out-of-range"),
        ({"deliveries": [{"line_id": str(UUID(int=1)), "needed": 1}] * 2}, "decided-twice"),
        (
            {
                "pinned": [{"line_id": str(UUID(int=1)), "offering_id": str(UUID(int=2))}],
                "forbidden": [{"line_id": str(UUID(int=1)), "offering_id": str(UUID(int=2))}],
            },
            "decided-twice",
        ),
        ({"budgets": [{"fund": "A", "money": {"minor": 1, "currency": "XXQ"}}]}, "unknown-code"),
        ({"budgets": [{"fund": "A", "money": {"minor": 10**14, "currency": "USD"}}]}, "number-out-of-range"),
        ({"weights": {}}, "unknown-field"),
        ({"funds": ["TA-REQUESTS"], "budgets": []}, "budgets-and-funds"),
        ({"funds": ["TA-REQUESTS"] * 2}, "decided-twice"),
        ({"funds": []}, "invalid-field"),
        ({"funds": ["TA-REQUESTS"], "taken": {}}, "unknown-field"),
    ],
)
async def test_invalid_settings_are_refused(api: Client, body: dict[str, Any], slug: str) -> None:
    answer = await api.post("/v1/rounds", json=body, headers=headers(COORDINATOR))

    assert (400, slug) == (answer.status_code, answer.json()["slug"])


async def test_based_on_unknown_or_unprepared_round_is_refused(api: Client) -> None:
    one = await asked(api)

    for based_on, status, slug in ((str(uuid4()), 404, "not-found"), (one["round_id"], 409, "round-status")):
        answer = await api.post("/v1/rounds", json={"based_on": based_on}, headers=headers(COORDINATOR))
        assert (status, slug) == (answer.status_code, answer.json()["slug"])


async def test_repeated_round_command_creates_one_round(api: Client) -> None:
    same = headers(COORDINATOR, key="the-same-round")
    first, again = [(await api.post("/v1/rounds", json={}, headers=same)).json() for _ in range(2)]

    assert first == again
    assert [first["round_id"]] == [
        one["round_id"] for one in (await api.get("/v1/rounds", headers=headers(COORDINATOR))).json()["rounds"]
    ]
