"""The capacity period taken is the one that blocks the fewest other lines."""

from datetime import date, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from contracts.values import Period
from services.matching.offerings.periods import Room, least_blocking
from tests.matching.builders import AUTUMN, SPRING

FIRST = date(2027, 1, 1)
YEAR = Period(starts=SPRING.starts, ends=AUTUMN.ends)


def test_least_blocking_period_is_taken() -> None:
    rooms = [Room(SPRING, 1), Room(AUTUMN, 1)]

    assert AUTUMN == least_blocking([SPRING, AUTUMN], rooms, [SPRING])
    assert SPRING == least_blocking([SPRING, AUTUMN], rooms, [AUTUMN])


def test_first_period_is_taken_if_no_line_is_blocked() -> None:
    assert SPRING == least_blocking([SPRING, AUTUMN], [Room(SPRING, 2), Room(AUTUMN, 1)], [SPRING])
    assert SPRING == least_blocking([SPRING, AUTUMN], [Room(SPRING, 1), Room(AUTUMN, 1)], [YEAR], [])


def test_lines_shown_the_offering_have_priority() -> None:
    rooms = [Room(SPRING, 1), Room(AUTUMN, 1)]

    assert SPRING == least_blocking([SPRING, AUTUMN], rooms, [AUTUMN], [AUTUMN, SPRING, SPRING])


weeks = st.integers(0, 7)
windows = st.lists(st.tuples(weeks, weeks).map(sorted), max_size=4)


@given(st.lists(st.integers(1, 2), min_size=2, max_size=4), windows)
def test_no_period_would_leave_more_lines_served(units: list[int], wanted: list[list[int]]) -> None:
    def week(number: int, last: int) -> Period:
        return Period(starts=FIRST + timedelta(weeks=number), ends=FIRST + timedelta(weeks=last, days=6))

    rooms = [Room(week(2 * number, 2 * number + 1), one) for number, one in enumerate(units)]
    others = [week(first, last) for first, last in wanted]

    def most(without: Period) -> int:
        best = 0
        for order in permutations(others):
            left = {one.period.starts: one.units - (one.period == without) for one in rooms}
            served = 0
            for window in order:
                fitting = [one.period for one in rooms if one.period.overlaps(window) and left[one.period.starts]]
                if fitting:
                    left[fitting[0].starts] -= 1
                    served += 1
            best = max(best, served)
        return best

    chosen = least_blocking([one.period for one in rooms], rooms, others)

    assert most(chosen) == max(most(one.period) for one in rooms)
