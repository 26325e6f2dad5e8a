"""A heat map of rows and columns. A higher value has a darker cell; each cell shows its number as text."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from chassis.charts.drawing import Drawing

LABEL, CELL, ROW, HEAD = 200, 104, 48, 76
SHADES = 4
DARK = 3
"""Lowest shade on which the number is white."""


def shade(value: int, highest: int) -> int:
    """Return 0 if the value is not positive, else a shade from 1 to 4, in equal steps up to the highest value."""
    return 0 if value <= 0 else min(SHADES, 1 + (value - 1) * SHADES // max(highest, 1))


def heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    values: Mapping[tuple[int, int], int],
    *,
    written: Mapping[tuple[int, int], str],
    title: str,
    mirrored: bool = False,
) -> Markup:
    """Draw the map. `values` determines the colour of the cell at (row, column), `written` its text."""
    highest = max(values.values(), default=0)
    drawing = Drawing(LABEL + CELL * len(columns), HEAD + ROW * len(rows), title=title, mirrored=mirrored)
    for number, name in enumerate(columns):
        drawing.text(
            name, LABEL + number * CELL + CELL // 2, HEAD - 10, chars=14, anchor="middle", most=4, upwards=True
        )
    for line, name in enumerate(rows):
        top = HEAD + line * ROW
        drawing.text(name, 0, top + ROW // 2 + 4, chars=28, most=3)
        for number in range(len(columns)):
            at = (line, number)
            tone = shade(values.get(at, 0), highest)
            left = LABEL + number * CELL
            drawing.box(left + 1, top + 1, CELL - 2, ROW - 2, f"heat-{tone}")
            dark = "on-dark" if tone >= DARK else ""
            drawing.text(written.get(at, "0"), left + CELL // 2, top + ROW // 2 + 4, anchor="middle", names=dark)
    return drawing.markup()
