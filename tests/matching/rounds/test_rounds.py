"""Rounds from their routes to their tables: created, planned in a child process, shown with unmet lines."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.db.database import Database
from tests import builders
from tests.builders import AHEAD, headers
from tests.matching.builders import a_submission
from tests.matching.rounds.steps import asked, offered, planned, served, shown, wanted, why
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
    assert {str(lines["NER"]): [offering["offering_id"]]} == served(found), "it has a higher priority"
    assert {str(lines["KEN"]): ["taken"], str(elsewhere): []} == why(found)
    unmet = {one["line_id"]: one for one in found["unmet"]}
    assert [str(lines["NER"])] == unmet[str(lines["KEN"])]["hindrances"][0]["taken_by"]
    assert unmet[str(elsewhere)]["says"].startswith("No available offering")
    assert ["ldc", "lldc"] == found["plan"][0]["groups"]
    assert 1000 + 300 + 200 + 200 == found["plan"][0]["priority"], "triage gave it high priority"
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
    """The line is not considered again, and its unit is not allocated twice."""
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


# -- rounds based on another ------------------------------------------------------------------------------------------


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


# -- failures ---------------------------------------------------------------------------------------------------------


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
