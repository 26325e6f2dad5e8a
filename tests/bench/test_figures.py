"""The statistics of the bench."""

import random
from statistics import median

from tests.bench.figures import median_between


def test_the_median_of_many_more_lies_between_nineteen_times_of_twenty() -> None:
    chance = random.Random(1)
    within = 0
    for _ in range(1000):
        below, above = median_between([chance.lognormvariate(0, 1) for _ in range(30)])
        within += below <= 1 <= above

    assert 930 <= within <= 985


def test_one_turn_says_nothing_beyond_itself() -> None:
    assert (3.0, 3.0) == median_between([3.0]) == (median([3.0]),) * 2
