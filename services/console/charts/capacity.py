"""Chart of an offering's capacity: a bar for each period, with the units taken and free."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from contracts.formats import number, period
from services.console.charts.bars import Bar, Part, legend, stacked
from services.console.translations import translations


def capacity_picture(capacity: Sequence[Mapping[str, Any]], language: str) -> Markup:
    """Draw the periods from top to bottom, their bars on one scale."""
    gettext = translations(language).gettext
    if any(one["taken"] is None for one in capacity):
        parts = legend([gettext("Deliveries")], colours=["bar-1"])
        values = [[one["units"]] for one in capacity]
    else:
        parts = legend([gettext("Taken"), gettext("Free")])
        values = [[one["taken"], one["units"] - one["taken"]] for one in capacity]
    bars = [
        Bar(period(one, language), tuple(Part(value, number(value, language)) for value in each), "")
        for one, each in zip(capacity, values, strict=True)
    ]
    return stacked(bars, parts, language)


def rows_of(capacity: Sequence[Mapping[str, Any]], language: str) -> list[list[str]]:
    """Return the rows of the same data as a table: period, units, taken, free."""
    return [
        [
            period(one, language),
            number(one["units"], language),
            "–" if one["taken"] is None else number(one["taken"], language),
            "–" if one["taken"] is None else number(one["units"] - one["taken"], language),
        ]
        for one in capacity
    ]
