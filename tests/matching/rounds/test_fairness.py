"""Fairness, and the obstacles of lines left open."""

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.matching.rounds.solver.fair import Fairness, lowest_value
from services.matching.rounds.solver.plan import faults, levels, value_of
from services.matching.rounds.solver.problem import Budget, Pair, Pin, Problem, Slot
from services.matching.rounds.solver.solve import Effort, Question, solve
from services.matching.rounds.solver.unmet import unmet
from tests.evaluation.synthetic_rounds import a_round
from tests.matching.rounds.builders import a_candidate, a_line, an_assignment, best_value, every_plan, small_rounds
from tests.soak import cases

BY_PRICES = Effort(exact_lines_max=0, parts=0)


def by_level(problem: Problem, plan: Any) -> list[int]:
    return sorted(levels(problem, plan).values())


def a_contest() -> Problem:
    """Return a problem with room for two lines; Kenya's two are worth more than Peru's."""
    return Problem(
        lines=(a_line("l1"), a_line("l2"), a_line("l3", state="PER", priority=900)),
        slots=(Slot(offering="o1", capacity=2),),
        candidates=tuple(a_candidate(f"l{index}", "o1") for index in (1, 2, 3)),
    )


@pytest.mark.parametrize("effort", [Effort(), BY_PRICES], ids=["by HiGHS", "by moves"])
def test_state_without_deliveries_comes_first_within_the_loss(effort: Effort) -> None:
    problem = a_contest()

    best = solve(Question(problem=problem, effort=effort))
    fair = solve(Question(problem=problem, effort=effort, fairness=Fairness(loss=50)))

    assert {"KEN": 1_000_000, "PER": 0} == best.levels
    assert {"KEN": 500_000, "PER": 1_000_000} == fair.levels
    assert (2000, 1900, 2000) == (best.value, fair.value, fair.bound)


def test_stopped_fairness_search_is_reported() -> None:
    question = Question(problem=a_contest(), fairness=Fairness(loss=50))

    assert solve(question).fair
    assert not solve(question, may_continue=lambda: False).fair
    assert not solve(Question(problem=a_contest())).fair


@pytest.mark.parametrize("effort", [Effort(), BY_PRICES], ids=["by HiGHS", "by moves"])
def test_fairness_respects_the_least_of_a_slot(effort: Effort) -> None:
    course = Slot(offering="o1", capacity=4, least=2)
    problem = Problem(lines=(a_line(),), slots=(course,), candidates=(a_candidate(),))

    assert () == solve(Question(problem=problem, effort=effort, fairness=Fairness(loss=1000))).plan


def test_loss_is_within_the_agreed_share() -> None:
    fair = solve(Question(problem=a_contest(), fairness=Fairness(loss=49)))

    assert 2000 == fair.value
    assert 1902 == lowest_value(2000, Fairness(loss=49))


@given(small_rounds(), st.sampled_from([0, 100, 500, 1000]), st.sampled_from([Effort(), BY_PRICES]))
@pytest.mark.thinned
@settings(max_examples=cases(15, soak=100), deadline=None)
def test_fair_plan_is_valid_valuable_and_not_less_fair(problem: Problem, loss: int, effort: Effort) -> None:
    assume(best_value(problem) is not None)
    plain = solve(Question(problem=problem, effort=effort))

    fair = solve(Question(problem=problem, effort=effort, fairness=Fairness(loss=loss)))

    assert [] == faults(problem, fair.plan)
    assert fair.value >= lowest_value(plain.value, Fairness(loss=loss))
    assert by_level(problem, fair.plan) >= by_level(problem, plain.plan)


@given(small_rounds(), st.sampled_from([0, 100, 500]))
@pytest.mark.thinned
@settings(max_examples=cases(15, soak=100), deadline=None)
def test_small_round_has_the_maximum_lowest_level(problem: Problem, loss: int) -> None:
    best = best_value(problem)
    assume(best is not None)
    floor = lowest_value(best or 0, Fairness(loss=loss))
    worth_enough = [
        by_level(problem, plan) for plan, value in _with_values(problem) if value >= floor and levels(problem, plan)
    ]
    assume(worth_enough)

    fair = solve(Question(problem=problem, fairness=Fairness(loss=loss)))

    assert max(found[0] for found in worth_enough) == by_level(problem, fair.plan)[0]


