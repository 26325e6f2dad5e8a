"""Prices of capacity and money by Lagrangian relaxation: a bound on every plan, and a guide to a good one.

Each slot and each budget has a price; each line takes what is best for it at these prices, independently of others.
Where demand exceeds supply the price rises, where supply is left over it falls. At any prices, the lines' gains plus
the price of all supply is an upper bound on the value of the best plan.
"""

from collections.abc import Callable

import numpy as np
from msgspec import Struct

from services.matching.rounds.solver.exact import integer_bound
from services.matching.rounds.solver.table import NEVER_ENDS, Floats, Ints, Table

PATIENCE = 12
"""Number of steps without a lower bound after which the step length is reduced."""
STEP = 1.0
SHORTER = 0.6
ENOUGH = 1e-6
"""Relative decrease from which on a bound counts as lower."""
SHORTEST = 1e-4
MEMORY = 0.35
"""Weight of the last direction in the next one."""


class Prices(Struct, frozen=True, kw_only=True):
    """The prices per unit of each slot and budget, in units of the problem's value, and the bound they prove."""

    slots: Floats
    budgets: Floats
    bound: int


class Segments(Struct, frozen=True, kw_only=True):
    """Rows split where their value per unit changes: `least` units with `once` spread over them, then the rest.

    Their envelope is concave and never below a row's value, so a line that takes the most valuable segments first gains
    at least the value of any choice. The last segment is empty.
    """

    size: Floats
    rate: Floats
    slot: Ints
    budget: Ints
    takes: Floats
    cost: Floats
    whole: Ints
    """Segments by line, padded with the empty one, for lines that each single segment satisfies."""
    whole_needed: Floats
    mixed: Ints
    """Segments of the other lines, which may need several segments."""
    mixed_needed: Floats


def segments_of(table: Table) -> Segments:
    count = len(table.keys)
    # A row without `once` has a constant value per unit.
    joined = table.once == 0
    rest = np.flatnonzero((table.most > table.least) & ~joined)
    row = np.concatenate([np.arange(count), rest])
    size = np.concatenate([np.where(joined, table.most, table.least), table.most[rest] - table.least[rest]])
    rate = np.concatenate([table.each + table.once / table.least, table.each[rest].astype(np.float64)])
    order = np.argsort(table.line[row], kind="stable")
    row, size, rate = row[order], size[order], rate[order]
    line = table.line[row]
    lines = np.arange(len(table.lines))
    widths = np.bincount(line, minlength=len(lines))
    starts = np.concatenate([[0], np.cumsum(widths)])
    fills = np.bincount(line[size >= table.needed[line]], minlength=len(lines)) == widths

    def places(wanted: Ints) -> Ints:
        width = int(widths[wanted].max(initial=1))
        place = starts[wanted][:, None] + np.arange(width)
        return np.where(np.arange(width) < widths[wanted][:, None], place, len(row))

    whole_lines, mixed_lines = lines[fills & (widths > 0)], lines[~fills & (widths > 0)]
    return Segments(
        size=np.append(size, 0).astype(np.float64),
        rate=np.append(rate, 0),
        slot=np.append(table.slot[row], 0),
        budget=np.append(table.budget[row], len(table.amount) - 1),
        takes=np.append(table.takes[row], 0).astype(np.float64),
        cost=np.append(table.cost[row], 0).astype(np.float64),
        whole=places(whole_lines),
        whole_needed=table.needed[whole_lines].astype(np.float64),
        mixed=places(mixed_lines),
        mixed_needed=table.needed[mixed_lines].astype(np.float64),
    )


def taken_at(segments: Segments, slots: Floats, budgets: Floats) -> tuple[float, Floats]:
    """Return the lines' total gain at these prices, and the units of each segment they take for it."""
    reduced = segments.rate - slots[segments.slot] * segments.takes - budgets[segments.budget] * segments.cost
    reduced[-1] = 0
    fill = np.zeros(len(reduced))
    best = np.argmax(reduced[segments.whole], axis=1)
    place = segments.whole[np.arange(len(best)), best]
    fill[place] = np.where(reduced[place] > 0, segments.whole_needed, 0)
    ranking = np.argsort(-reduced[segments.mixed], axis=1, kind="stable")
    place = np.take_along_axis(segments.mixed, ranking, axis=1)
    until = np.minimum(np.cumsum(segments.size[place], axis=1), segments.mixed_needed[:, None])
    units = np.diff(until, axis=1, prepend=0)
    units[reduced[place] <= 0] = 0
    fill[place.ravel()] = units.ravel()
    fill[-1] = 0
    return float(fill @ np.maximum(reduced, 0)), fill


