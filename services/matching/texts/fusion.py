"""Fusion of rankings by rank, so that scores of different scales need not be compared."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

Id = TypeVar("Id")

RANK_OFFSET = 60
"""Constant that keeps the first few ranks from dominating; the value of the paper below."""


def fused(rankings: Iterable[Sequence[Id]], limit: int | None = None) -> list[Id]:
    """Return the ids of all rankings, best first; equal ones by `str` of the id.

    Reciprocal rank fusion: G. V. Cormack, C. L. A. Clarke and S. Büttcher, SIGIR 2009. An id gets nothing from rankings
    without it; of duplicates in a ranking the better place counts.
    """
    placed: dict[Id, list[float]] = {}
    for ranking in rankings:
        for place, one in enumerate(dict.fromkeys(ranking), start=1):
            placed.setdefault(one, []).append(1 / (RANK_OFFSET + place))
    # Summed in order of size, so that the order of the rankings does not affect rounding.
    return sorted(placed, key=lambda one: (-sum(sorted(placed[one])), str(one)))[:limit]
