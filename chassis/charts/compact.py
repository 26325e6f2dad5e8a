"""Compact charts of counts: bars with codes as labels, and groups of columns. A count that is not shown is None."""

from collections.abc import Callable, Sequence

from chassis.charts.drawing import FILE_COLOURS, Drawing

WIDTH = 640
ROW, BAR = 22, 14
LABEL, VALUE = 60, 70
PLOT = 170
COLUMN_MAX = 60
NAMES = ("bar-1", "bar-2", "bar-3")
"""Classes of the series."""

Shown = Callable[[int | None], str]


def colour_of(place: int) -> str:
    """The colour of a series in a file."""
    return FILE_COLOURS[NAMES[place]]


def bars(labels: Sequence[str], counts: Sequence[int | None], shown: Shown, *, title: str, mirrored: bool) -> Drawing:
    """Draw horizontal bars, one for each label."""
    drawing = Drawing(WIDTH, ROW * max(1, len(labels)), title=title, mirrored=mirrored)
    highest = max((count or 0 for count in counts), default=0) or 1
    for row, (label, count) in enumerate(zip(labels, counts, strict=True)):
        length = (WIDTH - LABEL - VALUE) * (count or 0) // highest
        drawing.text(label, 0, row * ROW + BAR)
        if length:
            drawing.box(LABEL, row * ROW + 2, length, BAR, NAMES[0])
        drawing.text(shown(count), LABEL + length + 8, row * ROW + BAR)
    return drawing


def columns(
    labels: Sequence[str], series: Sequence[Sequence[int | None]], shown: Shown, *, title: str, mirrored: bool
) -> Drawing:
    """Draw groups of columns: a group for each label, and a column for each of up to three series."""
    drawing = Drawing(WIDTH, PLOT + 48, title=title, mirrored=mirrored)
    highest = max((count or 0 for one in series for count in one), default=0) or 1
    group = WIDTH // max(1, len(labels))
    width = min(COLUMN_MAX, group * 4 // 5 // max(1, len(series)))
    floor = PLOT + 20
    drawing.box(0, floor, WIDTH, 1, "")
    for place, label in enumerate(labels):
        first = place * group + (group - width * len(series)) // 2
        for number, one in enumerate(series):
            height, left = PLOT * (one[place] or 0) // highest, first + number * width
            if height:
                drawing.box(left + 2, floor - height, width - 4, height, NAMES[number])
            drawing.text(shown(one[place]), left + width // 2, floor - height - 5, anchor="middle")
        drawing.text(label, place * group + group // 2, floor + 18, anchor="middle")
    return drawing
