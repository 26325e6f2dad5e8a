"""Objects that the routes, handlers and loops of this service share."""

from typing import NamedTuple, TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from chassis.auth.callers import Callers
from chassis.files.storage import Storage
from services.delivery.deliveries.consents import Consents
from services.delivery.deliveries.funding import Funding
from services.delivery.files.model import Quota


class Dependencies(NamedTuple):
    """Funding gaps, consents, and where files are kept and scanned, with the limits of an organization.

    `reply_key` signs the links of mails, which are answered in the appointments that `callers` knows; None without any.
    """

    funding: Funding
    consents: Consents
    storage: Storage
    quota: Quota
    callers: Callers
    reply_key: bytes | None


Owned: TypeAlias = NamedDependency[SkipValidation[Dependencies]]
"""The dependency `own` of this service's routes."""
