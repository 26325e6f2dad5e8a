"""Measurements of the system tests are printed at the end of the run."""

import gc
from collections.abc import Callable, Iterator

import pytest

MEASURED = "measured"


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Say a line at the end of the run."""
    # A property goes with the test's report, from whichever process it ran in.
    return lambda line: request.node.user_properties.append((MEASURED, line))


@pytest.fixture
def collect_garbage() -> Iterator[None]:
    """What a test leaves to the garbage collector is collected within it."""
    yield
    gc.collect()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")):
        for name, line in report.user_properties:
            if name == MEASURED and report.when == "call":
                terminalreporter.write_line(line)
