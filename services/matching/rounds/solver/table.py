"""A problem as arrays, without what is decided: what both methods search in.

Pins are taken out of needs, capacities and budgets first; forbidden pairs and candidates that could have no unit even
alone are left out. A choice is an array with the units of each row.
"""

from collections.abc import Iterable, Iterator
from itertools import compress
from operator import attrgetter
from typing import Any

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from services.matching.rounds.solver.plan import Assignment, Plan, planned
from services.matching.rounds.solver.problem import Candidate, Key, Problem, key_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NEVER_ENDS = 2**61


class PinsError(ValueError):
    """What is pinned cannot be, whatever else is planned; `where` says for what it does not suffice."""

    def __init__(self, *where: str) -> None:
        super().__init__("; ".join(where))
        self.where = where


class Table(Struct, frozen=True, kw_only=True):
    """Rows are candidates in the order of the problem's; the last budget is for those without one and never ends."""

    keys: list[Key]
    line: Ints
    slot: Ints
    budget: Ints
    each: Ints
    once: Ints
    least: Ints
    most: Ints
    takes: Ints
    cost: Ints
    needed: Ints
    capacity: Ints
    slot_least: Ints
    amount: Ints
    lines: list[str]
    slots: list[tuple[str, str]]
    budgets: list[str]
    first: Ints
    """Rows of line l are first[l] to first[l + 1]."""

    def value(self, units: Ints) -> int:
        """What a choice is worth, exactly."""
        return int(np.sum(self.each * units) + np.sum(self.once[units > 0]))


