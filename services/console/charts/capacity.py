"""Chart of an offering's capacity: a bar for each period, with the units taken and free."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from contracts.formats import RIGHT_TO_LEFT, day, number
from services.console.translations import translations

WIDTH = 400
ROW = 46
BAR_TOP, BAR = 20, 16


def capacity_picture(capacity: Sequence[Mapping[str, Any]], language: str, finding: str) -> Markup:
    """Draw the periods from top to bottom, their bars on one scale; in right-to-left languages from the right."""
    most = max((one["units"] for one in capacity), default=0) or 1
    rows = [_row(one, number_ * ROW, most, language) for number_, one in enumerate(capacity)]
    return Markup('<svg width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="img" aria-label="{2}">{3}</svg>').format(
        WIDTH, ROW * len(rows), finding, Markup("").join(rows)
    )


def rows_of(capacity: Sequence[Mapping[str, Any]], language: str) -> list[list[str]]:
    """Return the rows of the same data as a table: period, units, taken, free."""
    return [
        [
            span(one, language),
            number(one["units"], language),
            "–" if one["taken"] is None else number(one["taken"], language),
            "–" if one["taken"] is None else number(one["units"] - one["taken"], language),
        ]
        for one in capacity
    ]


def span(period: Mapping[str, Any], language: str) -> str:
    return f"{day(period['from'], language)} – {day(period['until'], language)}"


def _row(one: Mapping[str, Any], top: int, most: int, language: str) -> Markup:
    mirrored = language in RIGHT_TO_LEFT
    whole = WIDTH * one["units"] / most
    taken = WIDTH * (one["taken"] or 0) / most
    left = WIDTH - whole if mirrored else 0.0
    return Markup(
        '<text x="{start}" y="{text}">{span}</text><text x="{end}" y="{text}" text-anchor="end">{says}</text>'
        '<rect class="bar-rest" x="{left:.1f}" y="{bar}" width="{whole:.1f}" height="{height}"/>'
        '<rect class="bar-1" x="{taken_left:.1f}" y="{bar}" width="{taken:.1f}" height="{height}"/>'
    ).format(
        start=WIDTH if mirrored else 0,
        end=0 if mirrored else WIDTH,
        text=top + 14,
        bar=top + BAR_TOP,
        height=BAR,
        span=span(one, language),
        says=_says(one, language),
        left=left,
        whole=whole,
        taken_left=WIDTH - taken if mirrored else 0.0,
        taken=taken,
    )


def _says(one: Mapping[str, Any], language: str) -> str:
    catalogue = translations(language)
    if one["taken"] is None:
        return catalogue.ngettext("%(num)s delivery", "%(num)s deliveries", one["units"]) % {
            "num": number(one["units"], language)
        }
    free = one["units"] - one["taken"]
    said = catalogue.ngettext("%(free)s of %(num)s free", "%(free)s of %(num)s free", one["units"])
    return said % {"free": number(free, language), "num": number(one["units"], language)}
