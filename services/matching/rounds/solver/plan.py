"""The plan of a round, and its check against the problem by counting alone.

The check shares no code with the search, so a plan that passes it can be trusted.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Annotated

from msgspec import Meta, Struct

from services.matching.rounds.solver.problem import Candidate, Id, Key, Positive, Problem, key_of, order, servable


class Assignment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of a line served by an offering in a period, paid from a budget if they cost anything."""

    line: Id
    offering: Id
    period: Id = "-"
    budget: Id | None = None
    units: Positive = 1

    @property
    def key(self) -> Key:
        return self.line, self.offering, self.period, self.budget


Plan = Annotated[tuple[Assignment, ...], Meta(max_length=500_000)]
"""Assignments in the order of their keys."""


def planned(units: Mapping[Key, int]) -> Plan:
    return tuple(
        Assignment(line=key[0], offering=key[1], period=key[2], budget=key[3], units=units[key])
        for key in sorted(units, key=order)
        if units[key] > 0
    )


def value_of(problem: Problem, plan: Iterable[Assignment]) -> int:
    """The value of a plan: for each assignment its line's priority times the sum of `once` and `each` of its units."""
    priorities = {one.line: one.priority for one in problem.lines}
    candidates = {key_of(one): one for one in problem.candidates}
    return sum(priorities[one.line] * (candidates[one.key].once + candidates[one.key].each * one.units) for one in plan)


def covered(plan: Iterable[Assignment]) -> Counter[str]:
    """Units assigned, by line."""
    units: Counter[str] = Counter()
    for one in plan:
        units[one.line] += one.units
    return units


def levels(problem: Problem, plan: Iterable[Assignment]) -> dict[str, int]:
    """The coverage of each State's servable lines, in millionths of the units needed, rounded down.

    States without a servable line are not listed.
    """
    served = servable(problem)
    units = covered(plan)
    needed: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for line in problem.lines:
        if line.line in served:
            needed[line.state] += line.needed
            given[line.state] += units[line.line]
    return {state: 1_000_000 * given[state] // needed[state] for state in sorted(needed)}


def faults(problem: Problem, plan: Iterable[Assignment]) -> list[str]:
    """Return all faults of a plan, a sentence each; empty if it may be adopted."""
    plan = tuple(plan)
    given = {one.key for one in plan}
    candidates = {key: one for one in problem.candidates if (key := key_of(one)) in given}
    found = [f"{one.key} is no candidate" for one in plan if one.key not in candidates]
    if found:
        return found
    chosen = [(one, candidates[one.key]) for one in plan]
    return [
        *(f"{key} is listed twice" for key, times in Counter(one.key for one in plan).items() if times > 1),
        *_decisions(problem, plan),
        *_sizes(problem, chosen),
        *_slots(problem, chosen),
        *_budgets(problem, chosen),
    ]


def _decisions(problem: Problem, plan: tuple[Assignment, ...]) -> list[str]:
    units = {one.key: one.units for one in plan}
    forbidden = {(one.line, one.offering) for one in problem.forbidden}
    return [
        *(f"{one.key} is forbidden" for one in plan if (one.line, one.offering) in forbidden),
        *(f"{key_of(pin)} is pinned at {pin.units}" for pin in problem.pinned if units.get(key_of(pin)) != pin.units),
    ]


def _sizes(problem: Problem, chosen: list[tuple[Assignment, Candidate]]) -> list[str]:
    needed = {one.line: one.needed for one in problem.lines}
    units = covered(one for one, _ in chosen)
    return [
        *(
            f"{one.key} has {one.units} units, not {candidate.least} to {candidate.most}"
            for one, candidate in chosen
            if not candidate.least <= one.units <= candidate.most
        ),
        *(f"line {line} has {count} of {needed[line]} units" for line, count in units.items() if count > needed[line]),
    ]


def _slots(problem: Problem, chosen: list[tuple[Assignment, Candidate]]) -> list[str]:
    taken: Counter[tuple[str, str]] = Counter()
    for one, candidate in chosen:
        taken[one.offering, one.period] += candidate.takes * one.units
    held = {(pin.offering, pin.period) for pin in problem.pinned}
    found = []
    used = {(one.offering, one.period) for one, _ in chosen}
    for slot in problem.slots:
        at = (slot.offering, slot.period)
        if taken[at] > slot.capacity:
            found.append(f"slot {at} has {taken[at]} of {slot.capacity} taken")
        # A pin holds its slot regardless of other assignments.
        if at in used and taken[at] < slot.least and at not in held:
            found.append(f"slot {at} has {taken[at]} taken, below its least {slot.least}")
    return found


def _budgets(problem: Problem, chosen: list[tuple[Assignment, Candidate]]) -> list[str]:
    spent: Counter[str] = Counter()
    payers: defaultdict[str, set[str]] = defaultdict(set)
    for one, candidate in chosen:
        if one.budget is not None:
            spent[one.budget] += candidate.cost * one.units
            payers[one.budget].add(one.line)
    found = []
    for budget in problem.budgets:
        if spent[budget.budget] > budget.amount:
            found.append(f"budget {budget.budget} pays {spent[budget.budget]} of {budget.amount}")
        if budget.earmarked_for and payers[budget.budget] - set(budget.earmarked_for):
            found.append(f"budget {budget.budget} pays for lines that it is not earmarked for")
    return found
