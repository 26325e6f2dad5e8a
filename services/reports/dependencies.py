"""What routes of this service share."""

from typing import NamedTuple, TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from services.reports.annual.printing.press import Press


class Dependencies(NamedTuple):
    """What routes need: the press that renders reports."""

    press: Press


Owned: TypeAlias = NamedDependency[SkipValidation[Dependencies]]
