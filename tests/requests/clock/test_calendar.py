"""Working days, and the holidays that coordinators enter."""

from datetime import UTC, date, datetime

import pytest

from contracts.refusals import Invalid
from services.requests.clock.calendar import (
    Calendar,
    calendar_id_of,
    end_of,
    evolve,
    working_days_between,
    working_days_later,
)
from tests.builders import NOON

FRIDAY, MONDAY = date(2026, 12, 18), date(2026, 12, 21)
CHRISTMAS = frozenset({date(2026, 12, 25)})


@pytest.mark.parametrize(
    ("start", "days", "holidays", "end"),
    [
        (FRIDAY, 0, frozenset(), FRIDAY),
        (FRIDAY, 1, frozenset(), MONDAY),
        (FRIDAY, 5, frozenset(), date(2026, 12, 25)),
        (FRIDAY, 5, CHRISTMAS, date(2026, 12, 28)),
        (date(2026, 12, 19), 2, frozenset(), date(2026, 12, 22)),
    ],
)
def test_working_days_skip_weekends_and_holidays(start: date, days: int, holidays: frozenset[date], end: date) -> None:
    assert working_days_later(start, days, holidays) == end


@pytest.mark.parametrize("days", range(12))
def test_days_between_are_those_counted_forward(days: int) -> None:
    assert working_days_between(FRIDAY, working_days_later(FRIDAY, days, CHRISTMAS), CHRISTMAS) == days


def test_a_clock_is_due_at_the_end_of_its_last_day() -> None:
    assert end_of(FRIDAY) == datetime(2026, 12, 19, tzinfo=UTC)


def test_holidays_are_sorted_and_of_their_year() -> None:
    fact = Calendar(year=2026).set([date(2026, 12, 25), date(2026, 1, 1), date(2026, 1, 1)], now=NOON)
    after = evolve(None, fact)

    assert (calendar_id_of(2026), 1) == (fact.calendar_id, after.revision)
    assert after.holidays == (date(2026, 1, 1), date(2026, 12, 25))
    with pytest.raises(Invalid) as refused:
        after.set([date(2027, 1, 1)], now=NOON)
    assert refused.value.slug == "holiday-of-another-year"
