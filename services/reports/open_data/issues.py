"""The monthly issue of the public figures: its figures, its day, and the conditions for making it.

It is all that the public sees of figures, so that two readings differ only by what at least five publishers changed.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from services.reports.figures.counting import Published
from services.reports.figures.model import FIGURES, NOT_PUBLIC, STATUS, TOTAL, Unit, median_days
from services.reports.figures.suppression import FEW, Behind, for_the_public

WHOLE = "total"


class IssuedNumber(Struct, frozen=True, kw_only=True):
    """A number of an issue."""

    issue: str
    as_of: date
    figure: str
    counts: Unit
    by: str
    value: str
    number: int
    median_days: int | None


class Issue(Struct, frozen=True, kw_only=True):
    """The issue of a month, identified by the month's first day.

    `digests` are of what each publisher adds to each figure: SHA-256 by figure and publisher.
    """

    month: date
    issued_at: datetime
    rows: tuple[IssuedNumber, ...]
    digests: Mapping[str, Mapping[str, str]]


def month_ended(now: datetime) -> date:
    """Return the first day of the month that ended last, in UTC."""
    return (this_month(now) - timedelta(days=1)).replace(day=1)


def this_month(now: datetime) -> date:
    return now.astimezone(UTC).date().replace(day=1)


def last_day(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def make_issue(month: date, now: datetime, published: Mapping[str, Published], last: Issue | None) -> Issue:
    """Make the issue of a month from what is public of each figure.

    A figure that fewer than five publishers changed since it was counted last is repeated as it was: the difference
    would tell what they asked for.
    """
    rows: list[IssuedNumber] = []
    digests: dict[str, Mapping[str, str]] = {}
    for figure, tables in published.items():
        now_of, last_of = _digests(tables), last.digests.get(figure, {}) if last else {}
        changed = [one for one in {*now_of, *last_of} if now_of.get(one) != last_of.get(one)]
        if last and len(changed) < FEW:
            digests[figure] = last_of
            rows += (replace(one, issue=f"{month:%Y-%m}") for one in last.rows if one.figure == figure)
        else:
            digests[figure] = now_of
            rows += _rows(figure, month, tables)
    return Issue(month=month, issued_at=now, rows=tuple(rows), digests=digests)


def _digests(tables: Published) -> Mapping[str, str]:
    written = {
        one: repr(sorted((name, sorted(cells.items())) for name, cells in of.items())) for one, of in tables.items()
    }
    return {publisher: hashlib.sha256(text.encode()).hexdigest() for publisher, text in written.items()}


def _rows(figure: str, month: date, tables: Published) -> Iterator[IssuedNumber]:
    """Yield the numbers of a figure by each code that the public sees, and its total."""
    unit, whole = FIGURES[figure].unit, _counted(figure, tables, STATUS)
    everything = Behind(sum(one.number for one in whole.values()), len({of for one in whole.values() for of in one.of}))
    for by in FIGURES[figure].codes(NOT_PUBLIC):
        found = _counted(figure, tables, by)
        behind = {value: Behind(one.number, len(one.of)) for value, one in found.items()}
        shown, total = for_the_public(behind, everything)
        listed = {(by, value): number for value, number in sorted(shown.items())}
        if by == STATUS and total is not None:
            listed = {(WHOLE, WHOLE): total, **listed}
        for (code, value), number in listed.items():
            yield IssuedNumber(
                issue=f"{month:%Y-%m}",
                as_of=last_day(month),
                figure=figure,
                counts=unit,
                by=code,
                value=value,
                number=number,
                median_days=median_days(found[value].stays) if code != WHOLE and unit is Unit.DAYS else None,
            )


class _Counted:
    """What is counted of one value: its number, its publishers, and its stays by bucket."""

    def __init__(self) -> None:
        self.number = 0
        self.of: set[str] = set()
        self.stays: dict[int, int] = defaultdict(int)


def _counted(figure: str, tables: Published, by: str) -> Mapping[str, _Counted]:
    unit = FIGURES[figure].unit
    found: dict[str, _Counted] = defaultdict(_Counted)
    for publisher, of in tables.items():
        for (value, status, bucket), change in of.get(TOTAL if by == STATUS else by, {}).items():
            if number := unit.of(*change):
                one = found[status if by == STATUS else value]
                one.number += number
                one.of.add(publisher)
                one.stays[bucket] += change[0]
    return found


def is_due(newest: date | None, now: datetime, read_at: Mapping[str, datetime | None], *, complete: bool) -> bool:
    """Check whether the month that ended last has no issue, and all journals have been read since its end."""
    begins = datetime.combine(this_month(now), datetime.min.time(), UTC)
    all_read = all(at is not None and at >= begins for at in read_at.values())
    return complete and all_read and (newest is None or newest < month_ended(now))
