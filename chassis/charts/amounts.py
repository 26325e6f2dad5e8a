"""Counts or amounts as horizontal bars, with their label at the beginning and their value at the end."""

from collections.abc import Sequence

from markupsafe import Markup

from chassis.charts.drawing import Drawing

LABEL, LENGTH, VALUE, ROW = 200, 380, 140, 48

Row = tuple[str, int | None, str]
"""A label, a value, and the value's text."""


def amounts(rows: Sequence[Row], *, title: str, mirrored: bool = False, names: Sequence[str] = ("bar-1",)) -> Markup:
    """Draw rows of a label, a value (the length of the bar), and its text; `names` are the classes of the bars.

    A value that is not shown is None: it has its text and no bar.
    """
    return amounts_drawing(rows, title=title, mirrored=mirrored, names=names).markup()


def amounts_drawing(
    rows: Sequence[Row], *, title: str, mirrored: bool = False, names: Sequence[str] = ("bar-1",)
) -> Drawing:
    highest = max((value or 0 for _, value, _ in rows), default=0)
    drawing = Drawing(LABEL + LENGTH + VALUE, ROW * len(rows), title=title, mirrored=mirrored)
    for number, (label, value, written) in enumerate(rows):
        top = number * ROW
        length = value * LENGTH // highest if value is not None and value > 0 else 0
        drawing.text(label, 0, top + ROW // 2 + 4, chars=28, most=3)
        if value is not None:
            drawing.box(LABEL, top + 13, max(length, 1), ROW - 26, names[number % len(names)])
        drawing.text(written, LABEL + length + 8, top + ROW // 2 + 4)
    return drawing
