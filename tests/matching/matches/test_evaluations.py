"""Evaluations of completed deliveries: who writes and sees them, and their effect on scores."""

from collections.abc import Mapping
from typing import Any

from chassis.db.database import Database
from chassis.rebuild import verify
from services.matching.matches.evaluation import Result
from services.matching.scoring import store as scoring_store
from services.matching.scoring.criteria import Experience
from services.matching.wiring import SERVICE
from tests.builders import AHEAD, a_caller, headers
from tests.matching.builders import a_contract_line, a_submission
from tests.matching.offerings.steps import approved
from tests.matching.steps import (
    CEB,
    COORDINATOR,
    KENYA,
    NORWAY,
    Client,
    Owner,
    attempt,
    data_of,
    delivered,
    matches_of,
    move,
    opened,
    presented,
    shown,
)

AUDITOR = "UNODC:auditor"
WELL: Mapping[str, Any] = {"result": "met", "relevance": 5, "quality": 4, "timeliness": 5}
POORLY: Mapping[str, Any] = {"result": "unmet", "relevance": 2, "quality": 1, "timeliness": 1}
ROOM = [{"from": f"{AHEAD}-01-01", "until": f"{AHEAD}-06-30", "units": 9}]
WORDS = ("state_evaluation_comment", "provider_evaluation_comment")


async def agreed(api: Client, db: Database, match: Mapping[str, Any]) -> dict[str, Any]:
    """Confirm, deliver and complete a presented match."""
    state, provider = f"{match['state']}:focal_point", f"{match['provider']}:provider_officer"
    for name, who in (("accept", state), ("confirm", provider)):
        match = await move(api, match, name, who)
    await delivered(db, match, "begun", "completed")
    return await shown(api, match)


