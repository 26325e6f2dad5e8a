"""Values that the routes of this service get from its settings."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from contracts.refusals import Unavailable
from services.pledges.allocations.consents import Consents
from services.pledges.money.model import Validity
from services.pledges.statements.printing.renderer import StatementRenderer

TABLES_AT_ONCE_MAX = 1
"""Maximum number of tables made at once, per process.

The largest table takes some 140 MB of the temporary folder, and seconds of a thread.
"""


class OpenTables:
    """Counter of the tables being made in this process."""

    def __init__(self) -> None:
        self._under_way = 0

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place for one table while it is made. Raises Unavailable if too many are being made."""
        if self._under_way >= TABLES_AT_ONCE_MAX:
            raise Unavailable("overloaded")
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1


class Dependencies(NamedTuple):
    """Dependencies of the routes: settings, clients and limits.

    `reporter` is the publisher's IATI organization identifier, `site` the public address of the console.
    """

    validity: Validity
    reporter: str
    site: str
    tables: OpenTables
    consents: Consents
    renderer: StatementRenderer
    iati_files: asyncio.Semaphore


Owned: TypeAlias = NamedDependency[SkipValidation[Dependencies]]
