"""Views of figures: exact for UNODC; for others small numbers are suppressed and the rest is in whole fives."""

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
from services.reports.figures.model import FIGURES, STATUS, TOTAL, Figure, Unit, median_days
from services.reports.figures.store import Freshness
from services.reports.figures.suppression import protect

OWNERS = ("requests", "matching", "delivery", "pledges")


class FigureCell(Struct, frozen=True, kw_only=True):
    """The `number` of one `value` of the code; null if it is suppressed. Only durations have `median_days`."""

    value: str
    number: int | None
    suppressed: bool
    median_days: int | None


class FigureView(Struct, frozen=True, kw_only=True):
    """A figure `by` a code as of the end of a day in UTC; `total` counts each record once.

    `counts` is the unit of `number`: records, people, US cents, or stays in a status (`days`). Unless `exact`, numbers
    below five are suppressed, as are those from which they follow, and others are in whole fives, rounded down. If
    `withheld`, no cell is shown, because all would be suppressed. `complete` is false while the figures are rebuilt.
    `coverage` is `all` records, those of a `state`, or the `public` ones. `limited_to` is the only status of which
    records are counted.
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
    """The figure asked for; `state` is None for all records, or the public ones."""

    figure: str
    by: str
    as_of: date
    state: str | None
    status: str | None
    public: bool
    exact: bool


def question(
    name: str,
    by: str,
    as_of: date | None,
    state: str | None,
    status: str | None,
    now: datetime,
    *,
    public: bool = False,
    exact: bool = False,
) -> Asked:
    """Return the question. Raises Missing for an unknown figure, Invalid for an unsuitable code, status or day."""
    figure = FIGURES.get(name)
    if figure is None:
        raise Missing("not-found")
    codes = figure.codes(exact=exact)
    if by not in codes:
        raise unknown_code("by", by, codes)
    if status is not None and not exact:
        raise Invalid("invalid-field", field="status", expected="none, except by UNODC: count by status")
    if status is not None and status not in figure.statuses:
        raise unknown_code("status", status, figure.statuses)
    today = now.astimezone(UTC).date()
    if as_of is not None and as_of > today:
        raise Invalid("invalid-field", field="as_of", expected="a day that has come")
    return Asked(figure=name, by=by, as_of=as_of or today, state=state, status=status, public=public, exact=exact)


async def figure_view(tx: Tx, asked: Asked, read: ReadCells) -> FigureView:
    """Return a figure that the caller may see. Raises Missing if row-level security hides the rows of its State."""
    if asked.state is not None:
        await store.check_state(tx, asked.state)
    figure = FIGURES[asked.figure]
    dimension = TOTAL if asked.by == STATUS else asked.by
    totals = await read(asked.figure, TOTAL, asked.as_of, asked.public, asked.state)
    found = totals
    if dimension != TOTAL:
        found = await read(asked.figure, dimension, asked.as_of, asked.public, asked.state)
    numbers, stays = _numbers(figure, found, asked)
    total = sum(_numbers(figure, totals, asked)[0].values())
    shown = protect(numbers, total)
    order = sorted(numbers) if asked.by != STATUS else [one for one in figure.statuses if one in numbers]
    of_unit = [] if shown.withheld and not asked.exact else order
    return FigureView(
        figure=asked.figure,
        by=asked.by,
        codes=figure.codes(exact=asked.exact),
        counts=figure.unit,
        coverage="public" if asked.public else "state" if asked.state else "all",
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
        freshness=await store.freshness(tx, OWNERS),
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
            numbers[key] += records if figure.unit in (Unit.RECORDS, Unit.DAYS) else amount
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
