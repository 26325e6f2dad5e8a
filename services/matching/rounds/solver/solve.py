"""Solution of a round: prices, then local search, then HiGHS, each starting from the previous result.

Up to `exact_lines_max` lines the prices are the dual values of the linear relaxation, which is also the bound; then
HiGHS optimizes parts of the round for at most a third of the time, and the whole round for the rest.

The same question with the same seed gives the same plan, since effort is counted in steps, moves and nodes. Time only
stops the search between two improvements, which the solution reports; the best plan so far is kept, so more time never
gives a worse plan.
"""

from collections import Counter
from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta, Struct

from services.matching.rounds.solver import exact, search
from services.matching.rounds.solver.fair import (
    Fairness,
    States,
    lowest_value,
    raised_by_moves,
    raised_by_solver,
    regained,
)
from services.matching.rounds.solver.neighbours import PART_LINES_MAX, improved_by_parts
from services.matching.rounds.solver.plan import Assignment, Plan, levels, value_of
from services.matching.rounds.solver.prices import Prices, bounded, priced
from services.matching.rounds.solver.problem import NUMBER_MAX, Count, Id, Problem, check, fingerprint, normal, servable
from services.matching.rounds.solver.table import Floats, Ints, Table, choice_of, plan_of, table_of
from services.matching.rounds.solver.unmet import Unmet, unmet

SLOT_SCALE = 1000
BUDGET_SCALE = 1_000_000
MILLION = 1_000_000
PARTS_SHARE = 1 / 3
"""Share of the time for parts, if the whole round is solved afterwards."""

Ended = Literal["proven", "effort", "time"]
"""Ends of a search: proven optimal; all effort used; stopped before that. Only the last depends on the machine."""

Method = Literal["exact", "prices"]


