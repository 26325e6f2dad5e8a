"""What the system tests measured is told at the end of the run, whether or not output is captured."""

import gc
from collections.abc import Callable, Iterator

import pytest

TOLD = pytest.StashKey[list[str]]()


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Say a line at the end of the run."""
    return request.config.stash.setdefault(TOLD, []).append


@pytest.fixture
def nothing_left_to_others() -> Iterator[None]:
    """What a test leaves to the garbage collector is collected within it."""
    yield
    gc.collect()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(TOLD, []):
        terminalreporter.write_line(line)
