"""Working days: Monday to Friday, except the holidays of the United Nations that coordinators enter per year.

Days are in UTC. A clock is due, and an objection window ends, at the end of its last day.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct

from contracts.clocks import HolidaysSet
from contracts.refusals import Invalid

DAY = timedelta(days=1)


class Calendar(Struct, frozen=True, kw_only=True):
    """The holidays of one year; revision 0 if none were entered."""

    year: int
    holidays: tuple[date, ...] = ()
    revision: int = 0

    def set(self, holidays: Collection[date], *, now: datetime) -> HolidaysSet:
        """Replace the holidays. Raises Invalid for a day of another year."""
        for number, day in enumerate(holidays):
            if day.year != self.year:
                raise Invalid("holiday-of-another-year", field=f"holidays[{number}]", year=self.year)
        days = tuple(sorted(set(holidays)))
        return HolidaysSet(calendar_id=calendar_id_of(self.year), year=self.year, holidays=days, set_at=now)


def calendar_id_of(year: int) -> UUID:
    return uuid5(NAMESPACE_URL, f"entraide:calendar:{year}")


def evolve(before: Calendar | None, fact: HolidaysSet) -> Calendar:
    return Calendar(year=fact.year, holidays=fact.holidays, revision=(before.revision if before else 0) + 1)


def is_working_day(day: date, holidays: Collection[date]) -> bool:
    return day.weekday() < 5 and day not in holidays


def working_days_later(day: date, count: int, holidays: Collection[date]) -> date:
    """Return the `count`-th working day after `day`."""
    while count:
        day += DAY
        count -= is_working_day(day, holidays)
    return day


def working_days_between(first: date, last: date, holidays: Collection[date]) -> int:
    """Return the number of working days after `first`, up to and including `last`."""
    days = (last - first).days
    return sum(is_working_day(first + number * DAY, holidays) for number in range(1, days + 1))


def end_after(since: datetime, count: int, holidays: Collection[date]) -> datetime:
    """The end of the `count`-th working day after `since`."""
    return end_of(working_days_later(since.date(), count, holidays))


def end_of(day: date) -> datetime:
    """The midnight that ends a day, in UTC."""
    return datetime.combine(day + DAY, time(), UTC)
