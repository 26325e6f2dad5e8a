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
    """Clients for funding gaps and consents, the storage of files with its scanner, and the quota of an organization.

    `reply_key` signs the links in mails, which are answered in the appointments found by `callers`; None if there is no
    key.
    """

    funding: Funding
    consents: Consents
    storage: Storage
    quota: Quota
    callers: Callers
    reply_key: bytes | None


Owned: TypeAlias = NamedDependency[SkipValidation[Dependencies]]
"""The dependency `own` of this service's routes."""
