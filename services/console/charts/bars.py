"""Stacked horizontal bars. Below each bar its parts are named with their values: a colour is never looked up."""

from collections.abc import Sequence

from markupsafe import Markup
from msgspec import Struct

from chassis.escaping import markup
from contracts.formats import RIGHT_TO_LEFT


class Part(Struct, frozen=True):
    """A part of a bar, and its text."""

    value: int
    shown: str


class Bar(Struct, frozen=True):
    """A bar: its label, its parts in the legend's order, and the text of its total."""

    label: str
    parts: tuple[Part, ...]
    shown: str


class Legend(Struct, frozen=True):
    """The label of a part, and the class of its colour."""

    label: str
    colour: str


def legend(labels: Sequence[str], *, colours: Sequence[str] = ()) -> tuple[Legend, ...]:
    """Return the legend of parts with these labels. Without colours of their own, the last one is what is missing."""
    usual = [*(f"bar-{position}" for position in range(1, len(labels))), "bar-rest"]
    return tuple(map(Legend, labels, colours or usual))


def stacked(bars: Sequence[Bar], parts: Sequence[Legend], language: str) -> Markup:
    """Draw the bars as a list; widths are in per cent of the longest one. In Arabic they run from right to left."""
    whole = max((sum(part.value for part in bar.parts) for bar in bars), default=0) or 1
    return markup('<ul class="bars">{}</ul>', Markup().join(_bar(bar, parts, whole, language) for bar in bars))


def _bar(bar: Bar, parts: Sequence[Legend], whole: int, language: str) -> Markup:
    drawn, named, at = [], [], 0.0
    for part, one in zip(bar.parts, parts, strict=True):
        if part.value <= 0:
            continue
        share = 100 * part.value / whole
        left = 100 - at - share if language in RIGHT_TO_LEFT else at
        drawn.append(
            markup(
                '<rect x="{}%" width="{}%" height="100%" class="{} part"></rect>',
                f"{left:.3f}",
                f"{share:.3f}",
                one.colour,
            )
        )
        named.append(markup("<li>{} {} <strong>{}</strong></li>", swatch(one.colour), one.label, part.shown))
        at += share
    return markup(
        '<li><strong>{}</strong> <span class="quiet">{}</span>'
        '<svg class="bar" width="100%" height="1.25rem" aria-hidden="true" focusable="false">{}</svg>'
        '<ul class="parts">{}</ul></li>',
        bar.label,
        bar.shown,
        Markup().join(drawn),
        Markup().join(named),
    )


def swatch(colour: str) -> Markup:
    """Return a square of a colour."""
    return markup(
        '<svg width="0.9rem" height="0.9rem" aria-hidden="true" focusable="false">'
        '<rect width="100%" height="100%" class="{}"></rect></svg>',
        colour,
    )
