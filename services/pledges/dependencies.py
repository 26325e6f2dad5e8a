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
"""Per process: the largest takes some 140 MB of the temporary folder, and seconds of a thread."""


class OpenTables:
    """Counts the tables being made in this process."""

    def __init__(self) -> None:
        self._under_way = 0

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """Raises Unavailable while too many are being made."""
        if self._under_way >= TABLES_AT_ONCE_MAX:
            raise Unavailable("overloaded")
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1


class Dependencies(NamedTuple):
    """What routes need: validity of rates, publisher (an IATI organization identifier), public address of the
    console, consents, PDF renderer, limits.
    """

    validity: Validity
    reporter: str
    site: str
    tables: OpenTables
    consents: Consents
    renderer: StatementRenderer
    iati_files: asyncio.Semaphore


Owned: TypeAlias = NamedDependency[SkipValidation[Dependencies]]