def table_of(problem: Problem) -> Table:
    """The open part of a checked problem in its normal form. Raises PinsError if pins contradict what there is."""
    line_at = {one.line: index for index, one in enumerate(problem.lines)}
    slot_at = {(one.offering, one.period): index for index, one in enumerate(problem.slots)}
    budget_at: dict[str | None, int] = {one.budget: index for index, one in enumerate(problem.budgets)}
    budget_at[None] = len(problem.budgets)
    needs = [one.needed for one in problem.lines]
    room = [one.capacity for one in problem.slots]
    leasts = [one.least for one in problem.slots]
    money = [*(one.amount for one in problem.budgets), NEVER_ENDS]
    pinned = {key_of(pin): pin.units for pin in problem.pinned}
    forbidden = {(one.line, one.offering) for one in problem.forbidden}
    decided = {key: one for one in problem.candidates if (key := key_of(one)) in pinned} if pinned else {}
    open_ones = problem.candidates
    if pinned or forbidden:
        open_ones = tuple(
            one for one in open_ones if key_of(one) not in pinned and (one.line, one.offering) not in forbidden
        )
    wrong = []
    for pin in pinned:
        one = decided[pin]
        at = line_at[one.line], slot_at[one.offering, one.period], budget_at[one.budget]
        units = pinned[pin]
        if not one.least <= units <= one.most:
            wrong.append(f"{one.line} {one.offering}: {one.least} to {one.most} units")
        needs[at[0]] -= units
        room[at[1]] -= units * one.takes
        money[at[2]] -= units * one.cost
        leasts[at[1]] = 0
    wrong += [f"line {one.line}" for one, left in zip(problem.lines, needs, strict=True) if left < 0]
    wrong += [f"slot {one.offering} {one.period}" for one, left in zip(problem.slots, room, strict=True) if left < 0]
    wrong += [f"budget {one.budget}" for one, left in zip(problem.budgets, money, strict=False) if left < 0]
    if wrong:
        raise PinsError(*wrong)
    needed, capacity, slot_least, amount = (np.array(one, dtype=np.int64) for one in (needs, room, leasts, money))
    line = _column(map(line_at.__getitem__, _each(open_ones, "line")))
    slot = _column(map(slot_at.__getitem__, _each(open_ones, "offering", "period")))
    budget = _column(map(budget_at.__getitem__, _each(open_ones, "budget")))
    priority = np.array([one.priority for one in problem.lines], dtype=np.int64)[line]
    each, once, least, most, takes, cost = (
        _column(_each(open_ones, name)) for name in ("each", "once", "least", "most", "takes", "cost")
    )
    each, once = each * priority, once * priority
    most = np.minimum(np.minimum(most, needed[line]), capacity[slot] // takes)
    most = np.minimum(most, np.where(cost > 0, amount[budget] // np.maximum(cost, 1), most))
    # What is worth nothing is never planned.
    kept = (most >= least) & ((each > 0) | (once > 0))
    line = line[kept]
    return Table(
        keys=list(map(key_of, compress(open_ones, kept.tolist()))),
        line=line,
        slot=slot[kept],
        budget=budget[kept],
        each=each[kept],
        once=once[kept],
        least=least[kept],
        most=most[kept],
        takes=takes[kept],
        cost=cost[kept],
        needed=needed,
        capacity=capacity,
        slot_least=slot_least,
        amount=amount,
        lines=[one.line for one in problem.lines],
        slots=[(one.offering, one.period) for one in problem.slots],
        budgets=[one.budget for one in problem.budgets],
        first=np.searchsorted(line, np.arange(len(problem.lines) + 1)).astype(np.int64),
    )


def _each(candidates: Iterable[Candidate], *names: str) -> Iterator[Any]:
    """What each of them has by these names. Without a step of Python for each: there are a hundred thousand."""
    return map(attrgetter(*names), candidates)


def _column(numbers: Iterable[int]) -> Ints:
    return np.fromiter(numbers, dtype=np.int64)


def plan_of(problem: Problem, table: Table, units: Ints) -> Plan:
    """A choice as a plan, with what is pinned."""
    given = {key_of(pin): pin.units for pin in problem.pinned}
    given |= {table.keys[row]: int(units[row]) for row in np.flatnonzero(units)}
    return planned(given)


def choice_of(table: Table, plan: tuple[Assignment, ...]) -> Ints:
    """What of a plan, maybe of another problem, still holds in this one."""
    at = {key: row for row, key in enumerate(table.keys)}
    units = np.zeros(len(table.keys), dtype=np.int64)
    for one in plan:
        if one.key in at:
            units[at[one.key]] = one.units
    return units if holds(table, units) else packed(table, units)


def holds(table: Table, units: Ints) -> bool:
    """Whether a choice keeps to every size, need, capacity and amount."""
    used = units > 0
    sizes = np.all((units >= 0) & (units <= table.most) & (~used | (units >= table.least)))
    taken = _summed(table.slot, table.takes * units, len(table.slots))
    return bool(
        sizes
        and np.all(_summed(table.line, units, len(table.lines)) <= table.needed)
        and np.all(taken <= table.capacity)
        and np.all((taken == 0) | (taken >= table.slot_least))
        and np.all(_summed(table.budget, table.cost * units, len(table.amount)) <= table.amount)
    )


def packed(table: Table, wanted: Ints) -> Ints:
    """As much of a choice as fits, what is worth most first."""
    worth = table.each * np.minimum(wanted, table.most) + table.once
    rows = np.flatnonzero(wanted > 0)
    units = np.zeros(len(table.keys), dtype=np.int64)
    needed, capacity, amount = table.needed.tolist(), table.capacity.tolist(), table.amount.tolist()
    for row in rows[np.lexsort((rows, -worth[rows]))].tolist():
        line, slot, budget = int(table.line[row]), int(table.slot[row]), int(table.budget[row])
        takes, cost = int(table.takes[row]), int(table.cost[row])
        count = min(int(wanted[row]), int(table.most[row]), needed[line], capacity[slot] // takes)
        if cost:
            count = min(count, amount[budget] // cost)
        if count >= table.least[row]:
            units[row] = count
            needed[line] -= count
            capacity[slot] -= count * takes
            amount[budget] -= count * cost
    return without_empty_slots(table, units)


def _summed(place: Ints, amount: Ints, count: int) -> Ints:
    sums = np.zeros(count, dtype=np.int64)
    np.add.at(sums, place, amount)
    return sums


def without_empty_slots(table: Table, units: Ints) -> Ints:
    """The choice without what is in slots that would not be held with so little."""
    taken = _summed(table.slot, table.takes * units, len(table.slots))
    short = (taken > 0) & (taken < table.slot_least)
    return np.where(short[table.slot], 0, units) if short.any() else units


def part_of(table: Table, units: Ints, rows: Ints) -> Table:
    """The table of these rows alone, ascending, beside what the choice gives to all others.

    Lines, slots and budgets that none of them needs are gone. Where others hold a slot already, its least is met.
    """
    others = units.copy()
    others[rows] = 0
    takes, costs = table.takes * others, table.cost * others
    needed, capacity, slot_least, amount = (
        one.copy() for one in (table.needed, table.capacity, table.slot_least, table.amount)
    )
    np.subtract.at(needed, table.line, others)
    np.subtract.at(capacity, table.slot, takes)
    np.subtract.at(amount, table.budget, costs)
    slot_least[table.slot[others > 0]] = 0
    lines, line = np.unique(table.line[rows], return_inverse=True)
    slots, slot = np.unique(table.slot[rows], return_inverse=True)
    budgets, budget = np.unique(table.budget[rows], return_inverse=True)
    return structs.replace(
        table,
        keys=[table.keys[row] for row in rows.tolist()],
        line=line,
        slot=slot,
        budget=budget,
        each=table.each[rows],
        once=table.once[rows],
        least=table.least[rows],
        most=table.most[rows],
        takes=table.takes[rows],
        cost=table.cost[rows],
        needed=needed[lines],
        capacity=capacity[slots],
        slot_least=slot_least[slots],
        amount=amount[budgets],
        lines=[table.lines[one] for one in lines.tolist()],
        slots=[table.slots[one] for one in slots.tolist()],
        budgets=[],
        first=np.searchsorted(line, np.arange(len(lines) + 1)).astype(np.int64),
    )
