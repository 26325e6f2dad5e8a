"""Building of a plan from prices, and local search that improves it, guided by the prices.

A move gives a line units of one more candidate; at most one assignment of another line is ejected, and both lines then
take what else fits. Only gains are kept. Moves are counted and in a fixed order, so that the same problem and number of
moves give the same plan.
"""

from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np

from services.matching.rounds.solver.prices import Prices, reduced_worth
from services.matching.rounds.solver.table import Floats, Ints, Table

ROWS_TRIED = 5
"""Maximum number of candidates of a line that are tried in moves, best first."""
EJECTED_TRIED = 4
"""Maximum number of assignments that are tried for ejection, cheapest first."""


class WorkingPlan:
    """A choice under modification: assigned units and what is left of needs, capacities and budgets."""

    def __init__(self, table: Table, units: Ints, prices: Prices) -> None:
        self.line, self.slot, self.budget = table.line.tolist(), table.slot.tolist(), table.budget.tolist()
        self.each, self.once = table.each.tolist(), table.once.tolist()
        self.least, self.most = table.least.tolist(), table.most.tolist()
        self.takes, self.cost = table.takes.tolist(), table.cost.tolist()
        self.first = table.first.tolist()
        reduced: Floats = reduced_worth(table, prices)
        self.reduced: list[float] = reduced.tolist()
        order = np.lexsort((-reduced, table.line))
        self.rows_of = [order[a:b].tolist() for a, b in pairwise(self.first)]
        self.units = [0] * len(table.keys)
        self.needed, self.room, self.money = table.needed.tolist(), table.capacity.tolist(), table.amount.tolist()
        self.capacity, self.slot_least = table.capacity.tolist(), table.slot_least.tolist()
        self.users: list[set[int]] = [set() for _ in table.slots]
        self.payees: list[set[int]] = [set() for _ in table.amount]
        self.value = 0
        self.log: list[tuple[int, int]] = []
        for row in np.flatnonzero(units).tolist():
            self.set(row, int(units[row]))

    def set(self, row: int, units: int) -> None:
        """Set the units of a row; they must fit."""
        had = self.units[row]
        self.log.append((row, had))
        more = units - had
        self.units[row] = units
        self.needed[self.line[row]] -= more
        self.room[self.slot[row]] -= more * self.takes[row]
        self.money[self.budget[row]] -= more * self.cost[row]
        self.value += self.each[row] * more + self.once[row] * ((units > 0) - (had > 0))
        if units and not had:
            self.users[self.slot[row]].add(row)
            if self.cost[row]:
                self.payees[self.budget[row]].add(row)
        elif had and not units:
            self.users[self.slot[row]].discard(row)
            self.payees[self.budget[row]].discard(row)

    def undo(self, mark: int) -> None:
        """Revert the changes since the log position `mark`."""
        for row, had in reversed(self.log[mark:]):
            self.set(row, had)
        del self.log[mark:]

    def is_below_least(self, mark: int) -> bool:
        """Return True if a slot changed since the log position `mark` is used below its least."""
        slots = {self.slot[row] for row, _ in self.log[mark:]}
        return any(self.users[slot] and self.capacity[slot] - self.room[slot] < self.slot_least[slot] for slot in slots)

    def fits(self, row: int) -> int:
        """Return the maximum units of a row now, 0 if below its least."""
        had = self.units[row]
        count = min(
            self.most[row], had + self.needed[self.line[row]], had + self.room[self.slot[row]] // self.takes[row]
        )
        if self.cost[row]:
            count = min(count, had + self.money[self.budget[row]] // self.cost[row])
        return count if count >= self.least[row] else 0

    def fill(self, line: int) -> None:
        """Give a line the units that still fit, in the order of its candidates' reduced values."""
        if self.needed[line] <= 0:
            return
        for row in self.rows_of[line]:
            count = self.fits(row)
            if count > self.units[row]:
                self.set(row, count)
                if self.needed[line] <= 0:
                    return

    def chosen(self) -> Ints:
        return np.array(self.units, dtype=np.int64)


def repaired(table: Table, prices: Prices) -> Ints:
    """Return a feasible choice: lines by descending regret, each with its best candidates at these prices."""
    working = WorkingPlan(table, np.zeros(len(table.keys), dtype=np.int64), prices)
    for line in _by_regret(table, reduced_worth(table, prices)):
        working.fill(line)
    return _settled(table, working, prices)


def completed(table: Table, prices: Prices, units: Ints) -> Ints:
    """Return a feasible choice with at least these units, and with others that fit."""
    working = WorkingPlan(table, units, prices)
    for line in _by_regret(table, reduced_worth(table, prices)):
        working.fill(line)
    return _settled(table, working, prices)


def _by_regret(table: Table, reduced: Floats) -> list[int]:
    """Return the lines by regret: the difference between their best and second best candidate."""
    order = np.lexsort((-reduced, table.line))
    ranked = np.append(reduced[order], [0.0, 0.0])
    counts = np.diff(table.first)
    best = np.where(counts > 0, ranked[table.first[:-1]], 0)
    second = np.where(counts > 1, ranked[np.minimum(table.first[:-1] + 1, len(ranked) - 1)], 0)
    regret = best - np.maximum(second, 0)
    lines: list[int] = np.lexsort((np.arange(len(regret)), -regret)).tolist()
    return [line for line in lines if counts[line]]


def _settled(table: Table, working: WorkingPlan, prices: Prices) -> Ints:
    """Return the choice without slots used below their least; serve their lines elsewhere if possible."""
    short = [
        slot
        for slot, least in enumerate(table.slot_least.tolist())
        if working.users[slot] and table.capacity[slot] - working.room[slot] < least
    ]
    if not short:
        return working.chosen()
    lines = sorted({working.line[row] for slot in short for row in working.users[slot]})
    for slot in range(len(table.slots)):
        if table.slot_least[slot] and (slot in short or not working.users[slot]):
            for row in sorted(working.users[slot]):
                working.set(row, 0)
            working.room[slot] = 0
    for line in lines:
        working.fill(line)
    return working.chosen()


def searched(
    table: Table,
    prices: Prices,
    units: Ints,
    *,
    moves_max: int,
    lines: Iterable[int] | None = None,
    may_continue: Callable[[], bool] = lambda: True,
) -> Ints:
    """Return the choice after up to `moves_max` moves, of these lines or all, keeping only gains."""
    working = WorkingPlan(table, units, prices)
    wanted = range(len(table.lines)) if lines is None else lines
    left = moves_max
    while left > 0 and may_continue():
        before = working.value
        queue = sorted(
            ((-loss, line) for line in wanted if (loss := _loss(working, line)) > 0),
        )
        for _, line in queue:
            left -= _improve(working, line)
            if left <= 0 or not may_continue():
                break
        if working.value == before:
            break
    found = _settled(table, working, prices)
    return found if table.value(found) > table.value(units) else units


def _loss(working: WorkingPlan, line: int) -> float:
    """Return by how much a line is below its best candidate, at the prices."""
    rows = working.rows_of[line]
    if not rows:
        return 0.0
    return float(working.reduced[rows[0]]) - _has(working, line)


def _has(working: WorkingPlan, line: int) -> float:
    """Return the reduced value of a line's assignments."""
    found = 0.0
    for row in working.rows_of[line]:
        if working.units[row]:
            found += working.reduced[row] * working.units[row] / working.most[row]
    return found


def _improve(working: WorkingPlan, line: int) -> int:
    """Try to give a line a better candidate; return how many moves were tried."""
    tried = 0
    working.fill(line)
    own = [row for row in working.rows_of[line] if working.units[row]]
    has = _has(working, line)
    for row in working.rows_of[line][:ROWS_TRIED]:
        if working.reduced[row] <= has:
            break
        for ejected in _ejections(working, row, own):
            tried += 1
            if _gained(working, line, row, own, ejected):
                return tried
    return tried


def _ejections(working: WorkingPlan, row: int, own: list[int]) -> list[int | None]:
    """Return the rows of which one is to be ejected so that a row fits; `[None]` if the row fits already.

    They are the cheapest in its slot or on its budget that free enough.
    """
    wanted = min(working.most[row], working.needed[working.line[row]] + sum(working.units[one] for one in own))
    slot, budget = working.slot[row], working.budget[row]
    lacks = wanted * working.takes[row] - working.room[slot]
    lacks -= sum(working.units[one] * working.takes[one] for one in own if working.slot[one] == slot)
    owes = wanted * working.cost[row] - working.money[budget] if working.cost[row] else 0
    owes -= sum(working.units[one] * working.cost[one] for one in own if working.budget[one] == budget)
    if lacks <= 0 and owes <= 0:
        return [None]
    pool = working.users[slot] if lacks > 0 else working.payees[budget]
    cheapest = sorted(
        (working.reduced[one], one)
        for one in pool
        if one not in own
        and working.units[one] * working.takes[one] * (working.slot[one] == slot) >= lacks
        and working.units[one] * working.cost[one] * (working.budget[one] == budget) >= owes
    )
    return [one for _, one in cheapest[:EJECTED_TRIED]]


def _gained(working: WorkingPlan, line: int, row: int, own: list[int], ejected: int | None) -> bool:
    mark, before = len(working.log), working.value
    for one in own:
        working.set(one, 0)
    if ejected is not None:
        working.set(ejected, 0)
    count = working.fits(row)
    if count:
        working.set(row, count)
        working.fill(line)
        if ejected is not None:
            working.fill(working.line[ejected])
    if working.value > before:
        del working.log[:]
        return True
    working.undo(mark)
    return False
