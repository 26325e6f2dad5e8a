"""Exact solution by HiGHS, with an upper bound on the value of any plan.

HiGHS prints unless configured not to, and checks its limits only between steps, so it may exceed them by far. For a
strict time limit run it in a child process and keep the last choice given to `improved`.
"""

from collections.abc import Callable
from functools import reduce
from math import floor, gcd
from typing import NamedTuple

import highspy
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from services.matching.rounds.solver.table import Floats, Ints, Table, holds, packed

NODES_MAX = 1_000_000
NEARLY = 1e-9
NEARLY_AT_LEAST = 1e-4
"""Distance within which a bound is rounded up to the next integer; otherwise it is rounded down."""

Improved = Callable[[Ints], None]
MayContinue = Callable[[], bool]


class Exact(Struct, frozen=True, kw_only=True):
    """HiGHS's result: a choice or none, an upper bound on the value of any choice, and whether it finished."""

    units: Ints | None
    bound: int
    finished: bool


class Model(Struct, frozen=True, kw_only=True):
    """A table as columns and rows of a mixed integer program: units of row r are `unit_size[r]` times its column."""

    worth: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats
    starts: NDArray[np.int32]
    index: NDArray[np.int32]
    values: Floats
    rows: int
    unit_size: Ints
    flag: Ints
    """Column that is 1 if row r has any units; -1 if its first column says so."""
    held: Ints
    """Column that is 1 if a slot is held, or -1."""
    scale: int


def solve(
    table: Table,
    *,
    start: Ints | None = None,
    seed: int = 0,
    nodes_max: int = NODES_MAX,
    improved: Improved = lambda units: None,
    may_continue: MayContinue = lambda: True,
) -> Exact:
    """Return the optimal choice for the table, or the best within `nodes_max` nodes, never below `start`.

    HiGHS stops when `may_continue` returns False; unlike with the node limit, the result then depends on the machine.
    """
    ceiling = _ceiling(table)
    if not len(table.keys):
        return Exact(units=np.zeros(0, dtype=np.int64), bound=0, finished=True)
    model = model_of(table)
    highs = prepared(model, seed=seed, nodes_max=nodes_max)
    if start is not None:
        columns = columns_of(table, model, start)
        highs.setSolution(len(columns), np.arange(len(columns), dtype=np.int32), columns)
    stop_when(highs, may_continue)
    _report_improvements(highs, table, model, improved)
    highs.run()
    info = highs.getInfo()
    found, as_found = None, True
    if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        found = units_of(model, np.array(highs.getSolution().col_value), len(table.keys))
        as_found = holds(table, found)
        if not as_found:
            # HiGHS's integers are within a tolerance: with large coefficients the rounded choice may not fit.
            found = packed(table, found)
    if start is not None and (found is None or table.value(found) < table.value(start)):
        found = start
    finished = as_found and highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    bound = (
        min(ceiling, integer_bound(info.mip_dual_bound) * model.scale) if np.isfinite(info.mip_dual_bound) else ceiling
    )
    if found is not None:
        # If HiGHS has finished, the value is less than one from the bound, so the bound is the value.
        bound = table.value(found) if finished else max(bound, table.value(found))
    return Exact(units=found, bound=bound, finished=finished)


class Duals(NamedTuple):
    """The dual values of slots and budgets at the optimum of the linear relaxation, in units of the problem's value."""

    slots: Floats
    budgets: Floats


def relaxed(table: Table, *, may_continue: MayContinue = lambda: True) -> Duals | None:
    """Solve the linear relaxation of the table by HiGHS; None if it was stopped."""
    model = model_of(table)
    highs = prepared(model, seed=0, nodes_max=NODES_MAX)
    highs.setOptionValue("solve_relaxation", True)
    stop_when(highs, may_continue)
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    lines, slots, funds = len(table.lines), len(table.slots), len(table.amount)
    # All are upper-bound rows in a maximization: up to tolerances their duals are not negative.
    duals: Floats = np.maximum(np.array(highs.getSolution().row_dual)[lines : lines + slots + funds], 0) * model.scale
    return Duals(slots=duals[:slots], budgets=duals[slots:])


def integer_bound(bound: float) -> int:
    """The largest integer within a floating-point bound."""
    return floor(bound + max(NEARLY_AT_LEAST, NEARLY * abs(bound)))


def _ceiling(table: Table) -> int:
    return int(np.sum(table.each * table.most + table.once))


