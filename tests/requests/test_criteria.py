"""The criteria for eligibility and priority: published in versions, assessed per request, and their consequences."""

from typing import Any

import pytest
from msgspec.structs import replace

from contracts.criteria import Judged, PriorityCriterion
from contracts.refusals import Invalid
from services.requests.criteria.model import Criteria, assess, evolve, priority_of, publish_version
from services.requests.request.values import Priority, Status
from tests.builders import NOON, headers
from tests.requests import builders
from tests.requests.steps import COORDINATOR, KENYA, Client, filed

LANGUAGES = ("ar", "en", "es", "fr", "ru", "zh")
WEIGHTED = (PriorityCriterion(code="at_risk", weight=3), PriorityCriterion(code="alone", weight=1))
CRITERIA = evolve(publish_version(Criteria(), ["in_scope"], WEIGHTED, "hash", now=NOON))


def texts(text: str) -> dict[str, str]:
    return {language: f"{text} ({language})" for language in LANGUAGES}


def body(**changes: Any) -> dict[str, Any]:
    return {
        "eligibility": [{"code": "in_scope", "texts": texts("Within the Convention")}],
        "priority": [
            {"code": "at_risk", "weight": 3, "texts": texts("Persons are at risk")},
            {"code": "alone", "weight": 1, "texts": texts("No other support")},
        ],
    } | changes


def judged(in_scope: int = 1, at_risk: int = 0, alone: int = 0) -> list[dict[str, Any]]:
    points = {"in_scope": in_scope, "at_risk": at_risk, "alone": alone}
    return [{"code": code, "points": number} for code, number in points.items()]


async def published(api: Client, revision: int = 0, **changes: Any) -> dict[str, Any]:
    answer = await api.post("/v1/criteria", json=body(**changes), headers=headers(COORDINATOR, revision=revision))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize(
    ("at_risk", "alone", "priority"),
    [(3, 3, "urgent"), (3, 0, "urgent"), (2, 0, "high"), (1, 0, "normal"), (0, 3, "normal"), (0, 2, "low")],
)
def test_priority_follows_from_weighted_points(at_risk: int, alone: int, priority: str) -> None:
    assert priority_of(CRITERIA, {"at_risk": at_risk, "alone": alone}) == priority


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ([Judged(code="in_scope", points=1)], ["judged.at_risk", "judged.alone"]),
        ([Judged(code=code, points=2) for code in CRITERIA.codes], ["judged.in_scope"]),
        ([Judged(code=code, points=1) for code in (*CRITERIA.codes, "taste")], ["judged.taste"]),
        ([Judged(code=code, points=1) for code in (*CRITERIA.codes, "alone")], []),
    ],
)
def test_every_criterion_is_judged_once(given: list[Judged], fields: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        assess(builders.a_request(Status.SUBMITTED), CRITERIA, given, now=NOON)
    assert refused.value.slug == "criteria-not-judged"
    errors: Any = refused.value.details["errors"]
    assert [error.field for error in errors] == fields


async def test_versions_are_published_and_remain(api: Client) -> None:
    assert (await api.get("/v1/criteria", headers=headers(KENYA))).json()["revision"] == 0
    first = await published(api)
    assert (first["revision"], first["eligibility"][0]["texts"]["ar"]) == (1, "Within the Convention (ar)")
    await published(api, 1, eligibility=[])

    shown = await api.get("/v1/criteria", headers=headers(KENYA))
    assert (shown.json()["revision"], shown.json()["eligibility"]) == (2, [])
    assert shown.headers["ETag"].startswith('"2-')
    earlier = (await api.get("/v1/criteria", params={"revision": 1}, headers=headers(KENYA))).json()
    assert earlier == first
    stale = await api.post("/v1/criteria", json=body(), headers=headers(COORDINATOR, revision=1))
    assert stale.status_code == 412


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"priority": []}, "invalid-field"),
        ({"eligibility": [{"code": "alone", "texts": texts("twice")}]}, "criterion-repeated"),
        ({"eligibility": [{"code": "in_scope", "texts": {"en": "one language only"}}]}, "missing-field"),
    ],
)
async def test_incomplete_criteria_are_refused(api: Client, changes: dict[str, Any], slug: str) -> None:
    answer = await api.post("/v1/criteria", json=body(**changes), headers=headers(COORDINATOR, revision=0))
    assert (answer.status_code, answer.json()["slug"]) == (400, slug)


