"""A problem as arrays, without fixed decisions: the search space of both methods.

Pins are subtracted from needs, capacities and budgets; forbidden pairs and candidates that cannot have a unit are left
out. A choice is an array with the units of each row.
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
    """Pins exceed what is available; `where` names what is insufficient."""

    def __init__(self, *where: str) -> None:
        super().__init__("; ".join(where))
        self.where = where


class Table(Struct, frozen=True, kw_only=True):
    """Rows are candidates in the problem's order; the last budget is unlimited, for candidates without one."""

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
        """The exact value of a choice."""
        return int(np.sum(self.each * units) + np.sum(self.once[units > 0]))


def table_of(problem: Problem) -> Table:
    """Return the open part of a checked problem in its normal form.

    Raise PinsError if pins exceed what is available.
    """
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
    # Rows without a value are never planned.
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
    """Return the values of these attributes.

    There is no Python step per candidate, of which there may be a hundred thousand.
    """
    return map(attrgetter(*names), candidates)


def _column(numbers: Iterable[int]) -> Ints:
    return np.fromiter(numbers, dtype=np.int64)


def plan_of(problem: Problem, table: Table, units: Ints) -> Plan:
    """Return a choice as a plan, with the pins."""
    given = {key_of(pin): pin.units for pin in problem.pinned}
    given |= {table.keys[row]: int(units[row]) for row in np.flatnonzero(units)}
    return planned(given)


def choice_of(table: Table, plan: tuple[Assignment, ...]) -> Ints:
    """Return the part of a plan, possibly of another problem, that is feasible in this one."""
    at = {key: row for row, key in enumerate(table.keys)}
    units = np.zeros(len(table.keys), dtype=np.int64)
    for one in plan:
        if one.key in at:
            units[at[one.key]] = one.units
    return units if holds(table, units) else packed(table, units)


def holds(table: Table, units: Ints) -> bool:
    """Return True if a choice respects every size, need, capacity and budget."""
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
    """Return as much of a choice as fits, most valuable rows first."""
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
    """Return the choice without slots used below their least."""
    taken = _summed(table.slot, table.takes * units, len(table.slots))
    short = (taken > 0) & (taken < table.slot_least)
    return np.where(short[table.slot], 0, units) if short.any() else units


def part_of(table: Table, units: Ints, rows: Ints) -> Table:
    """Return the table of these rows (ascending), without what the choice gives to all others.

    Lines, slots and budgets that no row uses are removed. If others hold a slot already, its least is met.
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
