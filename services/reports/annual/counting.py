"""The figures of a report, by paragraph of the resolution and by year; pure functions.

Numbers of records are exact: the report counts them without naming anyone, or is a State's own. Small numbers of people
are suppressed, as are amounts of few allocations.

The stored figures are those that may be shown: a draft and an issued report have the same figures, and no other copy
exists.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from msgspec import Struct

from contracts import reference
from contracts.sessions import Sex
from services.reports.figures.counting import Cell
from services.reports.figures.model import FIGURES, NONE, TOTAL, Unit
from services.reports.figures.suppression import of_persons

YEARS_MAX = 10
MONEY_STEP_MINOR = 5_000_000
"""Step of amounts by paragraph: 50,000 US dollars, rounded down, so that two reports show no single allocation."""

TOTAL_STEP_MINOR = 100_000
"""Step of the totals of funds: 1,000 US dollars. These totals are public to the cent elsewhere."""


class Measure(NamedTuple):
    """A figure, limited to `statuses` if any are given."""

    figure: str
    statuses: tuple[str, ...] = ()


MEASURES: Mapping[str, Measure] = {
    "requests": Measure("requests"),
    "lines": Measure("lines"),
    "met": Measure("lines", ("complete",)),
    "offerings": Measure("offerings"),
    "matches": Measure("matches", ("confirmed", "in_delivery", "completed")),
    "deliveries": Measure("deliveries"),
    "completed": Measure("deliveries", ("completed",)),
    "people": Measure("people"),
    "participants": Measure("participants"),
    "trainers": Measure("trainers"),
    "effects": Measure("effects", ("verified",)),
    "outreach": Measure("outreach", ("held",)),
    "reach": Measure("reach"),
    "contributions": Measure("contributions", ("accepted", "published", "superseded")),
    "practices": Measure("practices", ("catalogued",)),
    "extensions": Measure("extensions", ("released",)),
    "votes": Measure("votes"),
    "register_changes": Measure("register_changes"),
    "review_progress": Measure("review_progress", ("agreed",)),
    "meetings": Measure("meetings", ("held",)),
    "delegates": Measure("delegates"),
    "allocated": Measure("allocated"),
    "spent": Measure("spent"),
}
"""Measures by paragraph of the resolution: of what States may withhold, such as their progress, what they agreed to."""

OF_NO_STATE = frozenset({"offerings", "outreach", "reach", "extensions", "votes", "meetings", "delegates"})
"""Measures of the report to the Conference alone: their records are not those of one State."""

MONEY = ("pledged", "committed", "received", "in_kind", "allocated", "spent")
"""Totals of the report to the Conference, in US cents; they are never added to each other."""

BY_SEX = ("participants", "trainers")
"""Measures by sex: participants and trainers of sessions. A person in two sessions is counted in both."""

BY_YEAR = ("requests", "offerings", "deliveries")
"""Measures by the year of the first move: demand, supply and delivery."""


class Number(Struct, frozen=True, kw_only=True):
    """The number added in the year, and the number until the day of the report; null if it may not be shown."""

    in_year: int | None
    to_date: int | None


class OfParagraph(Struct, frozen=True, kw_only=True):
    """The numbers of a paragraph, by measure."""

    paragraph: str
    numbers: Mapping[str, Number]


class OfSex(Struct, frozen=True, kw_only=True):
    """The participants and trainers of a sex, by measure."""

    sex: Sex
    numbers: Mapping[str, Number]


class OfYear(Struct, frozen=True, kw_only=True):
    """Requests, offerings and deliveries that began in a year."""

    year: int
    numbers: Mapping[str, int]


class Counted(Struct, frozen=True, kw_only=True):
    """The time until which facts of a service were counted."""

    owner: str
    newest: datetime | None


class ReportFigures(Struct, frozen=True, kw_only=True):
    """All numbers of a report. `totals` count each record once; amounts are in US cents."""

    as_of: date
    totals: Mapping[str, Number]
    paragraphs: tuple[OfParagraph, ...]
    years: tuple[OfYear, ...]
    freshness: tuple[Counted, ...]
    sexes: tuple[OfSex, ...] = ()


Cells = Mapping[Cell, Sequence[int]]
"""Records and amount by value, status and bucket."""


class Tables(Struct, frozen=True):
    """Cells by figure and dimension, as of the end of the previous year and as of the day."""

    before: Mapping[tuple[str, str], Cells]
    until: Mapping[tuple[str, str], Cells]


def figures_needed(state: str | None) -> list[tuple[str, str]]:
    """Return the figures and dimensions that a report needs."""
    of_paragraphs = [(one.figure, dimension) for one in MEASURES.values() for dimension in (TOTAL, "paragraph")]
    of_money = [(name, TOTAL) for name in MONEY] if state is None else []
    of_sexes = [(name, "sex") for name in BY_SEX]
    of_years = [(name, "month") for name in BY_YEAR]
    return list(dict.fromkeys((*of_paragraphs, *of_money, *of_sexes, *of_years)))


def figures(tables: Tables, state: str | None, as_of: date, freshness: Sequence[Counted]) -> ReportFigures:
    measured = {
        name: _measured(tables, one, "paragraph", reference.paragraphs())
        for name, one in MEASURES.items()
        if state is None or name not in OF_NO_STATE
    }
    of_sex = {name: _measured(tables, MEASURES[name], "sex", list(Sex))[1] for name in BY_SEX}
    totals = {name: total for name, (total, _) in measured.items()}
    if state is None:
        totals |= {name: _money_total(tables, name) for name in MONEY}
    return ReportFigures(
        as_of=as_of,
        totals=totals,
        paragraphs=tuple(
            OfParagraph(paragraph=code, numbers={name: numbers[code] for name, (_, numbers) in measured.items()})
            for code in reference.paragraphs()
        ),
        years=_years(tables, state, as_of.year),
        freshness=tuple(freshness),
        sexes=tuple(OfSex(sex=sex, numbers={name: numbers[sex] for name, numbers in of_sex.items()}) for sex in Sex),
    )


class _Sum(NamedTuple):
    records: int = 0
    amount: int = 0

    def less(self, other: "_Sum") -> "_Sum":
        return _Sum(self.records - other.records, self.amount - other.amount)


def _sums(cells: Cells, statuses: tuple[str, ...]) -> Mapping[str, _Sum]:
    found: dict[str, _Sum] = defaultdict(_Sum)
    for (value, status, _), (records, amount) in cells.items():
        if not statuses or status in statuses:
            found[value] = _Sum(found[value].records + records, found[value].amount + amount)
    return found


def _measured(
    tables: Tables, measure: Measure, dimension: str, codes: Iterable[str]
) -> tuple[Number, Mapping[str, Number]]:
    """Return the total, and the number of each code of a dimension."""
    figure, statuses = measure
    unit = FIGURES[figure].unit
    until = _sums(tables.until[figure, dimension], statuses)
    before = _sums(tables.before[figure, dimension], statuses)
    total_until = _all(tables.until[figure, TOTAL], statuses)
    total_before = _all(tables.before[figure, TOTAL], statuses)
    since = {value: one.less(before.get(value, _Sum())) for value, one in until.items()}
    to_date, total_to_date = _protected(until, total_until, unit, codes)
    in_year, total_in_year = _protected(since, total_until.less(total_before), unit, codes)
    return (
        Number(in_year=total_in_year, to_date=total_to_date),
        {code: Number(in_year=in_year.get(code, 0), to_date=to_date.get(code, 0)) for code in codes},
    )


def _all(cells: Cells, statuses: tuple[str, ...]) -> _Sum:
    found = _sums(cells, statuses).values()
    return _Sum(sum(one.records for one in found), sum(one.amount for one in found))


def _protected(
    sums: Mapping[str, _Sum], total: _Sum, unit: Unit, codes: Iterable[str]
) -> tuple[Mapping[str, int | None], int | None]:
    """Return the shown number of each value and of the total: of records all, of people none that is small.

    An amount of money is shown if it is the sum of enough allocations.
    """
    if unit is Unit.RECORDS:
        return {value: max(0, one.records) for value, one in sums.items()}, max(0, total.records)
    is_money = unit is Unit.USD_MINOR
    size = {value: max(0, one.records if is_money else one.amount) for value, one in sums.items()}
    shown = of_persons(size, max(0, total.records if is_money else total.amount))
    if shown.withheld:
        # Showing which codes have no records would reveal more than the numbers.
        hidden: Mapping[str, int | None] = dict.fromkeys(codes)
        return hidden, _amount(total, shown.total) if is_money else shown.total
    if is_money:
        cells = {value: _amount(one, shown.cells.get(value, 0)) for value, one in sums.items()}
        return cells, _amount(total, shown.total)
    return shown.cells, shown.total


def _amount(one: _Sum, shown: int | None) -> int | None:
    """Return the amount in whole steps if it is the sum of enough allocations; 0 if there are none, else None."""
    if not one.amount and not one.records:
        return 0
    return max(0, one.amount) // MONEY_STEP_MINOR * MONEY_STEP_MINOR if shown else None


def _money_total(tables: Tables, name: str) -> Number:
    until, before = _all(tables.until[name, TOTAL], ()).amount, _all(tables.before[name, TOTAL], ()).amount
    in_year, to_date = (max(0, one) // TOTAL_STEP_MINOR * TOTAL_STEP_MINOR for one in (until - before, until))
    return Number(in_year=in_year, to_date=to_date)


def _years(tables: Tables, state: str | None, last: int) -> tuple[OfYear, ...]:
    """Return the last years with records and the year of the report, the earliest first."""
    shown: dict[str, Mapping[str, int]] = {}
    for name in BY_YEAR if state is None else ("requests", "deliveries"):
        by_year: dict[str, int] = defaultdict(int)
        for month, one in _sums(tables.until[name, "month"], ()).items():
            if month != NONE:
                by_year[month[:4]] += one.records
        shown[name] = by_year
    years = sorted({int(year) for numbers in shown.values() for year in numbers} | {last})[-YEARS_MAX:]
    return tuple(
        OfYear(year=year, numbers={name: numbers.get(str(year), 0) for name, numbers in shown.items()})
        for year in years
    )
