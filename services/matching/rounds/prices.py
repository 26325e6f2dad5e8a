"""Prices for capacity and money, by Lagrangian relaxation: a bound on every plan, and a guide to a good one.

Each slot and each budget has a price; each line takes what is best for it at these prices, whoever else does. Where
that asks for more than there is, the price goes up, and down where something is left over. At any prices at all, what
the lines take plus what everything there is costs is at least what the best plan is worth: that is the bound.
"""

from collections.abc import Callable

import numpy as np
from msgspec import Struct

from services.matching.rounds.exact import whole
from services.matching.rounds.table import NEVER_ENDS, Floats, Ints, Table

PATIENCE = 12
"""After so many steps without a lower bound the steps become shorter."""
STEP = 1.0
SHORTER = 0.6
ENOUGH = 1e-6
"""What share a bound has to come down by to count as lower."""
SHORTEST = 1e-4
MEMORY = 0.35
"""How much of the last direction stays in the next one."""


class Prices(Struct, frozen=True, kw_only=True):
    """What a unit of each slot and of each budget is worth, in the problem's value, and the bound proven by it."""

    slots: Floats
    budgets: Floats
    bound: int


class Segments(Struct, frozen=True, kw_only=True):
    """Rows cut where their worth per unit changes: the first `least` units with `once` spread over them, then the rest.

    Their envelope is concave and nowhere below a row's worth; so a line that takes the dearest segments first has at
    least what any choice would give it. `places` has a line's segments in each of its rows, filled up with the last
    one, which is empty.
    """

    row: Ints
    size: Floats
    rate: Floats
    slot: Ints
    budget: Ints
    takes: Floats
    cost: Floats
    places: Ints
    needed: Floats
    lines: Ints
    simple: bool
    """Whether any one segment fills its line."""


def segments_of(table: Table) -> Segments:
    count = len(table.keys)
    rest = np.flatnonzero(table.most > table.least)
    # A row without `once` and with least 1 is one segment, not two.
    joined = (table.once == 0) & (table.most > table.least)
    first = np.where(joined, table.most, table.least)
    rest = rest[~joined[rest]]
    row = np.concatenate([np.arange(count), rest])
    row = row[np.argsort(table.line[row], kind="stable")]
    is_rest = np.zeros(len(row), dtype=bool)
    seen = np.zeros(count, dtype=bool)
    for index, one in enumerate(row.tolist()):
        is_rest[index] = seen[one]
        seen[one] = True
    size = np.where(is_rest, table.most[row] - table.least[row], first[row])
    rate = table.each[row] + np.where(is_rest, 0, table.once[row] / table.least[row])
    line = table.line[row]
    lines = np.flatnonzero(np.bincount(line, minlength=len(table.lines)))
    widths = np.bincount(line, minlength=len(table.lines))[lines]
    places = np.full((len(lines), int(widths.max(initial=1))), len(row), dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(widths)])
    places[np.repeat(np.arange(len(lines)), widths), np.arange(len(row)) - np.repeat(starts[:-1], widths)] = np.arange(
        len(row)
    )
    needed = table.needed[lines].astype(float)
    return Segments(
        row=row,
        size=np.append(size, 0).astype(float),
        rate=np.append(rate, 0).astype(float),
        slot=np.append(table.slot[row], 0),
        budget=np.append(table.budget[row], len(table.amount) - 1),
        takes=np.append(table.takes[row], 0).astype(float),
        cost=np.append(table.cost[row], 0).astype(float),
        places=places,
        needed=needed,
        lines=lines,
        simple=bool(np.all(size >= table.needed[line])),
    )


def taken_at(segments: Segments, slots: Floats, budgets: Floats) -> tuple[float, Floats]:
    """What the lines gain at these prices together, and how many units of each segment they take for it."""
    reduced = segments.rate - slots[segments.slot] * segments.takes - budgets[segments.budget] * segments.cost
    reduced[-1] = 0
    table = reduced[segments.places]
    fill = np.zeros(len(reduced))
    if segments.simple:
        best = np.argmax(table, axis=1)
        place = segments.places[np.arange(len(best)), best]
        gain = reduced[place]
        fill[place] = np.where(gain > 0, segments.needed, 0)
        fill[-1] = 0
        return float(np.sum(np.maximum(gain, 0) * segments.needed)), fill
    ranking = np.argsort(-table, axis=1, kind="stable")
    place = np.take_along_axis(segments.places, ranking, axis=1)
    until = np.minimum(np.cumsum(segments.size[place], axis=1), segments.needed[:, None])
    units = np.diff(until, axis=1, prepend=0)
    units[reduced[place] <= 0] = 0
    fill[place.ravel()] = units.ravel()
    fill[-1] = 0
    return float(fill @ np.maximum(reduced, 0)), fill


def bounded(table: Table, slots: Floats, budgets: Floats) -> Prices:
    """Any prices, with the bound that they prove."""
    if not table.keys:
        return Prices(slots=slots, budgets=budgets, bound=0)
    gain, _ = taken_at(segments_of(table), slots, budgets)
    return Prices(slots=slots, budgets=budgets, bound=whole(gain + _paid(table, slots, budgets)))


def _paid(table: Table, slots: Floats, budgets: Floats) -> float:
    """What everything there is costs at these prices; what never ends has none."""
    return float(slots @ table.capacity + budgets @ np.where(table.amount >= NEVER_ENDS, 0, table.amount))


def priced(
    table: Table, *, steps: int, target: int, start: Prices, may_go_on: Callable[[], bool] = lambda: True
) -> Prices:
    """The prices with the lowest bound in so many steps from `start`, aimed at a value that a plan has.

    The bound holds for every plan of this table, and for its fractional relaxation; it is at least that one's value.
    """
    if not table.keys:
        return start
    segments = segments_of(table)
    places, funds = len(table.slots), len(table.amount)
    # A step is equally long in all directions where prices are counted in what an average unit takes.
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
        if not may_go_on():
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
    return Prices(slots=best[1] / slot_scale, budgets=best[2] / fund_scale, bound=max(whole(best[0]), 0))


def _mean(place: Ints, weight: Floats, count: int) -> Floats:
    """The mean of the weights at each place that are not zero; 1 where there are none."""
    used = weight > 0
    times = np.bincount(place[used], minlength=count)
    total = np.bincount(place[used], weights=weight[used], minlength=count).astype(np.float64)
    return np.where(times > 0, total / np.maximum(times, 1), np.float64(1))


def reduced_worth(table: Table, prices: Prices) -> Floats:
    """What each row, used in full, is worth beyond what it takes at these prices."""
    worth = (table.each * table.most + table.once).astype(np.float64)
    paid_for_room = prices.slots[table.slot] * (table.takes * table.most)
    return worth - paid_for_room - prices.budgets[table.budget] * (table.cost * table.most)
