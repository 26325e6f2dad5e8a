"""The number of cases that a test with many cases runs: some in `./dev test`, all in `./dev soak`."""

import os
from datetime import UTC, datetime

DAY = datetime.now(UTC).toordinal()
"""Number of this day: what is left out on one day is run on another."""

IS_SOAK = os.environ.get("PYTEST_SOAK") == "1"
"""True in `./dev soak`, which also runs tests marked `thinned`.

The variable is not named `ENTRAIDE_…`, because commands refuse such names that they do not know.
"""


def cases(few: int, *, soak: int) -> int:
    """Return the number of cases in this run; the test is marked `thinned`."""
    return soak if IS_SOAK else few
