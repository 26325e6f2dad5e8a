"""Objects that the routes, handlers and loops of this service share."""

from typing import NamedTuple, TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from chassis.files.storage import Storage
from services.delivery.deliveries.consents import Consents
from services.delivery.deliveries.funding import Funding
from services.delivery.files.model import Quota


class Dependencies(NamedTuple):
    """Funding gaps and consents of deliveries, and where files are kept and scanned, with an organization's limits."""

    funding: Funding
    consents: Consents
    storage: Storage
    quota: Quota


Owned: TypeAlias = NamedDependency[SkipValidation[Dependencies]]
"""The dependency `own` of this service's routes."""
