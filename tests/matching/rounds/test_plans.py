"""Plans compared with the exhaustive optimum; valid bounds; reproducible, and never worse with more effort."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from services.matching.rounds.solver import exact, search
from services.matching.rounds.solver.fair import Fairness
from services.matching.rounds.solver.plan import Plan, faults, value_of
from services.matching.rounds.solver.prices import bounded, priced
from services.matching.rounds.solver.problem import Budget, Candidate, Line, Pin, Problem, Slot, normal
from services.matching.rounds.solver.solve import WARM, Effort, Question, Solution, gap, solve
from services.matching.rounds.solver.table import PinsError, holds, plan_of, table_of
from tests.evaluation import hard_rounds
from tests.evaluation.synthetic_rounds import a_round, with_changes
from tests.matching.rounds.builders import a_candidate, a_line, best_value, small_rounds
from tests.soak import cases

BY_PRICES = Effort(exact_lines_max=0)
LARGER = a_round(lines=300, offerings=40, candidates=8, budgets=5, seed=3)


def solved(problem: Problem, **more: Any) -> Solution:
    return solve(Question(problem=problem, **more))


def after(calls: int) -> Callable[[], bool]:
    """Return a function that returns True for so many calls, and then False."""
    left = [calls]

    def may_continue() -> bool:
        left[0] -= 1
        return left[0] >= 0

    return may_continue


@given(small_rounds())
@pytest.mark.thinned
@settings(max_examples=cases(15, soak=150), deadline=None)
def test_highs_equals_exhaustive_search(problem: Problem) -> None:
    best = best_value(problem)
    if best is None:
        with pytest.raises(PinsError):
            solved(problem)
        return

    found = solved(problem)

    assert best == found.value == found.bound == value_of(problem, found.plan)
    assert "proven" == found.ended
    assert 0 == found.gap_millionths
    assert [] == faults(problem, found.plan)


@given(small_rounds())
@pytest.mark.thinned
@settings(max_examples=cases(15, soak=150), deadline=None)
def test_prices_give_a_valid_plan_and_bound(problem: Problem) -> None:
    best = best_value(problem)
    assume(best is not None)

    found = solved(problem, effort=BY_PRICES)

    assert [] == faults(problem, found.plan)
    assert value_of(problem, found.plan) == found.value <= best <= found.bound
    assert "prices" == found.method


@given(small_rounds(pins=False), st.integers(0, 2**32 - 1))
@pytest.mark.thinned
@settings(max_examples=cases(15, soak=150), deadline=None)
def test_any_prices_prove_a_bound(problem: Problem, seed: int) -> None:
    table = table_of(normal(problem))
    chance = np.random.default_rng(seed)
    budgets = chance.uniform(0, 5, len(table.amount))
    budgets[-1] = 0

    prices = bounded(table, chance.uniform(0, 5, len(table.slots)), budgets)

    assert best_value(problem) <= prices.bound
    assert best_value(problem) <= priced(table, steps=50, target=0, start=prices).bound <= prices.bound


@given(small_rounds(pins=False))
@pytest.mark.thinned
@settings(max_examples=cases(15, soak=100), deadline=None)
def test_every_step_is_feasible_and_never_worse(problem: Problem) -> None:
    table = table_of(normal(problem))
    prices = bounded(table, np.zeros(len(table.slots)), np.zeros(len(table.amount)))

    repaired = search.repaired(table, prices)
    better = search.searched(table, prices, repaired, moves_max=100)
    best = exact.solve(table, start=better).units
    alone = exact.solve(table)

    assert best is not None
    assert alone.finished
    assert best_value(problem) == alone.bound == table.value(best)
    assert all(holds(table, units) for units in (repaired, better, best))
    assert table.value(repaired) <= table.value(better) <= table.value(best)
    assert [] == faults(problem, plan_of(problem, table, better))


def test_slot_below_its_least_is_not_held() -> None:
    course = Slot(offering="o1", capacity=10, least=6)
    lines = (a_line("l1", needed=4), a_line("l2", needed=4))
    both = tuple(a_candidate(line.line, "o1", each=1, most=4) for line in lines)

    assert 8 == sum(one.units for one in solved(Problem(lines=lines, slots=(course,), candidates=both)).plan)
    assert () == solved(Problem(lines=lines, slots=(course,), candidates=both[:1])).plan
    assert () == solved(Problem(lines=lines, slots=(course,), candidates=both[:1]), effort=BY_PRICES).plan


def test_slots_of_larger_rounds_respect_their_least() -> None:
    slots = tuple(Slot(offering=one.offering, capacity=one.capacity, least=one.capacity // 2) for one in LARGER.slots)
    problem = msgspec.structs.replace(LARGER, slots=slots)
    effort = Effort(exact_lines_max=0, parts=10)

    found = solved(problem, effort=effort)

    assert [] == faults(problem, found.plan)
    assert 0.9 * found.bound < found.value
    assert [] == faults(problem, solved(problem, effort=effort, fairness=Fairness(loss=50)).plan)


def test_several_providers_share_a_line_and_the_rest_is_reported() -> None:
    problem = Problem(
        lines=(a_line(needed=9),),
        slots=(Slot(offering="o1", capacity=3), Slot(offering="o2", capacity=4)),
        candidates=(a_candidate("l1", "o1", most=9), a_candidate("l1", "o2", most=9)),
    )

    found = solved(problem)

    assert [3, 4] == [one.units for one in found.plan]
    assert [("l1", 2)] == [(one.line, one.open_units) for one in found.unmet]


def test_pins_are_kept_and_the_rest_is_planned() -> None:
    problem = Problem(
        lines=(a_line("l1", priority=1), a_line("l2", priority=1000)),
        slots=(Slot(offering="o1", capacity=1),),
        candidates=(a_candidate("l1", "o1"), a_candidate("l2", "o1")),
        pinned=(Pin(line="l1", offering="o1"),),
    )

    found = solved(problem)

    assert ["l1"] == [one.line for one in found.plan]
    assert (1, 1) == (found.value, found.bound)


@pytest.mark.parametrize(
    ("where", "pins"),
    [
        ("line l1", (Pin(line="l1", offering="o1", units=2), Pin(line="l1", offering="o2", units=2))),
        ("slot o1 -", (Pin(line="l1", offering="o1", units=3), Pin(line="l2", offering="o1", units=3))),
        ("budget b1", (Pin(line="l2", offering="o2", budget="b1", units=2),)),
        ("l1 o1: 1 to 3 units", (Pin(line="l1", offering="o1", units=4),)),
    ],
)
def test_pins_over_capacity_are_named(where: str, pins: tuple[Pin, ...]) -> None:
    problem = Problem(
        lines=(a_line("l1", needed=3), a_line("l2", needed=3)),
        slots=(Slot(offering="o1", capacity=4), Slot(offering="o2", capacity=9)),
        budgets=(Budget(budget="b1", amount=19),),
        candidates=(
            a_candidate("l1", "o1", most=3),
            a_candidate("l1", "o2", most=3),
            a_candidate("l2", "o1", most=3),
            a_candidate("l2", "o2", most=3, budget="b1", cost=10),
        ),
        pinned=pins,
    )

    with pytest.raises(PinsError) as no:
        solved(problem)

    assert where in no.value.where


def test_same_problem_and_seed_give_the_same_plan() -> None:
    turned = msgspec.structs.replace(LARGER, lines=LARGER.lines[::-1], candidates=LARGER.candidates[::-1])
    effort = Effort(exact_lines_max=0, parts=4)

    first, second, other = (solved(problem, effort=effort, seed=7) for problem in (LARGER, LARGER, turned))

    assert first == second == other
    assert 7 == first.seed


def test_more_time_never_gives_a_worse_plan() -> None:
    values = []
    for calls in (0, 1, 5, 50, 150, 400, 1_000, 3_000):
        found = solve(Question(problem=LARGER, effort=Effort(exact_lines_max=0, parts=4)), may_continue=after(calls))
        assert [] == faults(LARGER, found.plan)
        values.append(found.value)

    assert sorted(values) == values
    assert values[0] < values[-1]


def test_stopped_search_is_reported() -> None:
    question = Question(problem=LARGER, effort=Effort(exact_lines_max=0, parts=2))

    assert "time" == solve(question, may_continue=after(5)).ended
    assert "effort" == solve(question).ended


def test_more_effort_never_gives_a_worse_plan() -> None:
    values = [solved(LARGER, effort=Effort(exact_lines_max=0, parts=parts)).value for parts in (0, 2, 6)]

    assert sorted(values) == values


def test_result_is_not_worse_than_the_starting_plan() -> None:
    cold = solved(LARGER, effort=Effort(exact_lines_max=0, parts=4))

    warm = solved(LARGER, effort=WARM, plan=cold.plan, slot_prices=cold.slot_prices, budget_prices=cold.budget_prices)

    assert cold.value <= warm.value
    assert warm.bound <= cold.bound * 1.001


def test_after_a_small_change_most_of_the_plan_is_kept() -> None:
    cold = solved(LARGER, effort=BY_PRICES)
    changed = with_changes(LARGER, share=0.01, seed=5)

    warm = solved(changed, effort=WARM, plan=cold.plan, slot_prices=cold.slot_prices, budget_prices=cold.budget_prices)

    assert [] == faults(changed, warm.plan)
    assert 0.95 <= len({one.key for one in cold.plan} & {one.key for one in warm.plan}) / len(cold.plan)


@given(small_rounds(), small_rounds())
@settings(max_examples=50, deadline=None)
def test_plan_of_another_round_is_used_as_far_as_feasible(problem: Problem, other: Problem) -> None:
    assume(best_value(problem) is not None and best_value(other) is not None)
    plan: Plan = solved(other).plan

    found = solved(problem, effort=BY_PRICES, plan=plan)

    assert [] == faults(problem, found.plan)
    assert found.value <= best_value(problem)


def test_each_better_plan_is_reported_with_value_and_bound() -> None:
    reported: list[tuple[Plan, int, int]] = []

    found = solve(
        Question(problem=LARGER, effort=Effort(exact_lines_max=0, parts=4)),
        improved=lambda plan, value, bound: reported.append((plan(), value, bound)),
    )

    assert len(reported) > 2
    assert [value for _, value, _ in reported] == sorted({value for _, value, _ in reported})
    assert all(value_of(LARGER, plan) == value and not faults(LARGER, plan) for plan, value, _ in reported)
    assert all(found.value <= bound for _, _, bound in reported)


def test_empty_problem_has_an_empty_plan() -> None:
    assert () == solved(Problem(lines=())).plan
    assert "proven" == solved(Problem(lines=(a_line(),))).ended


def test_gap_is_a_share_of_the_bound_rounded_up() -> None:
    assert 0 == gap(0, 0) == gap(7, 7)
    assert 333_334 == gap(2, 3)


@example(10**12, 10**6)
@given(st.integers(1, 10**12), st.integers(1, 10**6))
@settings(max_examples=30, deadline=None)
def test_large_amounts_of_money_are_counted_exactly(amount: int, takers: int) -> None:
    """A solver's tolerance is a share of its sums, so that an excess of one unit would pass."""
    cost = amount // 2 + 1
    problem = Problem(
        lines=(Line(line="l1", state="KEN"), Line(line="l2", state="PER")),
        slots=(Slot(offering="o1", capacity=2 * takers),),
        budgets=(Budget(budget="b1", amount=amount),),
        candidates=tuple(
            Candidate(line=line, offering="o1", budget="b1", each=5, cost=cost, takes=takers) for line in ("l1", "l2")
        ),
    )

    found = solved(problem)

    assert [] == faults(problem, found.plan)
    assert (0 if cost > amount else 5_000) == found.value


