"""A fairness floor: the States that get least come first, as long as the whole loses no more than was agreed.

A State's level is the share of what it needs that it gets, over its lines that anybody could serve. Of two plans the
fairer one has the higher lowest level, or the same and the higher second lowest, and so on (leximin).

Promised: the plan is worth at least the agreed share of the plan found without the floor; it is never less fair than
that one; and at its end no single move makes it fairer within the loss, a move being units of one more candidate for a
line of a State, with at most one assignment ejected. Up to the size that HiGHS has as a whole the lowest level is also
raised by it as far as its nodes go. Not promised: that no other plan is fairer.
"""

from collections.abc import Callable
from typing import Annotated

import highspy
import numpy as np
from msgspec import Meta, Struct

from services.matching.rounds import exact
from services.matching.rounds.prices import Prices
from services.matching.rounds.search import Standing
from services.matching.rounds.table import Ints, Table, holds

FINE = 1_000_000
EJECTED_TRIED = 12


class Fairness(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of the total value may be lost for States to stand closer together, in thousandths."""

    loss: Annotated[int, Meta(ge=0, le=1000)]


class States(Struct, frozen=True, kw_only=True):
    """Which State each line is of (-1 where no plan can serve it), what it needs and what pins give it already."""

    of_line: Ints
    needed: Ints
    pinned: Ints

    def levels(self, table: Table, units: Ints) -> Ints:
        """In whole millionths, by State."""
        of_row = self.of_line[table.line]
        given = np.bincount(of_row[of_row >= 0], weights=units[of_row >= 0], minlength=len(self.needed))
        found: Ints = FINE * (given.astype(np.int64) + self.pinned) // self.needed
        return found


def lowest_value(value: int, fairness: Fairness) -> int:
    """What a plan has to be worth at least, where the best one found is worth `value`."""
    return -(-value * (1000 - fairness.loss) // 1000)


def raised_by_solver(
    table: Table,
    states: States,
    units: Ints,
    *,
    floor: int,
    nodes_max: int,
    seed: int,
    may_go_on: Callable[[], bool] = lambda: True,
) -> Ints:
    """A choice whose lowest level is as high as HiGHS finds it, worth at least `floor`; `units` if there is none."""
    if not table.keys:
        return units
    model = exact.model_of(table)
    highs = exact.prepared(model, seed=seed, nodes_max=nodes_max)
    width, count = len(model.worth), len(table.keys)
    # Levels are shares: two that differ by less than this are the same.
    highs.setOptionValue("mip_abs_gap", 1 / FINE)
    highs.changeColsCost(width, np.arange(width, dtype=np.int32), np.zeros(width))
    highs.addRow(floor / model.scale, np.inf, width, np.arange(width, dtype=np.int32), model.worth)
    highs.addCol(1.0, 0.0, 1.0, 0, np.zeros(0, np.int32), np.zeros(0))
    of_row = states.of_line[table.line]
    for state in range(len(states.needed)):
        mine = np.flatnonzero(of_row == state)
        share = model.unit_size[mine] / states.needed[state]
        highs.addRow(
            -float(states.pinned[state] / states.needed[state]),
            np.inf,
            len(mine) + 1,
            np.append(mine, width).astype(np.int32),
            np.append(share, -1.0),
        )
    lowest = int(states.levels(table, units).min(initial=FINE)) / FINE
    start = np.append(exact.columns_of(table, model, units), lowest)
    highs.setSolution(len(start), np.arange(len(start), dtype=np.int32), start)
    exact.stop_when(highs, may_go_on)
    highs.run()
    if highs.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return units
    found = exact.units_of(model, np.array(highs.getSolution().col_value), count)
    return (
        found if holds(table, found) and table.value(found) >= floor and _fairer(states, table, found, units) else units
    )


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
    may_go_on: Callable[[], bool] = lambda: True,
) -> Ints:
    """A choice that no move makes fairer, or the fairest within `moves_max`; worth at least `floor`."""
    standing = Standing(table, units, prices)
    given: list[int] = states.pinned.tolist()
    needed, of_line = states.needed.tolist(), states.of_line.tolist()
    lines_of: list[list[int]] = [[] for _ in needed]
    for line, state in enumerate(of_line):
        if state >= 0:
            lines_of[state].append(line)
    for row, count in enumerate(standing.units):
        if count and of_line[standing.line[row]] >= 0:
            given[of_line[standing.line[row]]] += count
    stuck: set[int] = set()
    left = moves_max
    while left > 0 and may_go_on():
        state = min(
            (one for one in range(len(needed)) if one not in stuck and given[one] < needed[one]),
            key=lambda one: (FINE * given[one] // needed[one], one),
            default=None,
        )
        if state is None:
            break
        moved, tried = _raise(standing, lines_of[state], of_line, given, needed, floor)
        left -= tried
        if moved:
            stuck.clear()
        else:
            stuck.add(state)
    return standing.chosen()


def _raise(
    standing: Standing, lines: list[int], of_line: list[int], given: list[int], needed: list[int], floor: int
) -> tuple[bool, int]:
    """Make the fairer move for one of these lines that loses least; whether there was one, and how many were tried."""
    best: tuple[int, int, int | None] | None = None
    tried = 0
    for line in lines:
        if standing.needed[line] <= 0:
            continue
        for row in standing.rows_of[line]:
            for ejected in _makes_room(standing, row):
                tried += 1
                mark = len(standing.log)
                if _moved(standing, row, ejected) and standing.value >= floor and not standing.leaves_short(mark):
                    change = _change(standing, mark, of_line)
                    if _is_fairer(change, given, needed) and (best is None or standing.value > best[0]):
                        best = (standing.value, row, ejected)
                standing.undo(mark)
    if best is None:
        return False, tried
    mark = len(standing.log)
    _moved(standing, best[1], best[2])
    for state, more in _change(standing, mark, of_line).items():
        given[state] += more
    standing.log.clear()
    return True, tried


def _makes_room(standing: Standing, row: int) -> list[int | None]:
    """Nobody if it fits already, else those in its slot or paid from its budget, cheapest first."""
    if standing.fits(row) > standing.units[row]:
        return [None]
    if standing.units[row] == standing.most[row]:
        return []
    pool = set(standing.users[standing.slot[row]])
    if standing.cost[row]:
        pool |= standing.payees[standing.budget[row]]
    cheapest = sorted((standing.reduced[one], one) for one in pool if one != row)
    return [one for _, one in cheapest[:EJECTED_TRIED]]


def _moved(standing: Standing, row: int, ejected: int | None) -> bool:
    if ejected is not None:
        standing.set(ejected, 0)
    count = standing.fits(row)
    if count <= standing.units[row]:
        return False
    standing.set(row, count)
    if ejected is not None:
        standing.fill(standing.line[ejected])
    return True


def _change(standing: Standing, mark: int, of_line: list[int]) -> dict[int, int]:
    """Units more, by State, since the mark."""
    had: dict[int, int] = {}
    for row, before in standing.log[mark:]:
        had.setdefault(row, before)
    change: dict[int, int] = {}
    for row, before in had.items():
        state = of_line[standing.line[row]]
        change[state] = change.get(state, 0) + standing.units[row] - before
    return change


def _is_fairer(change: dict[int, int], given: list[int], needed: list[int]) -> bool:
    """Whether the levels that change are fairer than before; those that stay the same do not matter for that."""
    before = sorted(FINE * given[state] // needed[state] for state in change)
    after = sorted(FINE * (given[state] + more) // needed[state] for state, more in change.items())
    return after > before
