"""Charts of a report: bars by paragraph, and columns by year. The table beside a chart contains the words."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from chassis.charts import compact
from chassis.charts.drawing import Drawing


class Series(Struct, frozen=True):
    """Numbers in the order of the labels; None is not shown."""

    name: str
    numbers: tuple[int | None, ...]


class Chart(Struct, frozen=True):
    """A chart: its SVG, what it shows in words, and the names of its series with their colours."""

    svg: str
    description: str
    legend: tuple[tuple[str, str], ...]


def chart_of(drawing: Drawing, description: str, series: Sequence[Series]) -> Chart:
    """Return a drawing as a chart, with a legend if there are several series."""
    legend = [(one.name, compact.colour_of(place)) for place, one in enumerate(series)] if len(series) > 1 else []
    return Chart(drawing.file().decode(), description, tuple(legend))


def in_words(
    labels: Sequence[str], series: Sequence[Series], shown: Callable[[int | None], str], words: Mapping[str, str]
) -> str:
    """Describe the contents of a chart for readers who do not see it; `words` has the marks between values."""
    several = len(series) > 1
    found = []
    for place, label in enumerate(labels):
        values = [f"{one.name} {shown(one.numbers[place])}" if several else shown(one.numbers[place]) for one in series]
        found.append(f"{label}{words['colon']}{words['comma'].join(values)}")
    return words["semicolon"].join(found)
