"""Fixtures for tests of the whole system. Their measurements are printed at the end of the run, captured or not."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chassis.embedded import Nats, free_port
from tests.conftest import Servers, folder_of_shared_data
from tests.sample_world import empty_state
from tests.system.platform import broker

MEASURED = "measured"


@pytest.fixture
def own_broker(servers: Servers) -> Iterator[Nats]:
    with broker(servers.folder / f"nats-{free_port()}") as nats:
        yield nats


@pytest.fixture
def state(servers: Servers) -> Path:
    return empty_state(servers)


@pytest.fixture
def xsd() -> tuple[str, ...]:
    """Options with the standard's own schema; without it beside the project, the rest of the story is still checked."""
    folder = folder_of_shared_data() / "iati" / "xsd-2.03"
    return ("--xsd", str(folder)) if folder.is_dir() else ()


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """A function that prints a line at the end of the run."""
    # A property is sent with the test's report, whichever process the test ran in.
    return lambda line: request.node.user_properties.append((MEASURED, line))


@pytest.fixture
def collect_garbage() -> Iterator[None]:
    """Collect a test's garbage before the test ends."""
    yield
    gc.collect()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")):
        for name, line in report.user_properties:
            if name == MEASURED and report.when == "call":
                terminalreporter.write_line(line)
