"""Large neighbourhood search: improve a plan too large for HiGHS as a whole, part by part.

A part is a set of slots that compete for the same lines: its assignments are freed, and HiGHS optimizes them beside
the rest of the plan. The result is never worth less.
"""

from collections import Counter
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from services.matching.rounds.solver import exact
from services.matching.rounds.solver.prices import Prices, reduced_worth
from services.matching.rounds.solver.table import Floats, Ints, Table, holds, part_of

Flags = NDArray[np.bool_]

PART_LINES_MAX = 60
ROWS_OF_A_LINE_MAX = 5
"""Maximum number of best candidates at the prices that a line has in a part, besides those it is assigned already."""
PART_NODES = 1


def improved_by_parts(
    table: Table,
    prices: Prices,
    units: Ints,
    *,
    parts: int,
    seed: int,
    improved: Callable[[Ints], None] = lambda units: None,
    may_continue: Callable[[], bool] = lambda: True,
) -> Ints:
    """Return the choice after HiGHS optimized `parts` parts of it; never worth less.

    Parts start at the slots with the largest loss against the bound; no slot starts a second part before all had one.
    """
    reduced = reduced_worth(table, prices)
    near = _near(table, reduced)
    by_slot = np.argsort(table.slot, kind="stable")
    edges = np.searchsorted(table.slot[by_slot], np.arange(len(table.slots) + 1))
    rows_of = [by_slot[edges[slot] : edges[slot + 1]] for slot in range(len(table.slots))]
    begun: set[int] = set()
    for _ in range(parts):
        if not may_continue():
            break
        lost = _lost_by_slot(table, prices, reduced, units)
        lost[list(begun)] = -1
        start = int(np.argmax(lost))
        if lost[start] <= 0:
            if not begun:
                break
            begun.clear()
            continue
        begun.add(start)
        rows = _part(table, rows_of, near | (units > 0), start)
        part = part_of(table, units, rows)
        found = exact.solve(part, start=units[rows], seed=seed, nodes_max=PART_NODES, may_continue=may_continue).units
        if found is not None:
            better = units.copy()
            better[rows] = found
            if table.value(better) > table.value(units) and holds(table, better):
                units = better
                improved(units)
    return units


def _near(table: Table, reduced: Floats) -> Flags:
    """Return a mask of the rows that are among the best of their line."""
    order = np.lexsort((-reduced, table.line))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place - table.first[table.line] < ROWS_OF_A_LINE_MAX


def _lost_by_slot(table: Table, prices: Prices, reduced: Floats, units: Ints) -> Floats:
    """Return the loss against the bound at each slot.

    It is by capacity left over, and by lines whose best candidate is there.
    """
    taken = np.bincount(table.slot, weights=table.takes * units, minlength=len(table.slots))
    lost: Floats = prices.slots * (table.capacity - taken)
    best = np.zeros(len(table.lines))
    np.maximum.at(best, table.line, reduced)
    has = np.bincount(table.line, weights=reduced * units / np.maximum(table.most, 1), minlength=len(table.lines))
    short = np.maximum(best - has, 0)
    rather = (reduced > 0) & (reduced >= best[table.line])
    return lost + np.bincount(table.slot[rather], weights=short[table.line[rather]], minlength=len(table.slots))


def _part(table: Table, rows_of: list[Ints], interesting: Flags, start: int) -> Ints:
    """Return the rows of the lines that compete for this slot and adjacent ones, ascending."""
    lines: set[int] = set()
    slots = {start}
    ties: Counter[int] = Counter()
    current = start
    while True:
        rows = rows_of[current]
        fresh = sorted(set(table.line[rows[interesting[rows]]].tolist()) - lines)
        if lines and len(lines) + len(fresh) > PART_LINES_MAX:
            break
        lines.update(fresh)
        for line in fresh:
            mine = np.arange(table.first[line], table.first[line + 1])
            ties.update(table.slot[mine[interesting[mine]]].tolist())
        beside = [(-times, slot) for slot, times in ties.items() if slot not in slots]
        if not beside:
            break
        current = min(beside)[1]
        slots.add(current)
    if not lines:
        return np.zeros(0, dtype=np.int64)
    found: Ints = np.concatenate([np.arange(table.first[line], table.first[line + 1]) for line in sorted(lines)])
    return found[interesting[found]]
