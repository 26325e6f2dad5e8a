"""What routes of this service share."""

from typing import NamedTuple, TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from services.reports.annual.printing.renderer import ReportRenderer
from services.reports.figures.figure_reader import FigureReader


class Dependencies(NamedTuple):
    """What routes need: the reader of figures, the renderer that renders reports, the public address of the site."""

    reader: FigureReader
    renderer: ReportRenderer
    site: str


Owned: TypeAlias = NamedDependency[SkipValidation[Dependencies]]
