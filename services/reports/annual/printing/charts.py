"""Charts of a report as SVG with attributes only: bars by paragraph, and by year. Mirrored from right to left.

Numbers and codes are drawn, words are not: they stand in the table beside a chart, and in its description.
"""

from collections.abc import Callable, Mapping, Sequence
from xml.sax.saxutils import escape

from msgspec import Struct

WIDTH = 640
ROW, BAR = 20, 13
LABEL_WIDTH, NUMBER_WIDTH = 64, 64
PLOT = 160
COLOURS = ("#1d4f91", "#c0561a", "#4d7c3a")
"""Blue, orange, green: of different lightness, too. White is the paper."""

INK = "#222222"


class Series(Struct, frozen=True):
    """Numbers in the order of the labels; None is not shown."""

    name: str
    numbers: tuple[int | None, ...]


class Chart(Struct, frozen=True):
    """A chart: its SVG, what it shows in words, and the names of its series with their colours."""

    svg: str
    description: str
    legend: tuple[tuple[str, str], ...]


def bars(labels: Sequence[str], numbers: Sequence[int | None], shown: Callable[[int | None], str], rtl: bool) -> str:
    """Horizontal bars, one for each label."""
    most = max((one or 0 for one in numbers), default=0) or 1
    space = WIDTH - LABEL_WIDTH - NUMBER_WIDTH
    parts = []
    for row, (label, number) in enumerate(zip(labels, numbers, strict=True)):
        top = row * ROW
        length = space * (number or 0) / most
        parts.append(_text(label, LABEL_WIDTH - 8, top + BAR, "end", rtl))
        if length:
            parts.append(_box(LABEL_WIDTH, top + 2, length, BAR, COLOURS[0], rtl))
        parts.append(_text(shown(number), LABEL_WIDTH + length + 6, top + BAR, "start", rtl))
    return _svg(len(labels) * ROW + 4, parts)


def columns(labels: Sequence[str], series: Sequence[Series], shown: Callable[[int | None], str], rtl: bool) -> str:
    """Groups of columns, one group for each label and one column for each series."""
    most = max((one or 0 for each in series for one in each.numbers), default=0) or 1
    group = WIDTH / max(1, len(labels))
    each_wide = min(60.0, group * 0.8 / max(1, len(series)))
    parts = [_box(0, PLOT + 18, WIDTH, 1, INK, rtl)]
    for place, label in enumerate(labels):
        first = place * group + (group - each_wide * len(series)) / 2
        for number, one in enumerate(series):
            value = one.numbers[place]
            height = PLOT * (value or 0) / most
            x = first + number * each_wide
            if height:
                parts.append(_box(x + 2, PLOT + 18 - height, each_wide - 4, height, COLOURS[number], rtl))
            parts.append(_text(shown(value), x + each_wide / 2, PLOT + 14 - height, "middle", rtl))
        parts.append(_text(label, place * group + group / 2, PLOT + 34, "middle", rtl))
    return _svg(PLOT + 40, parts)


def swatch(colour: str) -> str:
    """A square in the colour of a series, for its legend."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="12" height="12" viewBox="0 0 12 12">'
        f'<rect width="12" height="12" fill="{colour}"/></svg>'
    )


def in_words(labels: Sequence[str], series: Sequence[Series], shown: Callable[[int | None], str]) -> str:
    """What a chart shows, for those who do not see it."""
    several = len(series) > 1
    found = []
    for place, label in enumerate(labels):
        values = [f"{one.name} {shown(one.numbers[place])}" if several else shown(one.numbers[place]) for one in series]
        found.append(f"{label}: {', '.join(values)}")
    return "; ".join(found)


def legend_of(series: Sequence[Series]) -> tuple[tuple[str, str], ...]:
    return tuple((one.name, COLOURS[number]) for number, one in enumerate(series))


def _box(x: float, y: float, width: float, height: float, colour: str, rtl: bool) -> str:
    left = WIDTH - x - width if rtl else x
    return f'<rect x="{left:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" fill="{colour}"/>'


def _text(text: str, x: float, y: float, anchor: str, rtl: bool) -> str:
    at = WIDTH - x if rtl else x
    if rtl:
        # Codes and digits run from left to right: what ends at a place then begins there.
        anchor = {"start": "end", "end": "start"}.get(anchor, anchor)
    return f'<text x="{at:.2f}" y="{y:.2f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(height: float, parts: Sequence[str]) -> str:
    style: Mapping[str, str] = {"font-family": "Noto Sans, sans-serif", "font-size": "12", "fill": INK}
    written = " ".join(f'{name}="{value}"' for name, value in style.items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" '
        f'viewBox="0 0 {WIDTH} {height:.0f}"><g {written}>{"".join(parts)}</g></svg>'
    )
