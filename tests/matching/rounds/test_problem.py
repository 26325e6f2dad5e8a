"""Checks of problems and plans, without solving."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.rounds.solver.plan import covered, faults, levels, value_of
from services.matching.rounds.solver.problem import (
    BadProblemError,
    Budget,
    Candidate,
    Pair,
    Pin,
    Problem,
    Slot,
    check,
    fingerprint,
    normal,
)
from tests.matching.rounds.builders import a_candidate, a_line, an_assignment, small_rounds

A_ROUND = Problem(
    lines=(a_line("l1", needed=3), a_line("l2", state="PER", needed=2, priority=2000)),
    slots=(Slot(offering="o1", capacity=4), Slot(offering="o2", capacity=6, least=4)),
    budgets=(Budget(budget="b1", amount=500, earmarked_for=("l1",)), Budget(budget="b2", amount=900)),
    candidates=(
        a_candidate("l1", "o1", each=5, most=3, budget="b1", cost=100),
        a_candidate("l2", "o1", each=4, most=2, budget="b2", cost=400),
        a_candidate("l2", "o2", each=3, once=2, least=2, most=2, takes=2),
        a_candidate("l1", "o2", each=1, most=3),
    ),
)


def changed(**more: Any) -> Problem:
    return msgspec.structs.replace(A_ROUND, **more)


def with_candidate(**more: Any) -> Problem:
    return changed(candidates=(*A_ROUND.candidates[1:], msgspec.structs.replace(A_ROUND.candidates[0], **more)))


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("line-twice", changed(lines=(*A_ROUND.lines, a_line("l1")))),
        ("slot-twice", changed(slots=(*A_ROUND.slots, Slot(offering="o1", capacity=1)))),
        ("budget-twice", changed(budgets=(*A_ROUND.budgets, Budget(budget="b1", amount=1)))),
        ("candidate-twice", changed(candidates=(*A_ROUND.candidates, A_ROUND.candidates[0]))),
        ("pin-twice", changed(pinned=(Pin(line="l1", offering="o2"),) * 2)),
        ("line-unknown", with_candidate(line="l9")),
        ("line-unknown", changed(budgets=(Budget(budget="b1", amount=1, earmarked_for=("l9",)),))),
        ("line-unknown", changed(forbidden=(Pair(line="l9", offering="o1"),))),
        ("slot-unknown", with_candidate(period="2027")),
        ("offering-unknown", changed(forbidden=(Pair(line="l1", offering="o9"),))),
        ("budget-unknown", with_candidate(budget="b9")),
        ("cost-without-budget", with_candidate(budget=None)),
        ("not-earmarked", changed(candidates=(a_candidate("l2", "o1", budget="b1", cost=1),))),
        ("least-above-most", with_candidate(least=4)),
        ("slot-least-above-capacity", changed(slots=(Slot(offering="o1", capacity=1, least=2), A_ROUND.slots[1]))),
        ("once-twice", with_candidate(offering="o2", budget="b2", once=1)),
        ("pin-without-candidate", changed(pinned=(Pin(line="l1", offering="o1"),))),
        (
            "pin-forbidden",
            changed(pinned=(Pin(line="l1", offering="o2"),), forbidden=(Pair(line="l1", offering="o2"),)),
        ),
        ("too-large", with_candidate(each=10**12, most=10)),
    ],
)
def test_invalid_problem_is_refused_with_its_fault(fault: str, problem: Problem) -> None:
    if fault == "too-large":
        problem = msgspec.structs.replace(problem, lines=(a_line("l1", needed=10, priority=10**6), A_ROUND.lines[1]))

    with pytest.raises(BadProblemError) as no:
        check(problem)

    assert fault == no.value.fault


def test_valid_problem_is_accepted() -> None:
    check(A_ROUND)


@pytest.mark.parametrize(
    "text",
    [
        b'{"lines": [{"line": "", "state": "KEN"}]}',
        b'{"lines": [{"line": "l1", "state": "KEN", "needed": 0}]}',
        b'{"lines": [{"line": "l1", "state": "KEN", "needed": 1.5}]}',
        b'{"lines": [{"line": "l1", "state": "KEN", "priority": -1}]}',
        b'{"lines": [], "slots": [{"offering": "o1", "capacity": 1000000000001}]}',
        b'{"lines": [], "unknown": 1}',
        b'{"lines": null}',
    ],
)
def test_numbers_and_ids_have_limits(text: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=Problem)


@given(small_rounds(), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_equal_problems_have_equal_fingerprints(problem: Problem, chance: Any) -> None:
    def shuffled(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(chance.sample(items, len(items)))

    other = Problem(**{name: shuffled(getattr(problem, name)) for name in problem.__struct_fields__})

    assert fingerprint(normal(problem)) == fingerprint(normal(other))


def test_different_problems_have_different_fingerprints() -> None:
    other = with_candidate(each=6)

    assert fingerprint(normal(A_ROUND)) != fingerprint(normal(other))


def test_value_is_each_and_once_times_priority() -> None:
    plan = (an_assignment("l1", "o1", units=3, budget="b1"), an_assignment("l2", "o2", units=2))

    assert 1000 * 15 + 2000 * (2 + 6) == value_of(A_ROUND, plan)
    assert {"l1": 3, "l2": 2} == covered(plan)
    assert [] == faults(A_ROUND, plan)


@pytest.mark.parametrize(
    ("said", "plan"),
    [
        ("no candidate", [an_assignment("l1", "o9")]),
        ("is listed twice", [an_assignment("l1", "o1", budget="b1")] * 2),
        ("has 1 units, not 2 to 2", [an_assignment("l2", "o2", units=1)]),
        ("line l1 has 4 of 3", [an_assignment("l1", "o1", units=3, budget="b1"), an_assignment("l1", "o2")]),
        ("slot ('o1', '-') has 5 of 4", [an_assignment("l1", "o1", units=3, budget="b1"), an_assignment("l2", "o1", units=2, budget="b2")]),
        ("below its least 4", [an_assignment("l1", "o2", units=3)]),
    ],
)  # fmt: skip
def test_plan_over_a_limit_has_a_fault(said: str, plan: list[Any]) -> None:
    assert any(said in fault for fault in faults(A_ROUND, plan))


def test_budget_pays_within_its_amount_and_earmark() -> None:
    problem = changed(budgets=(Budget(budget="b1", amount=299), Budget(budget="b2", amount=900, earmarked_for=("l1",))))
    plan = [an_assignment("l1", "o1", units=3, budget="b1"), an_assignment("l2", "o1", budget="b2")]

    assert ["budget b1 pays 300 of 299", "budget b2 pays for lines that it is not earmarked for"] == faults(
        problem, plan
    )


def test_pins_and_forbidden_pairs_are_checked() -> None:
    problem = changed(pinned=(Pin(line="l2", offering="o2", units=2),), forbidden=(Pair(line="l1", offering="o1"),))

    assert [] == faults(problem, [an_assignment("l2", "o2", units=2)])
    assert ["('l2', 'o2', '-', None) is pinned at 2"] == faults(problem, [])
    assert any("forbidden" in fault for fault in faults(problem, [an_assignment("l1", "o1", budget="b1")]))


def test_pin_holds_its_slot() -> None:
    few = Candidate(line="l2", offering="o2", each=3, most=2)
    problem = changed(candidates=(few,), pinned=(Pin(line="l2", offering="o2"),))

    assert [] == faults(problem, [an_assignment("l2", "o2")])


def test_level_counts_servable_lines() -> None:
    problem = changed(lines=(*A_ROUND.lines, a_line("l3"), a_line("l4", state="FJI")))

    assert {"KEN": 333_333, "PER": 0} == levels(problem, [an_assignment("l1", "o1", budget="b1")])
