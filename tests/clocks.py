"""The fixed day on which services in the process of a test run."""

import time
from datetime import UTC, date, datetime, timedelta

TODAY = date(2026, 11, 26)
"""It is over: no service closes its books later than the clock of the database says."""

MORNING = datetime(2026, 11, 26, 9, tzinfo=UTC)


class Ticking:
    """A clock that begins at a moment, and goes on as any other."""

    def __init__(self, begins: datetime = MORNING) -> None:
        self._begins, self._began = begins, time.monotonic()

    def __call__(self) -> datetime:
        return self._begins + timedelta(seconds=time.monotonic() - self._began)
