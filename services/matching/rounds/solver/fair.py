"""Fairness: raise the coverage of the least covered States, within an agreed loss of total value.

A State's level is the covered share of its need, over its servable lines. Of two plans the fairer one has the higher
lowest level, or the same and the higher second lowest, and so on (leximin).

The following is guaranteed: the plan is worth at least the agreed share of the plan found without fairness; it is never
less fair than that plan; and, beyond the size that HiGHS solves as a whole, no single move within the loss makes it
fairer, a move being units of one more candidate for a line of a State with at most one assignment ejected. Up to that
size HiGHS first raises the lowest level within its node limit, and finally regains value without lowering any State. It
is not guaranteed that no other plan is fairer.
"""

from collections.abc import Callable, Iterator
from typing import Annotated

import highspy
import numpy as np
from msgspec import Meta, Struct

from services.matching.rounds.solver import exact
from services.matching.rounds.solver.prices import Prices
from services.matching.rounds.solver.search import WorkingPlan
from services.matching.rounds.solver.table import Floats, Ints, Table, holds

FINE = 1_000_000
EJECTED_TRIED = 40
NEARLY_LEVEL = 0.005
"""Difference below which HiGHS takes levels as equal."""
RAISING_NODES_MAX = 50
"""Maximum number of nodes for raising the lowest level; the first nodes bring most of the gain.

The maximum lowest level is much harder to prove than the maximum value.
"""


