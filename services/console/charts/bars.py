"""Stacked horizontal bars. Widths are in per cent, so that text keeps its size on a narrow screen."""

from collections.abc import Sequence

from markupsafe import Markup
from msgspec import Struct

from chassis.escaping import markup
from contracts.formats import RIGHT_TO_LEFT, number
from services.console.translations import translations

ROW = 72
BAR_TOP, BAR = 22, 20
NUMBERED = 5.0
"""Smallest share, in per cent of the longest bar, of a part that shows its number: colour alone is not enough."""


class Part(Struct, frozen=True):
    """A part of a bar, and its number in the legend."""

    number: int
    value: int
    shown: str


class Bar(Struct, frozen=True):
    """A bar: its label, its parts in the legend's order, and the text of its total."""

    label: str
    parts: tuple[Part, ...]
    shown: str


class Legend(Struct, frozen=True):
    """An entry of the legend: the number of a part, its label, and the class of its colour."""

    number: int
    label: str
    colour: str


def legend(labels: Sequence[str], *, rest: bool = True) -> tuple[Legend, ...]:
    """Return the legend of parts with these labels, in order. With `rest`, the last one is what is missing."""
    last = len(labels) if rest else 0
    return tuple(
        Legend(position, label, "bar-rest" if position == last else f"bar-{position}")
        for position, label in enumerate(labels, 1)
    )


def stacked(bars: Sequence[Bar], parts: Sequence[Legend], language: str, *, title: str) -> Markup:
    """Draw the bars with a text alternative, in Arabic from right to left."""
    whole = max((sum(part.value for part in bar.parts) for bar in bars), default=0) or 1
    mirrored = language in RIGHT_TO_LEFT
    start = "100%" if mirrored else "0"
    colours = {part.number: part.colour for part in parts}
    drawn: list[Markup] = []
    for position, bar in enumerate(bars):
        top = position * ROW
        drawn.append(markup('<text x="{}" y="{}">{}</text>', start, top + 15, bar.label))
        drawn.append(markup('<text x="{}" y="{}">{}</text>', start, top + BAR_TOP + BAR + 15, bar.shown))
        at = 0.0
        for part in bar.parts:
            share = 100 * part.value / whole
            if share > 0:
                drawn.append(_part(part, colours[part.number], at, share, top + BAR_TOP, language))
            at += share
    return markup(
        '<svg role="img" width="100%" height="{}" aria-label="{}" class="bars">{}</svg>',
        max(len(bars) * ROW, 1),
        f"{title} {_in_words(bars, parts, language)}",
        Markup().join(drawn),
    )


def _part(part: Part, colour: str, at: float, share: float, top: int, language: str) -> Markup:
    left = 100 - at - share if language in RIGHT_TO_LEFT else at
    drawn = markup(
        '<rect x="{}%" y="{}" width="{}%" height="{}" class="{} part"></rect>',
        f"{left:.3f}",
        top,
        f"{share:.3f}",
        BAR,
        colour,
    )
    if share < NUMBERED:
        return drawn
    shade = "" if colour == "bar-rest" else "on-dark"
    return drawn + markup(
        '<text x="{}%" y="{}" text-anchor="middle" class="{}">{}</text>',
        f"{left + share / 2:.3f}",
        top + BAR - 5,
        shade,
        number(part.number, language),
    )


def _in_words(bars: Sequence[Bar], parts: Sequence[Legend], language: str) -> str:
    names = {part.number: part.label for part in parts}
    gettext = translations(language).gettext
    comma, colon = gettext(", "), gettext(": ")
    return " ".join(
        f"{bar.label}{colon}"
        + comma.join(f"{names[part.number]} {part.shown}" for part in bar.parts if part.value)
        + "."
        for bar in bars
    )
