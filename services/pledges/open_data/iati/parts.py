"""Parts of our IATI activities: budgets, pages on the web, results."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from msgspec import Struct

from contracts.funds import YearlyRequirement
from contracts.reference.deliveries import indicators
from services.pledges.money.model import USD
from services.pledges.open_data.iati import codes
from services.pledges.open_data.iati.activity import (
    Budget,
    Dated,
    Document,
    Indicator,
    Measured,
    Narrative,
    Result,
    Transaction,
)
from services.pledges.open_data.iati.activity import amount_of as amount
from services.pledges.open_data.iati.codes import TransactionType as T
from services.pledges.open_data.iati.words import Words, narratives

SMALL = 5
"""Counts of persons from 1 to below this number are not published."""

PERSONS = "persons"
"""The unit of indicators that count persons."""


class Delivered(Struct, frozen=True, kw_only=True):
    """A result of a delivery that its State confirmed, in the unit of its indicator."""

    indicator: str
    actual: int
    target: int | None
    measured_on: date


def needs(requirements: Iterable[YearlyRequirement], revised_years: Collection[int], *, on: date) -> tuple[Budget, ...]:
    """Return one budget per year: readers add up overlapping budgets, so a revised budget replaces the original."""
    by_year: dict[int, int] = {}
    for requirement in requirements:
        by_year[requirement.year] = by_year.get(requirement.year, 0) + requirement.usd_minor
    return tuple(_budget(year, minor, on=on, revised=year in revised_years) for year, minor in by_year.items())


def _budget(year: int, usd_minor: int, *, on: date, revised: bool) -> Budget:
    starts = date(year, 1, 1)
    return Budget(
        kind=codes.BUDGET_REVISED if revised else codes.BUDGET_ORIGINAL,
        status=codes.BUDGET_INDICATIVE,
        starts=starts,
        ends=date(year, 12, 31),
        # The value date is never in the future.
        amount=amount(usd_minor, USD, min(starts, on)),
    )


def allotted(published: Sequence[Transaction]) -> tuple[Budget, ...]:
    """Return the budget of each year: the money allotted to a purpose, less returned money; revised if it changed."""
    by_year: dict[tuple[int, str], list[Transaction]] = {}
    for one in published:
        if one.type == T.OUTGOING_COMMITMENT and one.amount.currency:
            by_year.setdefault((one.on.year, one.amount.currency), []).append(one)
    sums = {key: sum(one.amount.minor or 0 for one in of_year) for key, of_year in by_year.items()}
    return tuple(
        Budget(
            kind=codes.BUDGET_ORIGINAL if len(by_year[year, currency]) == 1 else codes.BUDGET_REVISED,
            status=codes.BUDGET_COMMITTED,
            starts=date(year, 1, 1),
            ends=date(year, 12, 31),
            amount=amount(minor, currency, date(year, 1, 1)),
        )
        for (year, currency), minor in sorted(sums.items())
        if minor > 0
    )


def pages(site: str, said: Words) -> tuple[Document, ...]:
    """Return the public page of all funds, in each language; empty without a site."""
    return tuple(
        Document(
            url=f"{site}/{narrative.language}/public/funding",
            format="text/html",
            titles=narratives(said.page),
            categories=(codes.ACTIVITY_WEB_PAGE,),
            language=narrative.language or "",
        )
        for narrative in narratives(said.page)
        if site
    )


def participants(number: int | None, dates: Sequence[Dated], said: Words) -> tuple[Result, ...]:
    """Return the number of participants as a result; empty if they were not counted, or are 1 to 4."""
    people = _digits(number, PERSONS)
    if not people:
        return ()
    starts, ends = (dated.on for dated in dates)
    measured = Measured(starts=starts, ends=ends, actual=people)
    return (_result(narratives(said.participants), codes.MEASURE_UNIT, measured),)


def delivered(confirmed: Iterable[Delivered], *, since: date) -> tuple[Result, ...]:
    """Return the results of deliveries by indicator, without numbers of persons from 1 to 4."""
    found = []
    for one in confirmed:
        indicator = indicators()[one.indicator]
        actual, target = (_digits(number, indicator.unit) for number in (one.actual, one.target))
        if actual:
            measured = Measured(starts=min(since, one.measured_on), ends=one.measured_on, actual=actual, target=target)
            measure = codes.MEASURE_PERCENTAGE if indicator.unit == "percent" else codes.MEASURE_UNIT
            found.append(_result(narratives(indicator.labels), measure, measured))
    return tuple(found)


def _result(titles: tuple[Narrative, ...], measure: str, measured: Measured) -> Result:
    indicator = Indicator(measure=measure, titles=titles, periods=(measured,))
    return Result(kind=codes.RESULT_OUTPUT, titles=titles, indicators=(indicator,))


def _digits(number: int | None, unit: str) -> str:
    """Return a number as it is, never rounded; empty for None and for 1 to 4 persons, who could be recognized."""
    return "" if number is None or (unit == PERSONS and 0 < number < SMALL) else str(number)
