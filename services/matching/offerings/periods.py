"""The choice of the period in which a delivery is counted."""

from collections.abc import Sequence
from datetime import date
from heapq import heappop, heappush
from typing import NamedTuple

from contracts.values import Period


class Room(NamedTuple):
    """Number of deliveries that a period has capacity left for."""

    period: Period
    units: int


def least_blocking(feasible: Sequence[Period], rooms: Sequence[Room], *wanted: Sequence[Period]) -> Period:
    """The feasible period whose use leaves the most other lines servable; the first of equal ones.

    `rooms` are in order and do not overlap. `wanted` are the windows of others, in groups of descending priority.
    """

    def served(without: Period) -> tuple[int, ...]:
        left = [Room(one.period, one.units - (one.period == without)) for one in rooms]
        return tuple(_most_served(left, windows) for windows in wanted)

    return max(feasible, key=served)


def _most_served(rooms: Sequence[Room], windows: Sequence[Period]) -> int:
    """The maximum number of windows that can be served: each period serves the windows that end soonest."""
    ahead = sorted(windows, key=lambda one: one.starts, reverse=True)
    waiting: list[date] = []
    served = 0
    for period, units in rooms:
        while ahead and ahead[-1].starts <= period.ends:
            heappush(waiting, ahead.pop().ends)
        while waiting and waiting[0] < period.starts:
            heappop(waiting)
        taken = min(units, len(waiting))
        for _ in range(taken):
            heappop(waiting)
        served += taken
    return served
