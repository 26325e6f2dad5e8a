"""Values that the routes of this service get from its settings."""

from typing import NamedTuple, TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from chassis.concurrency import Places
from services.pledges.allocations.consents import Consents
from services.pledges.money.model import Validity
from services.pledges.statements.printing.renderer import StatementRenderer

EXPORTS_AT_ONCE_MAX = 1
"""Maximum number of tables of flows, and of IATI files, made at once, per process.

The largest table takes some 140 MB of the temporary folder, and seconds of a thread.
"""

EXPORTS_OF_ONE_ORGANIZATION_WAITING_MAX, EXPORTS_WAITING_MAX, EXPORT_WAIT_SECONDS = 8, 20, 10.0


def export_places() -> Places:
    return Places(
        at_once=EXPORTS_AT_ONCE_MAX,
        waiting_each=EXPORTS_OF_ONE_ORGANIZATION_WAITING_MAX,
        waiting_max=EXPORTS_WAITING_MAX,
        wait_seconds=EXPORT_WAIT_SECONDS,
    )


class Dependencies(NamedTuple):
    """Dependencies of the routes: settings, clients and limits.

    `reporter` is the publisher's IATI organization identifier, `site` the public address of the console.
    """

    validity: Validity
    reporter: str
    site: str
    tables: Places
    consents: Consents
    renderer: StatementRenderer
    iati_files: Places


Owned: TypeAlias = NamedDependency[SkipValidation[Dependencies]]
