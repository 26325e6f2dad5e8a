"""Rounds for tests: small and random ones, and the best plan of a small one by exhaustive search."""

from collections.abc import Iterator
from functools import cache
from itertools import product

from hypothesis import strategies as st

from services.matching.rounds.solver.plan import Assignment, Plan, faults, value_of
from services.matching.rounds.solver.problem import Budget, Candidate, Line, Pair, Pin, Problem, Slot, key_of
from services.matching.rounds.solver.solve import Effort, Question
from tests.evaluation.synthetic_rounds import a_round


@cache
def an_endless_question() -> Question:
    """Return a question that keeps HiGHS busy for a long time."""
    problem = a_round(lines=2_000, offerings=150, budgets=10, seed=1)
    return Question(problem=problem, effort=Effort(exact_lines_max=2_000, nodes=10_000_000))


def a_line(line: str = "l1", *, state: str = "KEN", needed: int = 1, priority: int = 1000) -> Line:
    return Line(line=line, state=state, needed=needed, priority=priority)


def a_candidate(line: str = "l1", offering: str = "o1", *, each: int = 1, most: int = 1, **more: object) -> Candidate:
    return Candidate(line=line, offering=offering, each=each, most=most, **more)


def an_assignment(line: str = "l1", offering: str = "o1", *, units: int = 1, budget: str | None = None) -> Assignment:
    return Assignment(line=line, offering=offering, units=units, budget=budget)


def every_plan(problem: Problem) -> Iterator[Plan]:
    """Yield all plans without a fault, by trying all units of every candidate that is pinned or has a value."""
    pinned = {key_of(pin) for pin in problem.pinned}
    worthy = {line.line for line in problem.lines if line.priority}
    choices = [
        (0, *range(one.least, one.most + 1))
        if key_of(one) in pinned or (one.line in worthy and (one.each or one.once))
        else (0,)
        for one in problem.candidates
    ]
    for units in product(*choices):
        plan = tuple(
            Assignment(line=one.line, offering=one.offering, period=one.period, budget=one.budget, units=count)
            for one, count in zip(problem.candidates, units, strict=True)
            if count
        )
        if not faults(problem, plan):
            yield plan


def best_value(problem: Problem) -> int | None:
    """Return the value of the best plan; None if there is no plan, since pins exceed what is available."""
    return max((value_of(problem, plan) for plan in every_plan(problem)), default=None)


@st.composite
def small_rounds(draw: st.DrawFn, *, pins: bool = True) -> Problem:
    """Up to four lines, three slots, two budgets and five candidates of all shapes."""
    lines = [
        a_line(f"l{index}", state=draw(st.sampled_from("ABC")), needed=draw(st.integers(1, 4)), priority=draw(st.integers(0, 5)))
        for index in range(draw(st.integers(1, 4)))
    ]  # fmt: skip
    slots = []
    for index in range(draw(st.integers(1, 3))):
        capacity = draw(st.integers(0, 8))
        least = draw(st.sampled_from([0, 0, capacity // 2]))
        slots.append(Slot(offering=f"o{index % 2}", period=f"p{index}", capacity=capacity, least=least))
    budgets = [
        Budget(
            budget=f"b{index}",
            amount=draw(st.integers(0, 12)),
            earmarked_for=draw(st.sampled_from([(), (lines[0].line,)])),
        )
        for index in range(draw(st.integers(0, 2)))
    ]
    pairs = [(line, slot) for line in lines for slot in slots]
    candidates = []
    for line, slot in draw(
        st.lists(st.sampled_from(pairs), unique_by=lambda pair: (pair[0].line, pair[1].period), max_size=5)
    ):
        paying = [one for one in budgets if not one.earmarked_for or line.line in one.earmarked_for]
        budget = draw(st.sampled_from([None, *paying]))
        least = draw(st.integers(1, 3))
        candidates.append(
            Candidate(
                line=line.line,
                offering=slot.offering,
                period=slot.period,
                budget=budget.budget if budget else None,
                each=draw(st.integers(0, 6)),
                once=draw(st.sampled_from([0, 0, 7])),
                least=least,
                most=draw(st.integers(least, least + 2)),
                takes=draw(st.integers(1, 3)),
                cost=draw(st.integers(0, 5)) if budget else 0,
            )
        )  # fmt: skip
    pinned, forbidden = [], []
    if pins and candidates:
        for one in draw(st.lists(st.sampled_from(candidates), unique=True, max_size=1)):
            pinned.append(
                Pin(line=one.line, offering=one.offering, period=one.period, budget=one.budget, units=one.least)
            )
        for one in draw(st.lists(st.sampled_from(candidates), unique=True, max_size=1)):
            if (one.line, one.offering) not in {(pin.line, pin.offering) for pin in pinned}:
                forbidden.append(Pair(line=one.line, offering=one.offering))
    return Problem(
        lines=tuple(lines),
        slots=tuple(slots),
        budgets=tuple(budgets),
        candidates=tuple(candidates),
        pinned=tuple(pinned),
        forbidden=tuple(forbidden),
    )
