"""The monthly issue of the public figures: its figures, its day, and the conditions for making it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from services.reports.figures.model import FIGURES, OF_UNODC, STATUS, Unit

WITHOUT = OF_UNODC | {"state"}
"""Codes that an issue omits. It is kept for a month, and names no State, which may unpublish records meanwhile."""

WHOLE = "total"


class IssuedNumber(Struct, frozen=True, kw_only=True):
    """A number of an issue; null if it is suppressed."""

    issue: str
    as_of: date
    figure: str
    counts: Unit
    by: str
    value: str
    number: int | None
    median_days: int | None


class Issue(Struct, frozen=True, kw_only=True):
    """The issue of a month, identified by the month's first day."""

    month: date
    issued_at: datetime
    rows: tuple[IssuedNumber, ...]


def month_ended(now: datetime) -> date:
    """Return the first day of the month that ended last, in UTC."""
    return (this_month(now) - timedelta(days=1)).replace(day=1)


def this_month(now: datetime) -> date:
    return now.astimezone(UTC).date().replace(day=1)


def last_day(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def issued_figures() -> Iterator[tuple[str, str]]:
    """Yield each figure and code of an issue, without amounts of money, which only UNODC sees."""
    for name, figure in FIGURES.items():
        if figure.unit is not Unit.USD_MINOR:
            yield from ((name, code) for code in (STATUS, *figure.by) if code not in WITHOUT)


def is_due(newest: date | None, now: datetime, read_at: Mapping[str, datetime | None], *, complete: bool) -> bool:
    """Check whether the month that ended last has no issue, and all journals have been read since its end."""
    begins = datetime.combine(this_month(now), datetime.min.time(), UTC)
    all_read = all(at is not None and at >= begins for at in read_at.values())
    return complete and all_read and (newest is None or newest < month_ended(now))
