"""A request is closed according to the evaluations of both sides."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from chassis.db.database import Database
from contracts.matching import Evaluation, MatchBegun, MatchCompleted, MatchConfirmed, MatchEvaluated
from contracts.refusals import Conflict
from contracts.requests import DeliveryEvaluated
from services.requests.consumers import HANDLERS
from services.requests.request.deliveries import Outcome
from services.requests.request.evolve import evolve
from services.requests.request.model import Request
from services.requests.request.values import Status
from tests.builders import NOON, an_event, headers
from tests.matching.builders import SPRING
from tests.requests.builders import a_line, a_request, evolve_checked
from tests.requests.steps import COORDINATOR, Client, opened


def evaluated(**results: tuple[str | None, str | None]) -> Request:
    """Return a delivered request with a line for each pair of evaluations, by the State and the provider."""
    request = a_request(Status.DELIVERED, *(a_line() for _ in results))
    for line, said in zip(request.lines, results.values(), strict=True):
        match_id = uuid4()
        for status in ("confirmed", "in_delivery", "completed"):
            change = request.on_match_changed(line.line_id, match_id, status, "NOR", now=NOON)
            assert change is not None
            request = evolve(request, change)
        for side, result in zip(("state", "provider"), said, strict=True):
            if result is not None:
                fact = request.on_evaluated(line.line_id, match_id, side, result, now=NOON)
                assert fact is not None
                request = evolve_checked(request, fact)
    return request


@pytest.mark.parametrize(
    ("results", "allowed"),
    [
        ({"a": ("met", "met")}, {"met", "partially_met"}),
        ({"a": ("unmet", "met")}, {"unmet"}),
        ({"a": ("partially_met", "met")}, {"partially_met"}),
        ({"a": ("met", "met"), "b": ("unmet", "met")}, {"partially_met"}),
    ],
)
def test_outcome_must_match_the_evaluations_of_the_state(
    results: dict[str, tuple[str, str]], allowed: set[str]
) -> None:
    request = evaluated(**results)

    for outcome in Outcome:
        for heard_both_sides in (False, True):
            if outcome in allowed:
                assert request.close(outcome, heard_both_sides=heard_both_sides, now=NOON)
                continue
            with pytest.raises(Conflict) as no:
                request.close(outcome, heard_both_sides=heard_both_sides, now=NOON + timedelta(days=400))
            assert "outcome-not-as-evaluated" == no.value.slug
        given = request.close(outcome, heard_both_sides=False, why="hash", now=NOON)
        assert "hash" == given.departure_hash


def test_request_is_not_closed_before_both_sides_have_evaluated() -> None:
    for missing in ({"a": ("met", None)}, {"a": ("met", "met"), "b": (None, "met")}):
        with pytest.raises(Conflict) as no:
            evaluated(**missing).close(Outcome.MET, heard_both_sides=False, now=NOON)
        assert "feedback-missing" == no.value.slug
        for days in (0, 400):
            with pytest.raises(Conflict) as no:
                evaluated(**missing).close(Outcome.MET, heard_both_sides=True, now=NOON + timedelta(days=days))
            assert "side-not-heard" == no.value.slug
        assert evaluated(**missing).close(Outcome.MET, heard_both_sides=False, now=NOON + timedelta(days=400))


def test_fulfilment_of_a_line_is_that_of_its_best_delivery() -> None:
    request = evaluated(a=("unmet", "unmet"))
    (line,), second = request.lines, uuid4()
    for status in ("confirmed", "completed"):
        change = request.on_match_changed(line.line_id, second, status, "FRA", now=NOON)
        assert change is not None
        request = evolve(request, change)
    for side in ("state", "provider"):
        fact = request.on_evaluated(line.line_id, second, side, "met", now=NOON)
        assert fact is not None
        request = evolve(request, fact)

    assert request.close(Outcome.MET, heard_both_sides=False, now=NOON)


def test_evaluation_of_a_match_of_another_request_is_ignored() -> None:
    request = a_request(Status.DELIVERED)
    assert request.on_evaluated(request.lines[0].line_id, uuid4(), "state", "met", now=NOON) is None


async def test_evaluations_of_both_sides_close_a_request_without_the_flag(
    api: Client, databases: Mapping[str, Database]
) -> None:
    request = await opened(api)
    path = f"/v1/requests/{request['request_id']}"
    match = {
        "match_id": uuid4(), "request_id": UUID(request["request_id"]),
        "line_id": UUID(request["lines"][0]["line_id"]), "offering_id": uuid4(), "state": "KEN", "provider": "NOR",
    }  # fmt: skip
    said = Evaluation(result="unmet", relevance=2, quality=2, timeliness=2)
    for version, fact in enumerate(
        (
            MatchConfirmed(**match, capacity_period=SPRING, confirmed_at=NOON),
            MatchBegun(**match, begun_at=NOON),
            MatchCompleted(**match, completed_at=NOON),
            MatchEvaluated(**match, side="state", evaluation=said, evaluated_at=NOON),
        ),
        1,
    ):
        async with databases["requests"].transaction() as tx:
            await HANDLERS[type(fact)](tx, an_event(fact, version), fact)
    request = (await api.get(path, headers=headers())).json()
    delivered = await api.post(f"{path}/deliver", json={}, headers=headers(revision=request["revision"]))
    assert delivered.status_code == 200, delivered.text

    async def close(outcome: str, **body: bool | str) -> tuple[int, str]:
        revision = (await api.get(path, headers=headers())).json()["revision"]
        answer = await api.post(
            f"{path}/close", json={"outcome": outcome} | body, headers=headers(COORDINATOR, revision=revision)
        )
        return answer.status_code, answer.json().get("slug", "")

    assert (409, "feedback-missing") == await close("unmet")
    assert (409, "side-not-heard") == await close("unmet", heard_both_sides=True, comment="Fictitious: by phone.")
    spoken = MatchEvaluated(**match, side="provider", evaluation=said, evaluated_at=NOON)
    async with databases["requests"].transaction() as tx:
        await HANDLERS[MatchEvaluated](tx, an_event(spoken, 5), spoken)
    assert (400, "hearing-not-described") == await close("unmet", heard_both_sides=True)
    assert (409, "outcome-not-as-evaluated") == await close(
        "met", heard_both_sides=True, comment="Fictitious: by phone."
    )
    provider = headers("NOR:provider_officer")
    reason = "Fictitious: the State's evaluation was of another course."
    assert (200, "") == await close("met", departure=reason)
    for by in (headers(), headers(COORDINATOR), headers("UNODC:auditor"), provider):
        closing = (await api.get(f"{path}/closing", headers=by)).json()
        assert ("closed", "met", reason) == (closing["status"], closing["outcome"], closing["departure"])
    for other in ("FRA:provider_officer", "UGA:focal_point", "NOR:donor_officer"):
        assert 404 == (await api.get(f"{path}/closing", headers=headers(other))).status_code
    async with databases["requests"].transaction() as tx:
        journal = await tx.fetchval("SELECT string_agg(event::text, ' ') FROM journal")
    assert reason not in journal


def test_evaluation_of_a_delivery_names_the_line_and_the_side() -> None:
    request, match_id = a_request(Status.IN_DELIVERY, line := a_line()), uuid4()
    change = request.on_match_changed(line.line_id, match_id, "completed", "NOR", now=NOON)
    assert change is not None
    request = evolve(request, change)

    assert request.on_evaluated(line.line_id, uuid4(), "state", "met", now=NOON) is None
    assert request.on_evaluated(line.line_id, match_id, "state", "met", now=NOON) == DeliveryEvaluated(
        request_id=request.request_id,
        state="KEN",
        line_id=line.line_id,
        match_id=match_id,
        side="state",
        result="met",
        evaluated_at=NOON,
    )
