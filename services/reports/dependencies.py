"""Objects that the routes and loops of this service share."""

from typing import NamedTuple, TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from services.reports.annual.printing.renderer import ReportRenderer
from services.reports.figures.figure_reader import FigureReader


class Dependencies(NamedTuple):
    """The reader of figures, the renderer of reports, and the public address of the site."""

    reader: FigureReader
    renderer: ReportRenderer
    site: str


Owned: TypeAlias = NamedDependency[SkipValidation[Dependencies]]
