"""Views of figures as of a day, for UNODC and for States; what the public sees is in `open_data`."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Literal

from msgspec import Struct

from chassis.db.database import Tx
from contracts.codes import unknown_code
from contracts.refusals import Invalid, Missing
from services.reports.figures import store
from services.reports.figures.counting import Cell, ReadCells
from services.reports.figures.model import FIGURES, NOT_PUBLIC, STATUS, TOTAL, Figure, Unit, median_days
from services.reports.figures.store import Freshness
from services.reports.figures.suppression import of_persons
from services.reports.open_data import store as issue_store
from services.reports.open_data.issues import WHOLE, last_day, month_ended


class FigureCell(Struct, frozen=True, kw_only=True):
    """The `number` of one `value` of the code; null if it is suppressed. Only durations have `median_days`."""

    value: str
    number: int | None
    suppressed: bool
    median_days: int | None


class FigureView(Struct, frozen=True, kw_only=True):
    """A figure `by` a code as of the end of a day in UTC; `total` counts each record once.

    `counts` is the unit of `number`: records, people, US cents, or stays in a status (`days`). Unless `exact`, numbers
    below five are suppressed, as are those from which they follow, and others are in whole fives, rounded down. Of
    `public` figures, only the values are listed that the public may see. If `withheld`, no cell is shown. `complete`
    is false while the figures are rebuilt. `coverage` is `all` records, those of a `state`, or the `public` ones.
    `limited_to` is the only status of which records are counted.
    """

    figure: str
    by: str
    codes: tuple[str, ...]
    counts: Unit
    coverage: Literal["all", "state", "public"]
    state: str | None
    limited_to: str | None
    as_of: date
    exact: bool
    withheld: bool
    complete: bool
    total: int | None
    cells: list[FigureCell]
    freshness: list[Freshness]


class Asked(Struct, frozen=True, kw_only=True):
    """The figure asked for; `state` is None for all records."""

    figure: str
    by: str
    as_of: date
    state: str | None
    status: str | None
    exact: bool
    without: frozenset[str]


def figure_by(name: str, by: str, without: frozenset[str]) -> Figure:
    """Return a figure that is counted by a code. Raises Missing if there is none, Invalid for an unsuitable code."""
    figure = FIGURES.get(name)
    if figure is None:
        raise Missing("not-found")
    codes = figure.codes(without)
    if by not in codes:
        raise unknown_code("by", by, codes)
    return figure


def question(
    name: str,
    by: str,
    as_of: date | None,
    state: str | None,
    status: str | None,
    now: datetime,
    *,
    exact: bool,
    without: frozenset[str],
) -> Asked:
    """Return the question of a reader who cannot use some codes.

    Raises Missing for an unknown figure, Invalid for an unsuitable code, status or day.
    """
    figure = figure_by(name, by, without)
    if status is not None and not exact:
        raise Invalid("invalid-field", field="status", expected="count_by_status")
    if status is not None and status not in figure.statuses:
        raise unknown_code("status", status, figure.statuses)
    today = now.astimezone(UTC).date()
    if as_of is not None and as_of > today:
        raise Invalid("invalid-field", field="as_of", expected="past_day")
    return Asked(figure=name, by=by, as_of=as_of or today, state=state, status=status, exact=exact, without=without)


async def figure_view(tx: Tx, asked: Asked, read: ReadCells) -> FigureView:
    """Return a figure that the caller may see. Raises Missing if row-level security hides the rows of its State."""
    if asked.state is not None:
        await store.check_state(tx, asked.state)
    figure = FIGURES[asked.figure]
    dimension = TOTAL if asked.by == STATUS else asked.by
    totals = await read(asked.figure, TOTAL, asked.as_of, asked.state)
    found = totals
    if dimension != TOTAL:
        found = await read(asked.figure, dimension, asked.as_of, asked.state)
    numbers, stays = _numbers(figure, found, asked)
    total = sum(_numbers(figure, totals, asked)[0].values())
    shown = of_persons(numbers, total)
    order = sorted(numbers) if asked.by != STATUS else [one for one in figure.statuses if one in numbers]
    of_unit = [] if shown.withheld and not asked.exact else order
    return FigureView(
        figure=asked.figure,
        by=asked.by,
        codes=figure.codes(asked.without),
        counts=figure.unit,
        coverage="state" if asked.state else "all",
        state=asked.state,
        limited_to=asked.status,
        as_of=asked.as_of,
        exact=asked.exact,
        withheld=shown.withheld and not asked.exact,
        complete=await store.complete(tx),
        total=total if asked.exact else _money(figure, shown.total),
        cells=[
            _cell(value, numbers[value] if asked.exact else _money(figure, shown.cells[value]), stays[value])
            for value in of_unit
        ],
        freshness=await store.freshness(tx, store.OWNERS),
    )


async def public_view(tx: Tx, name: str, by: str, now: datetime) -> FigureView:
    """Return a figure of the newest issue. Raises Missing for an unknown figure, Invalid for an unsuitable code.

    Too few records and none are the same answer. Before the first issue it is empty.
    """
    figure = figure_by(name, by, NOT_PUBLIC)
    newest = await issue_store.newest(tx)
    rows = [one for one in newest.rows if one.figure == name] if newest else []
    cells = [
        FigureCell(value=one.value, number=one.number, suppressed=False, median_days=one.median_days)
        for one in rows
        if one.by == by
    ]
    return FigureView(
        figure=name,
        by=by,
        codes=figure.codes(NOT_PUBLIC),
        counts=figure.unit,
        coverage="public",
        state=None,
        limited_to=None,
        as_of=rows[0].as_of if rows else last_day(newest.month if newest else month_ended(now)),
        exact=False,
        withheld=not cells,
        complete=True,
        total=next((one.number for one in rows if one.by == WHOLE), None),
        cells=cells,
        freshness=[],
    )


def _numbers(
    figure: Figure, found: Mapping[Cell, list[int]], asked: Asked
) -> tuple[Mapping[str, int], Mapping[str, Mapping[int, int]]]:
    """Return the number of each value, and its stays by bucket."""
    numbers: dict[str, int] = defaultdict(int)
    stays: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for (value, status, bucket), (records, amount) in found.items():
        if asked.status in (None, status):
            key = status if asked.by == STATUS else value
            numbers[key] += figure.unit.of(records, amount)
            stays[key][bucket] += records
    return {value: number for value, number in numbers.items() if number}, stays


def _money(figure: Figure, number: int | None) -> int | None:
    """Hide amounts from all but UNODC: two days with one agreement between them would show its amount."""
    return None if figure.unit is Unit.USD_MINOR else number


def _cell(value: str, number: int | None, stays: Mapping[int, int]) -> FigureCell:
    timed = {bucket: count for bucket, count in stays.items() if bucket}
    return FigureCell(
        value=value,
        number=number,
        suppressed=number is None,
        median_days=median_days(timed) if number is not None and timed else None,
    )
