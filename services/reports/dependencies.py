"""What routes of this service share."""

from typing import NamedTuple, TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from services.reports.annual.printing.press import Press
from services.reports.figures.figure_reader import FigureReader


class Dependencies(NamedTuple):
    """What routes need: the reader of figures, the press that renders reports, the public address of the site."""

    reader: FigureReader
    press: Press
    site: str


Owned: TypeAlias = NamedDependency[SkipValidation[Dependencies]]