async def shown_to(api: Client, match: Mapping[str, Any], by: str) -> dict[str, Any]:
    answer = await api.get(f"/v1/matches/{match['match_id']}", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def ratings(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    return {name: evaluation[name] for name in WELL}


async def test_each_side_evaluates_a_completed_delivery_and_the_latest_counts(
    api: Client, owner: Owner, databases: Mapping[str, Database], database_url: str
) -> None:
    match = await agreed(api, owner.db, await presented(api, owner))

    match = await move(api, match, "evaluate", KENYA, **POORLY, comment="Nobody came.")
    match = await move(api, match, "evaluate", NORWAY, **WELL)
    match = await move(api, match, "evaluate", KENYA, **WELL, comment="They came after all.")

    assert (WELL, 8) == (ratings(match["state_evaluation"]), match["state_evaluation"]["revision"])
    assert (WELL, 7) == (ratings(match["provider_evaluation"]), match["provider_evaluation"]["revision"])
    assert ("completed", 8, "They came after all.") == (
        match["status"], match["revision"], match["state_evaluation_comment"],
    )  # fmt: skip
    async with databases["matching"].transaction() as tx:
        reported = await tx.fetch(
            "SELECT event FROM journal WHERE type = 'matching.match.evaluated.v1' ORDER BY version"
        )
    assert [("state", POORLY), ("provider", WELL), ("state", WELL)] == [
        (data_of(one)["side"], data_of(one)["evaluation"]) for one in reported
    ]
    assert not [one for one in reported if "came" in one["event"]]
    migrator = await Database.connect(database_url, "matching", owner=True)
    try:
        assert [] == await verify(migrator, SERVICE)
    finally:
        await migrator.close()


async def test_evaluation_before_completion_or_with_unknown_codes_is_rejected(api: Client, owner: Owner) -> None:
    match = await presented(api, owner)

    early = await attempt(api, match, "evaluate", KENYA, **WELL)
    match = await agreed(api, owner.db, match)
    unknown = await attempt(api, match, "evaluate", KENYA, **{**WELL, "result": "splendid"})
    beyond = [await attempt(api, match, "evaluate", KENYA, **{**WELL, "quality": rating}) for rating in (0, 6)]

    assert (409, "match-status") == (early.status_code, early.json()["slug"])
    [error] = unknown.json()["details"]["errors"]
    assert (400, "unknown-code", "result") == (unknown.status_code, unknown.json()["slug"], error["field"])
    assert error["allowed"] == [result.value for result in Result]
    assert [(400, "number-out-of-range")] * 2 == [(one.status_code, one.json()["slug"]) for one in beyond]


async def test_only_the_two_sides_may_evaluate(api: Client, owner: Owner) -> None:
    match = await agreed(api, owner.db, await presented(api, owner))

    answers = {
        by: (await attempt(api, match, "evaluate", by, **WELL)).status_code
        for by in ("KEN:official", COORDINATOR, AUDITOR, "PER:focal_point", "FRA:provider_officer", "NOR:donor_officer")
    }

    assert [403, 403, 403, 404, 404, 404] == list(answers.values())


async def test_both_sides_see_the_codes_and_only_their_own_comment(
    api: Client, owner: Owner, databases: Mapping[str, Database]
) -> None:
    match = await agreed(api, owner.db, await presented(api, owner))
    match = await move(api, match, "evaluate", KENYA, **POORLY, comment="Nobody came.")
    await move(api, match, "evaluate", NORWAY, **WELL, comment="Visas were late.")

    shown = {by: await shown_to(api, match, by) for by in (KENYA, "KEN:official", NORWAY, COORDINATOR, AUDITOR)}

    for one in shown.values():
        assert (POORLY, WELL) == (ratings(one["state_evaluation"]), ratings(one["provider_evaluation"]))
        assert "" == one["comment"], "a comment is shown only with its evaluation"
    assert {
        KENYA: ("Nobody came.", None),
        "KEN:official": ("Nobody came.", None),
        NORWAY: (None, "Visas were late."),
        COORDINATOR: ("Nobody came.", "Visas were late."),
        AUDITOR: ("Nobody came.", "Visas were late."),
    } == {by: tuple(one[words] for words in WORDS) for by, one in shown.items()}
    for by in ("PER:focal_point", "FRA:provider_officer", "NOR:donor_officer"):
        assert 404 == (await api.get(f"/v1/matches/{match['match_id']}", headers=headers(by))).status_code
    for by, own in ((KENYA, "Nobody came."), (NORWAY, "Visas were late."), ("PER:focal_point", None)):
        async with databases["matching"].transaction(by=a_caller(by)) as tx:
            behind = {row["comment"] for row in await tx.fetch("SELECT comment FROM remark WHERE side IS NOT NULL")}
        assert behind == ({own} if own else set()), "row-level security hides the other comment, too"


# -- effect on scores -------------------------------------------------------------------------------------------------


async def evaluated(api: Client, owner: Owner, state: str, kind: str = "mla_training", **given: Any) -> None:
    request = await opened(owner, a_submission(a_contract_line(kind=kind), state=state))
    match = next(one for one in await matches_of(api, request) if one["provider"] == "UNODC-CEB")
    match = await agreed(api, owner.db, await move(api, match, "present", COORDINATOR, departure="other"))
    await move(api, match, "evaluate", f"{state}:focal_point", **{**WELL, **given})
    await move(api, match | {"revision": match["revision"] + 1}, "evaluate", CEB, **WELL)


async def explained(api: Client, owner: Owner) -> tuple[int, str]:
    """Return the points for the unit's experience in a new request of Kenya, and the sentence about them."""
    request = await opened(owner)
    match = next(one for one in await matches_of(api, request) if one["provider"] == "UNODC-CEB")
    why = (await shown_to(api, match, COORDINATOR))["explanation"]
    return next((one["points"], one["says"]) for one in why if one["criterion"] == "experience")


async def test_ratings_count_from_three_states_on(api: Client, owner: Owner, databases: Mapping[str, Database]) -> None:
    await approved(api, CEB, capacity=ROOM)
    for state in ("KEN", "UGA", "KEN"):
        await evaluated(api, owner, state, **POORLY)

    points, said = await explained(api, owner)
    await evaluated(api, owner, "PER", **{**POORLY, "relevance": 4})
    fewer, said_then = await explained(api, owner)

    assert "States rate what it has delivered" not in said
    assert points > fewer > 0
    rated = "States rate what it has delivered from 1 to 3 of 5 on average: the number counts for 50%."
    assert rated in said_then
    async with databases["matching"].transaction() as tx:
        found = await scoring_store.experience(tx, ["UNODC-CEB"])
    topics = frozenset(a_contract_line().topics)
    assert {"UNODC-CEB": Experience(deliveries={"mla_training": 4}, topics=topics, rating=150)} == found


async def test_ratings_of_restricted_kinds_are_not_counted(
    api: Client, owner: Owner, databases: Mapping[str, Database]
) -> None:
    await approved(api, CEB, kinds=["witness_protection", "mla_training"], capacity=ROOM)
    for state, kind in (("KEN", "mla_training"), ("UGA", "mla_training"), ("PER", "witness_protection")):
        await evaluated(api, owner, state, kind)

    async with databases["matching"].transaction() as tx:
        found = await scoring_store.experience(tx, ["UNODC-CEB"])

    assert found["UNODC-CEB"].rating is None