def bounded(table: Table, slots: Floats, budgets: Floats) -> Prices:
    """Return these prices with the bound they prove."""
    if not table.keys:
        return Prices(slots=slots, budgets=budgets, bound=0)
    gain, _ = taken_at(segments_of(table), slots, budgets)
    return Prices(slots=slots, budgets=budgets, bound=integer_bound(gain + _paid(table, slots, budgets)))


def _paid(table: Table, slots: Floats, budgets: Floats) -> float:
    """The total price of all supply; unlimited supply has no price."""
    return float(slots @ table.capacity + budgets @ np.where(table.amount >= NEVER_ENDS, 0, table.amount))


def priced(
    table: Table, *, steps: int, target: int, start: Prices, may_continue: Callable[[], bool] = lambda: True
) -> Prices:
    """Return the prices with the lowest bound within `steps` steps from `start`.

    `target` is the value of a known plan. The bound holds for every plan of this table and for its linear relaxation,
    whose value it is never below.
    """
    if not table.keys:
        return start
    segments = segments_of(table)
    places, funds = len(table.slots), len(table.amount)
    # Prices are scaled by the mean use per unit, so that a step has the same length in all directions.
    slot_scale = _mean(segments.slot, segments.takes, places)
    fund_scale = _mean(segments.budget, segments.cost, funds)
    capacity = table.capacity / slot_scale
    amount = np.where(table.amount >= NEVER_ENDS, 0, table.amount) / fund_scale
    ends = table.amount < NEVER_ENDS
    slots, budgets = start.slots * slot_scale, start.budgets * fund_scale
    best = (float(start.bound), slots, budgets)
    direction = np.zeros(places + funds)
    step, waited = STEP, 0
    for _ in range(steps):
        if not may_continue():
            break
        gain, fill = taken_at(segments, slots / slot_scale, budgets / fund_scale)
        bound = gain + float(slots @ capacity + budgets @ amount)
        waited = 0 if bound < best[0] * (1 - ENOUGH) else waited + 1
        if bound < best[0]:
            best = (bound, slots, budgets)
        if waited >= PATIENCE:
            step, waited = step * SHORTER, 0
            slots, budgets = best[1], best[2]
            direction = np.zeros(places + funds)
            if step < SHORTEST:
                break
            continue
        over_slots = np.bincount(segments.slot, weights=fill * segments.takes, minlength=places) / slot_scale - capacity
        over_funds = np.bincount(segments.budget, weights=fill * segments.cost, minlength=funds) / fund_scale - amount
        over = np.concatenate([over_slots, np.where(ends, over_funds, 0)])
        prices = np.concatenate([slots, budgets])
        direction = MEMORY * direction + (1 - MEMORY) * over
        direction[(prices <= 0) & (direction < 0)] = 0
        length = float(direction @ direction)
        if length == 0 or bound <= target:
            break
        prices = np.maximum(prices + step * (bound - target) / length * direction, 0)
        slots, budgets = prices[:places], prices[places:]
    return Prices(slots=best[1] / slot_scale, budgets=best[2] / fund_scale, bound=max(integer_bound(best[0]), 0))


def _mean(place: Ints, weight: Floats, count: int) -> Floats:
    """The mean of the non-zero weights at each place; 1 if there are none."""
    used = weight > 0
    times = np.bincount(place[used], minlength=count)
    total = np.bincount(place[used], weights=weight[used], minlength=count).astype(np.float64)
    return np.where(times > 0, total / np.maximum(times, 1), np.float64(1))


def reduced_worth(table: Table, prices: Prices) -> Floats:
    """The value of each row, used in full, beyond the price of what it takes."""
    worth = (table.each * table.most + table.once).astype(np.float64)
    paid_for_room = prices.slots[table.slot] * (table.takes * table.most)
    return worth - paid_for_room - prices.budgets[table.budget] * (table.cost * table.most)
