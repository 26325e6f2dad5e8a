"""Measures of a ranking's quality against known grades, and confidence intervals of their means."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

RESAMPLES = 1000
SEED = 11_2
NDCG_DEPTH = 5
RECALL_DEPTH = 20
RELEVANT = 2.0
"""Grade from which an offering serves a line well, and counts as found or missed."""

Grades = Mapping[int, float]
"""Grades by offering; an offering that is not listed has 0."""


class Interval(Struct, frozen=True):
    """A mean over the queries, and the interval that holds 95 % of its bootstrap resamples."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def interval(values: Sequence[float] | NDArray[np.float64]) -> Interval:
    """Return the interval of at least one value; it is the same each time for the same values."""
    every = np.asarray(values, dtype=float)
    chance = np.random.default_rng(SEED)
    means = every[chance.integers(len(every), size=(RESAMPLES, len(every)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(every.mean()), float(low), float(high))


def ndcg(ranking: Sequence[int], grades: Grades) -> float | None:
    """Return the normalized discounted cumulative gain at 5, with a gain of 2^grade - 1; None without grades."""
    best = _gain(sorted(grades.values(), reverse=True))
    return _gain([grades.get(one, 0) for one in ranking]) / best if best else None


def _gain(grades: Sequence[float]) -> float:
    return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades[:NDCG_DEPTH]))


def recall(ranking: Sequence[int], grades: Grades) -> float | None:
    """Return the share of the offerings that serve well that is among the first 20; None if none serves well."""
    relevant = _relevant(grades)
    return len(relevant & set(ranking[:RECALL_DEPTH])) / len(relevant) if relevant else None


def reciprocal_rank(ranking: Sequence[int], grades: Grades) -> float | None:
    """Return 1 over the place of the first that serves well, 0 if none is ranked; None if none serves well."""
    relevant = _relevant(grades)
    if not relevant:
        return None
    return next((1 / place for place, one in enumerate(ranking, start=1) if one in relevant), 0.0)


def _relevant(grades: Grades) -> set[int]:
    return {one for one, grade in grades.items() if grade >= RELEVANT}


def kappa(first: Sequence[int], second: Sequence[int]) -> float:
    """Return the agreement of two graders beyond chance, up to 1, as Cohen's kappa with squared differences.

    J. Cohen, "Weighted kappa", Psychological Bulletin 70 (1968).
    """
    a, b = np.asarray(first), np.asarray(second)
    by_chance = float(((a[:, np.newaxis] - b[np.newaxis, :]) ** 2).mean())
    return 1 - float(((a - b) ** 2).mean()) / by_chance if by_chance else 1.0
