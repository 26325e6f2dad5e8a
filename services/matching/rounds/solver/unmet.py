"""Lines that a plan leaves open, and the obstacle of each of their candidates."""

from collections import Counter, defaultdict
from itertools import islice
from typing import Literal

from msgspec import Struct

from services.matching.rounds.solver.plan import Assignment, Plan, covered
from services.matching.rounds.solver.problem import Candidate, Line, Problem, key_of

CANDIDATES_LISTED_MAX = 5
TAKERS_LISTED_MAX = 5

Obstacle = Literal[
    "forbidden",  # a fixed decision
    "worth_nothing",
    "too_large",  # its least exceeds the line's need, or the slot's or budget's total
    "pinned",  # it is pinned with its units; or what is left beside pins does not suffice
    "taken",  # other lines use the capacity
    "not_held",  # too few units for the slot's least
    "budget",  # the money is spent
    "group_size",  # the line's open units are fewer than its least
    "not_chosen",  # it fits, but fairness was preferred or the search stopped early
]


class BlockedCandidate(Struct, frozen=True, kw_only=True):
    """A candidate and its obstacle; with `taken` and `budget`, some of the lines that use it instead."""

    offering: str
    period: str
    budget: str | None
    obstacle: Obstacle
    taken_by: tuple[str, ...] = ()


class Unmet(Struct, frozen=True, kw_only=True):
    """A line with units left open. If it has no candidates, no offering fits it."""

    line: str
    open_units: int
    candidates: tuple[BlockedCandidate, ...]


def unmet(problem: Problem, plan: Plan) -> tuple[Unmet, ...]:
    """Return the lines not covered in full, in the problem's order, each with its candidates of highest value."""
    units = covered(plan)
    by_line: dict[str, list[Candidate]] = {line.line: [] for line in problem.lines if line.needed > units[line.line]}
    for one in problem.candidates:
        if one.line in by_line:
            by_line[one.line].append(one)
    stock = _Stock(problem, plan)
    found = []
    for line in problem.lines:
        open_units = line.needed - units[line.line]
        if open_units > 0:
            mine = sorted(
                by_line[line.line],
                key=lambda one: (-one.once - one.each * one.most, one.offering, one.period, one.budget or ""),
            )
            barred = (blocked for one in mine if (blocked := stock.barred(line, one, open_units)))
            found.append(
                Unmet(line=line.line, open_units=open_units, candidates=tuple(islice(barred, CANDIDATES_LISTED_MAX)))
            )
    return tuple(found)


class _Stock:
    """Supply in total, used by pins, and used by the rest of the plan."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        given = {one.key for one in plan}
        candidates = {key: one for one in problem.candidates if (key := key_of(one)) in given}
        self.pins = {key_of(pin) for pin in problem.pinned}
        self.slots = {(one.offering, one.period): one for one in problem.slots}
        self.amounts = {one.budget: one.amount for one in problem.budgets}
        self.forbidden = {(one.line, one.offering) for one in problem.forbidden}
        self.units = {one.key: one.units for one in plan}
        self.taken: Counter[tuple[str, str]] = Counter()
        self.pinned: Counter[tuple[str, str]] = Counter()
        self.spent: Counter[str] = Counter()
        self.promised: Counter[str] = Counter()
        self.users: defaultdict[tuple[str, str], list[Assignment]] = defaultdict(list)
        self.payees: defaultdict[str, list[Assignment]] = defaultdict(list)
        self.slot_lines: dict[tuple[str, str], list[str]] = {}
        self.budget_lines: dict[str, list[str]] = {}
        for one in plan:
            takes, cost = candidates[one.key].takes * one.units, candidates[one.key].cost * one.units
            at = (one.offering, one.period)
            self.taken[at] += takes
            self.users[at].append(one)
            if one.budget is not None and cost:
                self.spent[one.budget] += cost
                self.payees[one.budget].append(one)
            if one.key in self.pins:
                self.pinned[at] += takes
                self.promised[one.budget or ""] += cost

    def barred(self, line: Line, one: Candidate, open_units: int) -> BlockedCandidate | None:
        """Return the reason why a candidate does not give more to its line; None if it gives its maximum."""
        if self.units.get(key_of(one), 0) >= one.most:
            return None
        obstacle, takers = self._obstacle(line, one, open_units)
        lines = [taker for taker in takers if taker != line.line]
        return BlockedCandidate(
            offering=one.offering,
            period=one.period,
            budget=one.budget,
            obstacle=obstacle,
            taken_by=tuple(lines[:TAKERS_LISTED_MAX]),
        )

    def _slot_lines(self, at: tuple[str, str]) -> list[str]:
        """Return the first lines that use a slot, one more than are reported, as the line itself may be among them."""
        if at not in self.slot_lines:
            self.slot_lines[at] = list(dict.fromkeys(one.line for one in self.users[at]))[: TAKERS_LISTED_MAX + 1]
        return self.slot_lines[at]

    def _budget_lines(self, budget: str) -> list[str]:
        if budget not in self.budget_lines:
            self.budget_lines[budget] = list(dict.fromkeys(one.line for one in self.payees[budget]))[
                : TAKERS_LISTED_MAX + 1
            ]
        return self.budget_lines[budget]

    def _obstacle(self, line: Line, one: Candidate, open_units: int) -> tuple[Obstacle, list[str]]:
        at = (one.offering, one.period)
        slot, amount = self.slots[at], self.amounts.get(one.budget or "", 0)
        # For a candidate with units already, capacity for one more unit is missing, and `once` does not count again.
        used = key_of(one) in self.units
        wanted = 1 if used else one.least
        takes, cost = wanted * one.takes, wanted * one.cost
        if (one.line, one.offering) in self.forbidden:
            return "forbidden", []
        if key_of(one) in self.pins:
            return "pinned", []
        if not line.priority or not (one.each or (one.once and not used)):
            return "worth_nothing", []
        if one.least > line.needed or takes > slot.capacity or cost > amount:
            return "too_large", []
        if takes > slot.capacity - self.pinned[at] or (cost and cost > amount - self.promised[one.budget or ""]):
            return "pinned", []
        if takes > slot.capacity - self.taken[at]:
            return "taken", self._slot_lines(at)
        if cost and cost > amount - self.spent[one.budget or ""]:
            return "budget", self._budget_lines(one.budget or "")
        if slot.least and at not in self.users:
            return "not_held", []
        if wanted > open_units:
            return "group_size", []
        return "not_chosen", []
