"""Counts or amounts as horizontal bars, with their label at the beginning and their value at the end."""

from collections.abc import Sequence

from markupsafe import Markup

from services.console.charts.drawing import Drawing

LABEL, LENGTH, VALUE, ROW = 290, 380, 140, 34


def amounts(
    rows: Sequence[tuple[str, int, str]], *, title: str, mirrored: bool = False, names: Sequence[str] = ("bar-1",)
) -> Markup:
    """Rows of a label, a value that is the bar's length, and how it is written; `names` are classes of the bars."""
    highest = max((value for _, value, _ in rows), default=0)
    drawing = Drawing(LABEL + LENGTH + VALUE, ROW * len(rows), title=title, mirrored=mirrored)
    for number, (label, value, written) in enumerate(rows):
        top = number * ROW
        length = value * LENGTH // highest if highest > 0 and value > 0 else 0
        drawing.text(label, 0, top + ROW // 2 + 4, chars=42)
        drawing.box(LABEL, top + 6, max(length, 1), ROW - 12, names[number % len(names)])
        drawing.text(written, LABEL + length + 8, top + ROW // 2 + 4)
    return drawing.markup()
