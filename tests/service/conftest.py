"""What all tests of services share: the day on which they are at work."""

from collections.abc import Iterator

import pytest

from chassis import clock
from tests.clocks import Ticking


@pytest.fixture(autouse=True)
def fixed_day(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test takes its days from `tests.clocks`, or asks `chassis.clock`; processes it starts go by the machine's."""
    if request.node.get_closest_marker("machine_clock"):
        yield
        return
    with clock.going_by(Ticking()):
        yield
