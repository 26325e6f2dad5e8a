"""Objects that the routes, handlers and loops of this service share."""

from typing import NamedTuple, TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from services.delivery.deliveries.funding import Funding


class Dependencies(NamedTuple):
    """Funding gaps of deliveries."""

    funding: Funding


Owned: TypeAlias = NamedDependency[SkipValidation[Dependencies]]
"""The dependency `own` of this service's routes."""
