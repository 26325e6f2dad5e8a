"""What the routes of this service are given of its settings."""

from typing import NamedTuple, TypeAlias

from litestar.di import NamedDependency

from services.pledges.money import Validity


class Own(NamedTuple):
    """For how long rates hold, and in whose name it publishes: an IATI organization identifier."""

    validity: Validity
    reporter: str


Owned: TypeAlias = NamedDependency[Own]
