"""The monthly issue of the public figures: which figures it has, as of which day, and when it may be made."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from services.reports.figures.model import FIGURES, OF_UNODC, STATUS, Unit

WITHOUT = OF_UNODC | {"state"}
"""An issue stays for a month, so it names no State: what a State takes back cannot be attributed to it."""

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
    """The issue of a month, named by its first day."""

    month: date
    issued_at: datetime
    rows: tuple[IssuedNumber, ...]


def month_ended(now: datetime) -> date:
    """The first day of the month that ended last, in UTC."""
    return (this_month(now) - timedelta(days=1)).replace(day=1)


def this_month(now: datetime) -> date:
    return now.astimezone(UTC).date().replace(day=1)


def last_day(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def issued_figures() -> Iterator[tuple[str, str]]:
    """Each figure and code of an issue. Amounts of money are for UNODC alone."""
    for name, figure in FIGURES.items():
        if figure.unit is not Unit.USD_MINOR:
            yield from ((name, code) for code in (STATUS, *figure.by) if code not in WITHOUT)


def is_due(newest: date | None, now: datetime, read_at: Mapping[str, datetime | None], *, complete: bool) -> bool:
    """Whether the month that ended last has no issue yet, and all journals have been read since its end."""
    begins = datetime.combine(this_month(now), datetime.min.time(), UTC)
    all_read = all(at is not None and at >= begins for at in read_at.values())
    return complete and all_read and (newest is None or newest < month_ended(now))