async def test_assessment_gives_the_priority_and_a_departure_needs_a_reason(api: Client) -> None:
    await published(api)
    request = await filed(api)
    path = f"/v1/requests/{request['request_id']}"

    async def post(move: str, revision: int, **data: Any) -> Any:
        return await api.post(f"{path}/{move}", json=data, headers=headers(COORDINATOR, revision=revision))

    assessed = await post("assess", 1, judged=judged(at_risk=2))
    assert assessed.json()["assessment"] == {"criteria_version": 1, "eligible": True, "priority": "high"}
    assert (await api.get(path, headers=headers(KENYA))).json()["assessment"]["priority"] == "high"
    await post("register", 2)
    refused = await post("open", 3, priority="low")
    assert (refused.status_code, refused.json()["slug"]) == (400, "priority-departure-reason-missing")
    assert (await post("open", 3, priority="low", departure="taste")).json()["slug"] == "unknown-code"
    opened = await post("open", 3, priority="low", departure="policy_decided")
    assert (opened.status_code, opened.json()["priority"]) == (200, "low"), opened.text
    history = (await api.get(f"{path}/history", headers=headers(KENYA))).json()["entries"]
    assert (history[-1]["data"]["departure"], history[1]["by_role"]) == ("policy_decided", "coordinator")


async def test_priority_of_the_assessment_is_the_default(api: Client) -> None:
    await published(api)
    request = await filed(api)
    path = f"/v1/requests/{request['request_id']}"
    await api.post(f"{path}/assess", json={"judged": judged(at_risk=3)}, headers=headers(COORDINATOR, revision=1))
    await api.post(f"{path}/register", json={}, headers=headers(COORDINATOR, revision=2))
    opened = await api.post(f"{path}/open", json={}, headers=headers(COORDINATOR, revision=3))
    assert opened.json()["priority"] == "urgent"


async def test_request_that_is_not_eligible_is_not_opened(api: Client) -> None:
    request = await filed(api)
    path = f"/v1/requests/{request['request_id']}"
    none = await api.post(f"{path}/assess", json={"judged": []}, headers=headers(COORDINATOR, revision=1))
    assert (none.status_code, none.json()["slug"]) == (409, "no-criteria")
    await published(api)
    await api.post(f"{path}/assess", json={"judged": judged(in_scope=0)}, headers=headers(COORDINATOR, revision=1))
    await api.post(f"{path}/register", json={}, headers=headers(COORDINATOR, revision=2))
    refused = await api.post(f"{path}/open", json={}, headers=headers(COORDINATOR, revision=3))
    assert (refused.status_code, refused.json()["slug"]) == (409, "request-not-eligible")


async def test_new_submission_is_assessed_again(api: Client) -> None:
    await published(api)
    request = await filed(api)
    path = f"/v1/requests/{request['request_id']}"
    await api.post(f"{path}/assess", json={"judged": judged()}, headers=headers(COORDINATOR, revision=1))
    await api.post(f"{path}/return", json={"reason": "incomplete"}, headers=headers(COORDINATOR, revision=2))
    again = await api.post(f"{path}/submit", json={}, headers=headers(KENYA, revision=3))
    assert (again.status_code, again.json()["assessment"]) == (200, None)


def test_priority_other_than_assessed_needs_a_reason() -> None:
    request = replace(builders.a_request(Status.REGISTERED), assessed_priority=Priority.LOW)

    with pytest.raises(Invalid) as no:
        request.open(Priority.HIGH, now=NOON)
    assert "priority-departure-reason-missing" == no.value.slug
    assert {"field": "departure", "priority": Priority.LOW} == no.value.details
    opened = [request.open(priority, departure="other", now=NOON) for priority in (Priority.HIGH, Priority.LOW)]
    assert [(Priority.HIGH, "other"), (Priority.LOW, None)] == [(one.priority, one.departure) for one in opened]