def _with_values(problem: Problem) -> list[tuple[Any, int]]:
    return [(plan, value_of(problem, plan)) for plan in every_plan(problem)]


def test_larger_round_raises_the_lowest_levels() -> None:
    problem = a_round(lines=200, offerings=20, candidates=6, seed=4)
    plain = solve(Question(problem=problem, effort=BY_PRICES))

    fair = solve(Question(problem=problem, effort=BY_PRICES, fairness=Fairness(loss=50)))

    assert [] == faults(problem, fair.plan)
    assert fair.value >= lowest_value(plain.value, Fairness(loss=50))
    assert by_level(problem, fair.plan) > by_level(problem, plain.plan)
    assert fair == solve(Question(problem=problem, effort=BY_PRICES, fairness=Fairness(loss=50)))


def the_obstacle(problem: Problem, *plan: Any) -> tuple[str, tuple[str, ...]]:
    """Return the obstacle of the first candidate of line l1, and the lines that use it instead."""
    assert [] == faults(problem, plan)
    (line,) = [one for one in unmet(problem, plan) if one.line == "l1"]
    return line.candidates[0].obstacle, line.candidates[0].taken_by


def two_lines(**more: Any) -> Problem:
    whole: dict[str, Any] = {
        "lines": (a_line("l1", needed=2), a_line("l2", needed=2)),
        "slots": (Slot(offering="o1", capacity=2),),
        "budgets": (Budget(budget="b1", amount=20),),
        "candidates": (
            a_candidate("l1", "o1", most=2, budget="b1", cost=10),
            a_candidate("l2", "o1", most=2, budget="b1", cost=10),
        ),
    }
    return Problem(**whole | more)


ALL_OF_IT = an_assignment("l2", "o1", units=2, budget="b1")


def test_line_without_candidates_is_reported() -> None:
    (line,) = unmet(Problem(lines=(a_line(),)), ())

    assert ("l1", 1, ()) == (line.line, line.open_units, line.candidates)


def test_lines_that_took_the_capacity_are_named() -> None:
    assert ("taken", ("l2",)) == the_obstacle(two_lines(), ALL_OF_IT)
    wide = (Slot(offering="o1", capacity=9),)
    assert ("budget", ("l2",)) == the_obstacle(two_lines(slots=wide), ALL_OF_IT)


def test_fixed_decision_is_given_as_the_obstacle() -> None:
    pins = (Pin(line="l2", offering="o1", budget="b1", units=2),)

    assert ("pinned", ()) == the_obstacle(two_lines(pinned=pins), ALL_OF_IT)
    assert ("forbidden", ()) == the_obstacle(two_lines(forbidden=(Pair(line="l1", offering="o1"),)), ALL_OF_IT)


def test_size_obstacles_are_distinguished() -> None:
    large = (a_candidate("l1", "o1", least=3, most=3), a_candidate("l2", "o1", most=2, budget="b1", cost=10))
    assert ("too_large", ()) == the_obstacle(two_lines(candidates=large), ALL_OF_IT)

    course = (Slot(offering="o1", capacity=9, least=6),)
    assert ("not_held", ()) == the_obstacle(two_lines(slots=course))

    pair = (a_candidate("l1", "o1", least=2, most=2), a_candidate("l1", "o2"))
    slots = (Slot(offering="o1", capacity=2), Slot(offering="o2", capacity=1))
    in_part = two_lines(candidates=pair, slots=slots)
    assert ("group_size", ()) == the_obstacle(in_part, an_assignment("l1", "o2"))


def test_worthless_and_unchosen_candidates_are_reported() -> None:
    assert ("worth_nothing", ()) == the_obstacle(two_lines(candidates=(a_candidate("l1", "o1", each=0, most=2),)))
    assert ("not_chosen", ()) == the_obstacle(two_lines())


@given(small_rounds())
@settings(max_examples=50, deadline=None)
def test_every_open_line_is_listed_with_its_obstacles(problem: Problem) -> None:
    assume(best_value(problem) is not None)
    found = solve(Question(problem=problem))
    given_ = {line.line: 0 for line in problem.lines}
    for one in found.plan:
        given_[one.line] += one.units

    assert {
        line.line: line.needed - given_[line.line] for line in problem.lines if line.needed > given_[line.line]
    } == {one.line: one.open_units for one in found.unmet}
    assert "not_chosen" not in {barred.obstacle for one in found.unmet for barred in one.candidates}
