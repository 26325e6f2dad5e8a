"""The fixed day on which services in a test's process run."""

import time
from datetime import UTC, date, datetime, timedelta

TODAY = date(2026, 11, 26)
"""The day on which tests run. It is past: no service closes its books after the time of the database's clock."""

MORNING = datetime(2026, 11, 26, 9, tzinfo=UTC)


class Ticking:
    """A clock that starts at a given moment and runs at normal speed."""

    def __init__(self, begins: datetime = MORNING) -> None:
        self._begins, self._began = begins, time.monotonic()

    def __call__(self) -> datetime:
        return self._begins + timedelta(seconds=time.monotonic() - self._began)