class Fairness(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Share of the total value that may be lost for more equal levels, in thousandths."""

    loss: Annotated[int, Meta(ge=0, le=1000)]


class States(Struct, frozen=True, kw_only=True):
    """The State of each line (-1 if no plan can serve it), its need and the units pinned."""

    of_line: Ints
    needed: Ints
    pinned: Ints

    def levels(self, table: Table, units: Ints) -> Ints:
        """Return the levels in millionths, rounded down, by State."""
        of_row = self.of_line[table.line]
        given = np.bincount(of_row[of_row >= 0], weights=units[of_row >= 0], minlength=len(self.needed))
        found: Ints = FINE * (given.astype(np.int64) + self.pinned) // self.needed
        return found


def lowest_value(value: int, fairness: Fairness) -> int:
    """The minimum value of a fair plan, if the best plan found is worth `value`."""
    return -(-value * (1000 - fairness.loss) // 1000)


def raised_by_solver(
    table: Table,
    states: States,
    units: Ints,
    *,
    floor: int,
    nodes_max: int,
    seed: int,
    may_continue: Callable[[], bool] = lambda: True,
) -> Ints:
    """Return the choice with the highest lowest level that HiGHS finds, worth at least `floor`; else `units`."""
    if not table.keys:
        return units
    model = exact.model_of(table)
    highs = exact.prepared(model, seed=seed, nodes_max=min(nodes_max, RAISING_NODES_MAX))
    highs.setOptionValue("mip_abs_gap", NEARLY_LEVEL)
    width = len(model.worth)
    every = np.arange(width, dtype=np.int32)
    highs.changeColsCost(width, every, np.zeros(width))
    highs.addRow(floor / model.scale, np.inf, width, every, model.worth)
    highs.addCol(1.0, 0.0, 1.0, 0, np.zeros(0, np.int32), np.zeros(0))
    for state, mine, share in _shares(table, states, model):
        lowest = np.append(mine, width).astype(np.int32)
        highs.addRow(-states.pinned[state] / states.needed[state], np.inf, len(lowest), lowest, np.append(share, -1.0))
    start = np.append(exact.columns_of(table, model, units), int(states.levels(table, units).min(initial=FINE)) / FINE)
    found = _found(highs, table, model, start, may_continue)
    good = holds(table, found) and table.value(found) >= floor and _fairer(states, table, found, units)
    return found if good else units


def regained(
    table: Table,
    states: States,
    units: Ints,
    *,
    nodes_max: int,
    seed: int,
    may_continue: Callable[[], bool] = lambda: True,
) -> Ints:
    """Return the most valuable choice HiGHS finds in which no State gets less; never worth less than `units`."""
    if not table.keys:
        return units
    model = exact.model_of(table)
    highs = exact.prepared(model, seed=seed, nodes_max=min(nodes_max, RAISING_NODES_MAX))
    of_row = states.of_line[table.line]
    for state, mine, _ in _shares(table, states, model):
        has = float(units[of_row == state].sum())
        highs.addRow(has, np.inf, len(mine), mine.astype(np.int32), model.unit_size[mine].astype(np.float64))
    found = _found(highs, table, model, exact.columns_of(table, model, units), may_continue)
    as_fair = bool(np.all(states.levels(table, found) >= states.levels(table, units)))
    return found if holds(table, found) and as_fair and table.value(found) > table.value(units) else units


def _shares(table: Table, states: States, model: exact.Model) -> Iterator[tuple[int, Ints, Floats]]:
    """Yield each State with its rows, and the share of its need that one unit of each column covers."""
    of_row = states.of_line[table.line]
    for state in range(len(states.needed)):
        mine = np.flatnonzero(of_row == state)
        yield state, mine, model.unit_size[mine] / states.needed[state]


def _found(
    highs: highspy.Highs, table: Table, model: exact.Model, start: Floats, may_continue: Callable[[], bool]
) -> Ints:
    """Return the choice HiGHS finds from `start`; an empty choice if it finds none."""
    highs.setSolution(len(start), np.arange(len(start), dtype=np.int32), start)
    exact.stop_when(highs, may_continue)
    highs.run()
    if highs.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return np.zeros(len(table.keys), dtype=np.int64)
    return exact.units_of(model, np.array(highs.getSolution().col_value), len(table.keys))


def _fairer(states: States, table: Table, units: Ints, than: Ints) -> bool:
    return sorted(states.levels(table, units).tolist()) > sorted(states.levels(table, than).tolist())


def raised_by_moves(
    table: Table,
    states: States,
    prices: Prices,
    units: Ints,
    *,
    floor: int,
    moves_max: int,
    may_continue: Callable[[], bool] = lambda: True,
) -> Ints:
    """Return a choice that no move makes fairer, or the fairest within `moves_max`; worth at least `floor`."""
    working = WorkingPlan(table, units, prices)
    given: list[int] = states.pinned.tolist()
    needed, of_line = states.needed.tolist(), states.of_line.tolist()
    lines_of: list[list[int]] = [[] for _ in needed]
    for line, state in enumerate(of_line):
        if state >= 0:
            lines_of[state].append(line)
    for row, count in enumerate(working.units):
        if count and of_line[working.line[row]] >= 0:
            given[of_line[working.line[row]]] += count
    stuck: set[int] = set()
    left = moves_max
    while left > 0 and may_continue():
        state = min(
            (one for one in range(len(needed)) if one not in stuck and given[one] < needed[one]),
            key=lambda one: (FINE * given[one] // needed[one], one),
            default=None,
        )
        if state is None:
            break
        moved, tried = _raise(working, lines_of[state], of_line, given, needed, floor)
        left -= tried
        if moved:
            stuck.clear()
        else:
            stuck.add(state)
    return working.chosen()


def _raise(
    working: WorkingPlan, lines: list[int], of_line: list[int], given: list[int], needed: list[int], floor: int
) -> tuple[bool, int]:
    """Make the fairest move for one of these lines, of equal ones the one with the least loss.

    Return whether there was a fairer move, and how many were tried.
    """
    best: tuple[tuple[int, int], int, int | None] | None = None
    tried = 0
    for line in lines:
        if working.needed[line] <= 0:
            continue
        for row in working.rows_of[line]:
            for ejected in _ejections(working, row):
                tried += 1
                mark = len(working.log)
                if _moved(working, row, ejected) and working.value >= floor and not working.is_below_least(mark):
                    change = _change(working, mark, of_line)
                    before, after = _levels_around(change, given, needed)
                    rank = (after[0], working.value) if after > before else None
                    if rank and (best is None or rank > best[0]):
                        best = (rank, row, ejected)
                working.undo(mark)
    if best is None:
        return False, tried
    mark = len(working.log)
    _moved(working, best[1], best[2])
    for state, more in _change(working, mark, of_line).items():
        given[state] += more
    working.log.clear()
    return True, tried


def _ejections(working: WorkingPlan, row: int) -> list[int | None]:
    """Return `[None]` if the row fits already, else rows in its slot or on its budget, cheapest first."""
    if working.fits(row) > working.units[row]:
        return [None]
    if working.units[row] == working.most[row]:
        return []
    pool = set(working.users[working.slot[row]])
    if working.cost[row]:
        pool |= working.payees[working.budget[row]]
    cheapest = sorted((working.reduced[one], one) for one in pool if one != row)
    return [one for _, one in cheapest[:EJECTED_TRIED]]


def _moved(working: WorkingPlan, row: int, ejected: int | None) -> bool:
    if ejected is not None:
        working.set(ejected, 0)
    count = working.fits(row)
    if count <= working.units[row]:
        return False
    working.set(row, count)
    if ejected is not None:
        working.fill(working.line[ejected])
    return True


def _change(working: WorkingPlan, mark: int, of_line: list[int]) -> dict[int, int]:
    """Return the additional units by State since the log position `mark`."""
    had: dict[int, int] = {}
    for row, before in working.log[mark:]:
        had.setdefault(row, before)
    change: dict[int, int] = {}
    for row, before in had.items():
        state = of_line[working.line[row]]
        change[state] = change.get(state, 0) + working.units[row] - before
    return change


def _levels_around(change: dict[int, int], given: list[int], needed: list[int]) -> tuple[list[int], list[int]]:
    """Return the levels that change, before and after, lowest first.

    Unchanged levels do not affect the comparison.
    """
    before = sorted(FINE * given[state] // needed[state] for state in change)
    after = sorted(FINE * (given[state] + more) // needed[state] for state, more in change.items())
    return before, after
