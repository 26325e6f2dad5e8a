"""What routes of this service share."""

from typing import NamedTuple, TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from services.reports.annual.printing.press import Press
from services.reports.figures.figure_reader import FigureReader


class Dependencies(NamedTuple):
    """What routes need: the reader of figures, and the press that renders reports."""

    reader: FigureReader
    press: Press


Owned: TypeAlias = NamedDependency[SkipValidation[Dependencies]]