HARD, _ = hard_rounds.type_d(agents=8, jobs=80, seed=11)


def test_bound_equals_the_linear_relaxation() -> None:
    table = table_of(normal(HARD))
    model = exact.model_of(table)
    highs = exact.prepared(model, seed=0, nodes_max=1)
    highs.setOptionValue("solve_relaxation", True)
    highs.run()

    found = solved(HARD, effort=Effort(nodes=1, parts=0))

    assert found.bound <= exact.integer_bound(highs.getObjectiveValue() * model.scale) + 1


def test_parts_leave_time_for_the_whole_round(monkeypatch: pytest.MonkeyPatch) -> None:
    began: list[str] = []

    def improved_by_parts(*_: Any, may_continue: Callable[[], bool], **__: Any) -> None:
        began.append("parts")
        assert not may_continue(), "a third of the time has passed"

    def whole(*given: Any, **more: Any) -> exact.Exact:
        began.append("whole")
        return solve_whole(*given, **more)

    solve_whole = exact.solve
    monkeypatch.setattr("services.matching.rounds.solver.solve.improved_by_parts", improved_by_parts)
    monkeypatch.setattr("services.matching.rounds.solver.exact.solve", whole)

    found = solve(Question(problem=HARD, effort=Effort(nodes=1)), elapsed=lambda: 0.34)

    assert ["parts", "whole"] == began
    assert "time" == found.ended, "the result depends on the machine"


def test_pins_do_not_count_in_the_gap() -> None:
    dear = Line(line="dear", state="AAA", needed=1, priority=1_000_000)
    problem = msgspec.structs.replace(
        HARD,
        lines=(*HARD.lines, dear),
        slots=(*HARD.slots, Slot(offering="own", capacity=1)),
        candidates=(*HARD.candidates, Candidate(line="dear", offering="own", each=1000)),
        pinned=(Pin(line="dear", offering="own"),),
    )
    effort = Effort(nodes=1, parts=0, moves=0)

    assert solved(HARD, effort=effort).gap_millionths == solved(problem, effort=effort).gap_millionths > 0
