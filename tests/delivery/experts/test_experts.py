"""Tests of experts over HTTP: on the roster of their provider, shown to others after consent, withdrawn, erased."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.refusals import Conflict, Invalid
from services.delivery.consumers import forget
from services.delivery.experts.evolve import evolve
from services.delivery.experts.model import MOVES, ExpertStatus, Profile, enter
from services.delivery.wiring import SERVICE
from tests.builders import AHEAD, NOON, a_caller, headers
from tests.delivery.sessions.steps import move as move_session
from tests.delivery.sessions.steps import planned, planning
from tests.delivery.sessions.steps import shown as session_shown
from tests.delivery.steps import AUDITOR, COORDINATOR, KENYA, NORWAY, OTHER_SERVICE, Client, Matching, slug
from tests.personas import persona_id

FRANCE, UGANDA = "FRA:provider_officer", "UGA:focal_point"
READERS = (NORWAY, KENYA, COORDINATOR, AUDITOR, FRANCE, UGANDA)
CONSENTED = {"consented_on": "2026-01-15"}
EXPERT: dict[str, Any] = {
    "name": "Fictitious Trainer",
    "biography": "Fictitious: a judge.",
    "sex": "women",
    "topics": ["extradition"],
    "kinds": ["training"],
    "languages": ["en", "fr"],
    "periods": [{"from": f"{AHEAD}-03-01", "until": f"{AHEAD}-03-31"}],
}


async def entered(api: Client, by: str = NORWAY, **changes: Any) -> dict[str, Any]:
    answer = await api.post("/v1/experts", json=EXPERT | changes, headers=headers(by))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def move(api: Client, expert: dict[str, Any], name: str, **body: Any) -> dict[str, Any]:
    path = f"/v1/experts/{expert['expert_id']}/{name}"
    answer = await api.post(path, json=body, headers=headers(NORWAY, revision=expert["revision"]))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def listed(api: Client, by: str, query: str = "") -> list[str]:
    answer = await api.get(f"/v1/experts{query}", headers=headers(by))
    return [one["name"] for one in answer.json()["experts"]]


async def seers(api: Client, expert: dict[str, Any]) -> list[str]:
    path = f"/v1/experts/{expert['expert_id']}"
    return [by for by in READERS if (await api.get(path, headers=headers(by))).status_code == 200]


async def sex_seen(api: Client, expert: dict[str, Any], by: str) -> str | None:
    sex: str | None = (await api.get(f"/v1/experts/{expert['expert_id']}", headers=headers(by))).json()["sex"]
    return sex


@pytest.mark.parametrize("status", ExpertStatus)
@pytest.mark.parametrize("name", MOVES)
def test_each_cell_of_the_table(name: str, status: ExpertStatus) -> None:
    profile = Profile(topics=("extradition",), languages=("en",))
    expert = replace(evolve(None, enter(persona_id(KENYA), "NOR", profile, "hash", now=NOON)), status=status)
    decide = {
        "revise_expert": lambda: expert.revise(profile, "hash", now=NOON),
        "record_consent": lambda: expert.consent(NOON.date(), persona_id(NORWAY), now=NOON),
        "withdraw_expert": lambda: expert.withdraw(now=NOON),
    }[name]

    if status is ExpertStatus.WITHDRAWN:
        with pytest.raises(Conflict, match="expert-withdrawn"):
            decide()
    else:
        withdrawn = evolve(expert, decide()).status is ExpertStatus.WITHDRAWN
        assert withdrawn == (name == "withdraw_expert")


def test_consent_is_of_no_day_to_come() -> None:
    profile = Profile(topics=("extradition",), languages=("en",))
    expert = evolve(None, enter(persona_id(KENYA), "NOR", profile, "hash", now=NOON))
    with pytest.raises(Invalid, match="consent-day"):
        expert.consent(date(AHEAD, 12, 1), persona_id(NORWAY), now=NOON)


async def test_an_expert_is_shown_to_others_after_consent(api: Client, matching: Matching) -> None:
    expert, delivery_id = await entered(api), await matching.confirms()
    session = await planned(api, delivery_id, trainers=[expert["expert_id"]])
    path = session["session_id"]
    assert [NORWAY] == await seers(api, expert)
    assert [None] == [one["name"] for one in (await session_shown(api, path, KENYA))["trainers"]]

    expert = await move(api, expert, "consent", **CONSENTED)

    assert (CONSENTED["consented_on"], str(persona_id(NORWAY))) == (expert["consented_on"], expert["recorded_by"])
    assert [NORWAY, KENYA, COORDINATOR] == await seers(api, expert)
    assert [EXPERT["name"]] == [one["name"] for one in (await session_shown(api, path, KENYA))["trainers"]]
    assert [EXPERT["name"]] == await listed(api, KENYA)
    assert ["women", None] == [await sex_seen(api, expert, by) for by in (NORWAY, COORDINATOR)]
    assert [None] == [one["name"] for one in (await session_shown(api, path, AUDITOR))["trainers"]]
    expert = await move(api, expert, "withdraw")
    assert ("withdrawn", "", []) == (expert["status"], expert["name"], expert["moves"])
    assert "other_or_not_stated" == expert["sex"]
    assert [NORWAY] == await seers(api, expert)


async def test_experts_are_found_by_topic_kind_language_and_day(api: Client) -> None:
    await entered(api)
    await entered(api, name="Always", periods=[], topics=["trafficking_in_persons"], kinds=[], languages=["es"])

    for query, names in (
        ("", ["Always", EXPERT["name"]]),
        ("?topic=judicial_cooperation", [EXPERT["name"]]),
        ("?kind=training", [EXPERT["name"]]),
        ("?language=es", ["Always"]),
        (f"?available_on={AHEAD}-03-31", ["Always", EXPERT["name"]]),
        (f"?available_on={AHEAD}-04-01", ["Always"]),
    ):
        assert names == await listed(api, NORWAY, query), query
    assert [] == await listed(api, FRANCE)
    answer = await api.post("/v1/experts", json=EXPERT | {"topics": ["cooking"]}, headers=headers(NORWAY))
    assert (400, "unknown-code") == slug(answer)
    answer = await api.post("/v1/experts", json=EXPERT, headers=headers(KENYA))
    assert (403, "not-for-your-role") == slug(answer)


async def test_trainers_are_experts_of_the_provider(api: Client, matching: Matching) -> None:
    delivery_id, others = await matching.confirms(), await entered(api, FRANCE)
    withdrawn = await move(api, await entered(api), "withdraw")

    for one in (others, withdrawn):
        answer = await planning(api, delivery_id, trainers=[one["expert_id"]])
        assert (400, "trainer-unknown") == slug(answer)


async def test_erasure_of_a_person_withdraws_the_expert(api: Client, db: Database) -> None:
    person_id = persona_id("NOR:official")
    expert = await entered(api, person_id=str(person_id))

    async with db.transaction() as tx:
        assert 1 == (await forget(tx, person_id))["expert_text"]

    found = (await api.get(f"/v1/experts/{expert['expert_id']}", headers=headers(NORWAY))).json()
    assert ("withdrawn", "", None) == (found["status"], found["name"], found["person_id"])


async def test_tables_are_rebuilt_and_rows_are_those_that_the_policy_shows(
    api: Client, matching: Matching, db: Database, database_url: str
) -> None:
    expert = await entered(api)
    session = await planned(api, await matching.confirms(), trainers=[expert["expert_id"]])
    await move(api, await entered(api), "withdraw")
    await move(api, expert, "consent", **CONSENTED)
    await move_session(api, session["session_id"], "cancel", reason="other")
    migrator = await Database.connect(database_url, "delivery", owner=True)
    try:
        assert [] == await verify(migrator, SERVICE)
    finally:
        await migrator.close()
    for who, rows in (
        (NORWAY, 2),
        (KENYA, 1),
        (COORDINATOR, 1),
        (OTHER_SERVICE, 2),
        (AUDITOR, 0),
        (FRANCE, 0),
        (UGANDA, 0),
    ):
        async with db.transaction(by=a_caller(who)) as tx:
            assert rows == await tx.fetchval("SELECT count(*) FROM expert"), who
            texts = 0 if who == OTHER_SERVICE else min(rows, 1)
            assert texts == await tx.fetchval("SELECT count(*) FROM expert_text"), who