def model_of(table: Table) -> Model:
    count = len(table.keys)
    together = table.least == table.most
    flagged = ~together & ((table.least > 1) | (table.once > 0))
    flag = np.full(count, -1, dtype=np.int64)
    flag[flagged] = count + np.arange(int(flagged.sum()))
    slots = np.flatnonzero(table.slot_least > 0)
    held = np.full(len(table.slots), -1, dtype=np.int64)
    held[slots] = count + int(flagged.sum()) + np.arange(len(slots))
    width = count + int(flagged.sum()) + len(slots)
    unit_size = np.where(together, table.most, 1)

    worth = np.zeros(width, dtype=np.int64)
    worth[:count] = table.each * unit_size + np.where(flagged, 0, table.once)
    worth[flag[flagged]] = table.once[flagged]
    scale = reduce(gcd, worth.tolist(), 0) or 1
    upper = np.ones(width)
    upper[:count] = np.where(together, 1, table.most)

    all_rows = np.arange(count)
    lines, places, budgets = len(table.lines), len(table.slots), len(table.amount)
    entries = [
        (table.line, all_rows, unit_size),
        (lines + table.slot, all_rows, table.takes * unit_size),
        (lines + places + table.budget, all_rows, table.cost * unit_size),
    ]
    row_upper = [table.needed, np.where(table.slot_least > 0, 0, table.capacity), table.amount]
    row_lower = [np.full(lines + places + budgets, -np.inf)]
    rows = lines + places + budgets
    # A held slot uses between its least and its capacity.
    entries.append((lines + slots, held[slots], -table.capacity[slots]))
    inside = np.flatnonzero(table.slot_least[table.slot] > 0)
    row_of = np.full(places, -1, dtype=np.int64)
    row_of[slots] = rows + np.arange(len(slots))
    entries.append((row_of[table.slot[inside]], inside, (table.takes * unit_size)[inside]))
    entries.append((row_of[slots], held[slots], -table.slot_least[slots]))
    row_lower.append(np.zeros(len(slots)))
    row_upper.append(np.full(len(slots), np.iinfo(np.int64).max // 2))
    rows += len(slots)
    # A used candidate has between `least` and `most` units.
    own = np.flatnonzero(flagged)
    at = np.arange(len(own))
    entries += [(rows + at, own, np.ones(len(own), np.int64)), (rows + at, flag[own], -table.most[own])]
    row_lower.append(np.full(len(own), -np.inf))
    row_upper.append(np.zeros(len(own), np.int64))
    rows += len(own)
    entries += [(rows + at, own, np.ones(len(own), np.int64)), (rows + at, flag[own], -table.least[own])]
    row_lower.append(np.zeros(len(own)))
    row_upper.append(np.full(len(own), np.iinfo(np.int64).max // 2))
    rows += len(own)

    row, column, value = (np.concatenate([entry[part] for entry in entries]) for part in range(3))
    used = value != 0
    row, column, value = row[used], column[used], value[used]
    sorting = np.lexsort((row, column))
    uppers = np.concatenate(row_upper).astype(float)
    uppers[uppers > 1e18] = np.inf
    return Model(
        worth=(worth // scale).astype(float),
        upper=upper,
        row_lower=np.concatenate(row_lower),
        row_upper=uppers,
        starts=np.searchsorted(column[sorting], np.arange(width + 1)).astype(np.int32),
        index=row[sorting].astype(np.int32),
        values=value[sorting].astype(float),
        rows=rows,
        unit_size=unit_size,
        flag=flag,
        held=held,
        scale=scale,
    )


def prepared(model: Model, *, seed: int, nodes_max: int) -> highspy.Highs:
    """Return HiGHS with a model, silent and single-threaded."""
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.silent()
    for option, value in {
        "threads": 1,
        "random_seed": seed,
        "mip_rel_gap": 0.0,
        # Values are integers: within less than one of the bound is optimal.
        "mip_abs_gap": 0.999,
        "mip_max_nodes": nodes_max,
    }.items():
        highs.setOptionValue(option, value)
    highs.passModel(_program(model))
    return highs


def _program(model: Model) -> highspy.HighsLp:
    width = len(model.worth)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = width, model.rows
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = model.worth
    lp.col_lower_, lp.col_upper_ = np.zeros(width), model.upper
    lp.row_lower_, lp.row_upper_ = model.row_lower, model.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = model.starts, model.index, model.values
    lp.integrality_ = [highspy.HighsVarType.kInteger] * width
    return lp


def stop_when(highs: highspy.Highs, may_continue: MayContinue) -> None:
    """Interrupt HiGHS when `may_continue` returns False, checked between its steps."""

    def asked(event: highspy.HighsCallbackEvent) -> None:
        if not may_continue():
            event.interrupt()

    highs.cbMipInterrupt.subscribe(asked)
    highs.cbSimplexInterrupt.subscribe(asked)


def _report_improvements(highs: highspy.Highs, table: Table, model: Model, improved: Improved) -> None:
    def solved(event: highspy.HighsCallbackEvent) -> None:
        found = units_of(model, np.array(event.data_out.mip_solution), len(table.keys))
        if holds(table, found):
            improved(found)

    highs.cbMipImprovingSolution.subscribe(solved)


def units_of(model: Model, columns: Floats, count: int) -> Ints:
    """The choice that the first `count` columns represent."""
    return np.rint(columns[:count]).astype(np.int64) * model.unit_size


def columns_of(table: Table, model: Model, units: Ints) -> Floats:
    """The model's column values for a choice."""
    columns = np.zeros(len(model.worth))
    columns[: len(units)] = units // model.unit_size
    used = (units > 0) & (model.flag >= 0)
    columns[model.flag[used]] = 1
    held = model.held[table.slot[units > 0]]
    columns[held[held >= 0]] = 1
    return columns