class Effort(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Search effort. Up to `exact_lines_max` lines HiGHS solves the whole round, beyond that only parts of it."""

    price_steps: Annotated[int, Meta(ge=0, le=10_000)] = 300
    moves: Annotated[int, Meta(ge=0, le=10_000_000)] = 60_000
    exact_lines_max: Annotated[int, Meta(ge=0, le=2_000)] = 500
    nodes: Annotated[int, Meta(ge=1, le=10_000_000)] = 20_000
    parts: Annotated[int, Meta(ge=0, le=10_000)] = 40
    """Number of parts that HiGHS optimizes per hundred slots."""


WARM = Effort(price_steps=10, moves=1_000, exact_lines_max=0, parts=0)
"""Effort after a small change: the search starts from the last plan and its prices."""


class SlotPrice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The value of one more unit of capacity, in thousandths of the problem's value."""

    offering: Id
    period: Id = "-"
    price: Count


class BudgetPrice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The value of one more minor unit of money, in millionths of the problem's value."""

    budget: Id
    price: Count


class Question(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A problem and a start: a plan and prices, of this or another problem, are used as far as they apply."""

    problem: Problem
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    effort: Effort = Effort()
    fairness: Fairness | None = None
    plan: Plan = ()
    slot_prices: tuple[SlotPrice, ...] = ()
    budget_prices: tuple[BudgetPrice, ...] = ()


class Solution(Struct, frozen=True, kw_only=True):
    """A plan and measures of its quality. No plan of this problem is worth more than `bound`."""

    fingerprint: str
    plan: Plan
    value: int
    bound: int
    gap_millionths: int
    """Gap of the plan to the bound, in millionths, rounded up; includes the cost of fairness.

    It excludes the value of pins, which is the same in every plan and would make any gap look small.
    """
    method: Method
    ended: Ended
    seed: int
    fair: bool
    """True if fairness was requested and its search finished; if stopped, the plan may be less fair."""
    levels: dict[str, int]
    unmet: tuple[Unmet, ...]
    slot_prices: tuple[SlotPrice, ...] = ()
    budget_prices: tuple[BudgetPrice, ...] = ()


Improved = Callable[[Callable[[], Plan], int, int], None]
"""Callback for each better plan: a function that returns the plan, its value, and the current bound."""


def solve(
    question: Question,
    *,
    improved: Improved = lambda plan, value, bound: None,
    may_continue: Callable[[], bool] = lambda: True,
    elapsed: Callable[[], float] = lambda: 0.0,
) -> Solution:
    """Return the best plan found with the effort.

    `elapsed` returns the share of the time that has passed, 0 to 1. Raise BadProblemError, and PinsError if pins exceed
    what is available.
    """
    check(question.problem)
    problem = normal(question.problem)
    ours = Search(question, problem, improved, may_continue, elapsed)
    ours.run()
    fair = question.fairness is not None and ours.make_fair(question.fairness)
    plan = plan_of(problem, ours.table, ours.units)
    value = ours.pinned + ours.table.value(ours.units)
    bound = ours.pinned + ours.bound
    return Solution(
        fingerprint=fingerprint(problem),
        plan=plan,
        value=value,
        bound=bound,
        gap_millionths=gap(value - ours.pinned, bound - ours.pinned),
        method=ours.method,
        ended="proven" if value == bound else "time" if ours.stopped or ours.parts_stopped else "effort",
        seed=question.seed,
        fair=fair,
        levels=levels(problem, plan),
        unmet=unmet(problem, plan),
        slot_prices=_slot_prices(ours.table, ours.prices.slots),
        budget_prices=_budget_prices(ours.table, ours.prices.budgets),
    )


def gap(value: int, bound: int) -> int:
    """The gap in millionths of the bound, rounded up."""
    return -(-MILLION * (bound - value) // bound) if bound else 0


class Search:
    """A search in progress: the best choice so far and the lowest bound."""

    def __init__(
        self,
        question: Question,
        problem: Problem,
        improved: Improved,
        may_continue: Callable[[], bool],
        elapsed: Callable[[], float],
    ) -> None:
        self.question, self.problem = question, problem
        self.table = table_of(problem)
        self.pinned = pinned_value(problem)
        self.units = np.zeros(len(self.table.keys), dtype=np.int64)
        self.prices = _prices_given(self.table, question)
        self.bound = self.prices.bound
        self.method: Method = "exact" if len(problem.lines) <= question.effort.exact_lines_max else "prices"
        self.stopped = False
        self.parts_stopped = False
        self._improved, self._may_go_on, self._elapsed = improved, may_continue, elapsed

    def run(self) -> None:
        effort = self.question.effort
        if self.question.plan:
            self._keep(choice_of(self.table, self.question.plan))
            if not effort.moves:
                self._keep(search.completed(self.table, self.prices, self.units))
        else:
            self._keep(search.repaired(self.table, self.prices))
        if not self.continues():
            return
        relaxed = self.method == "exact" and self._relax()
        if not relaxed:
            self._price(effort.price_steps)
        if not self.question.plan:
            self._keep(search.repaired(self.table, self.prices))
        self._move(effort.moves)
        if effort.parts and len(self.problem.lines) > PART_LINES_MAX:
            self._solve_parts()
            if not relaxed:
                self._price(effort.price_steps // 3)
            self._move(effort.moves)
        if self.method == "exact":
            self._solve_whole()

    def make_fair(self, fairness: Fairness) -> bool:
        """Trade value, within the agreed loss, for a fairer choice; return whether the search finished."""
        states = _states_of(self.problem, self.table)
        floor = lowest_value(self.pinned + self.table.value(self.units), fairness) - self.pinned
        if self.method == "exact" and self.continues():
            self.units = raised_by_solver(
                self.table,
                states,
                self.units,
                floor=floor,
                nodes_max=self.question.effort.nodes,
                seed=self.question.seed,
                may_continue=self.continues,
            )
        self.units = raised_by_moves(
            self.table,
            states,
            self.prices,
            self.units,
            floor=floor,
            moves_max=self.question.effort.moves,
            may_continue=self.continues,
        )
        if self.method == "exact" and self.continues():
            self.units = regained(
                self.table,
                states,
                self.units,
                nodes_max=self.question.effort.nodes,
                seed=self.question.seed,
                may_continue=self.continues,
            )
        return self.continues()

    def continues(self) -> bool:
        self.stopped = self.stopped or not self._may_go_on()
        return not self.stopped

    def _keep(self, units: Ints) -> None:
        if self.table.value(units) > self.table.value(self.units):
            self.units = units
            self._improved(
                lambda: plan_of(self.problem, self.table, units),
                self.pinned + self.table.value(units),
                self.pinned + self.bound,
            )

    def _lower(self, bound: int) -> None:
        self.bound = min(self.bound, bound)

    def _relax(self) -> bool:
        """Set prices and bound from the linear relaxation; return whether it was solved."""
        duals = exact.relaxed(self.table, may_continue=self.continues) if self.table.keys else None
        if duals is None:
            return False
        # HiGHS's objective is not used, as it is subject to tolerances: any prices prove a valid bound.
        prices = bounded(self.table, *duals)
        if prices.bound <= self.prices.bound:
            self.prices = prices
        self._lower(prices.bound)
        return True

    def _price(self, steps: int) -> None:
        if steps and self.continues():
            value = self.table.value(self.units)
            self.prices = priced(self.table, steps=steps, target=value, start=self.prices, may_continue=self.continues)
            self._lower(self.prices.bound)

    def _move(self, moves: int) -> None:
        if moves and self.continues():
            self._keep(
                search.searched(self.table, self.prices, self.units, moves_max=moves, may_continue=self.continues)
            )

    def _solve_whole(self) -> None:
        if self.continues() and self.table.value(self.units) < self.bound:
            found = exact.solve(
                self.table,
                start=self.units,
                seed=self.question.seed,
                nodes_max=self.question.effort.nodes,
                improved=self._keep,
                may_continue=self.continues,
            )
            self._lower(found.bound)
            if found.units is not None:
                self._keep(found.units)

    def _solve_parts(self) -> None:
        if self.continues() and self.table.value(self.units) < self.bound:
            improved_by_parts(
                self.table,
                self.prices,
                self.units,
                parts=-(-self.question.effort.parts * len(self.table.slots) // 100),
                seed=self.question.seed,
                improved=self._keep,
                may_continue=self._parts_may_continue,
            )

    def _parts_may_continue(self) -> bool:
        """Return True if parts may be optimized further.

        Time is reserved for the whole round if it is solved afterwards.
        """
        if self.method == "exact" and self._elapsed() >= PARTS_SHARE:
            self.parts_stopped = True
        return self.continues() and not self.parts_stopped


def pinned_value(problem: Problem) -> int:
    if not problem.pinned:
        return 0
    return value_of(
        problem,
        (
            Assignment(line=one.line, offering=one.offering, period=one.period, budget=one.budget, units=one.units)
            for one in problem.pinned
        ),
    )


def _states_of(problem: Problem, table: Table) -> States:
    served = servable(problem)
    pinned = Counter[str]()
    for pin in problem.pinned:
        pinned[pin.line] += pin.units
    names = sorted({one.state for one in problem.lines if one.line in served})
    index = {name: place for place, name in enumerate(names)}
    needed, given = [0] * len(names), [0] * len(names)
    of_line = []
    for line in problem.lines:
        state = index[line.state] if line.line in served else -1
        of_line.append(state)
        if state >= 0:
            needed[state] += line.needed
            given[state] += pinned[line.line]
    return States(
        of_line=np.array(of_line, dtype=np.int64),
        needed=np.array(needed, dtype=np.int64),
        pinned=np.array(given, dtype=np.int64),
    )


def _prices_given(table: Table, question: Question) -> Prices:
    slots = {(one.offering, one.period): one.price for one in question.slot_prices}
    budgets = {one.budget: one.price for one in question.budget_prices}
    given_slots = [slots.get(slot, 0) / SLOT_SCALE for slot in table.slots]
    given_budgets = [*(budgets.get(budget, 0) / BUDGET_SCALE for budget in table.budgets), 0.0]
    return bounded(table, np.array(given_slots), np.array(given_budgets))


def _slot_prices(table: Table, prices: Floats) -> tuple[SlotPrice, ...]:
    whole = np.rint(prices * SLOT_SCALE).astype(np.int64).tolist()
    return tuple(
        SlotPrice(offering=offering, period=period, price=min(price, NUMBER_MAX))
        for (offering, period), price in zip(table.slots, whole, strict=True)
        if price
    )


def _budget_prices(table: Table, prices: Floats) -> tuple[BudgetPrice, ...]:
    whole = np.rint(prices[:-1] * BUDGET_SCALE).astype(np.int64).tolist()
    return tuple(
        BudgetPrice(budget=budget, price=min(price, NUMBER_MAX))
        for budget, price in zip(table.budgets, whole, strict=True)
        if price
    )
