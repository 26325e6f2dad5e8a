"""Schedule of tests: longest first, a file's tests in one process, other limits in a soak, and a fixed day."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from _pytest._io import TerminalWriter
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling

from chassis import clock
from tests.builders import forget_people
from tests.clocks import Ticking
from tests.soak import IS_SOAK

DEADLINE = pytest.StashKey[float]()
SYSTEM = "tests/system/"
SYSTEM_SECONDS = 1000
"""Time limit of a test of the whole platform: with another process on each core, the demo alone takes five minutes."""

SCHEMATHESIS = f"{SYSTEM}test_schemathesis.py"
OF_THE_SITE = tuple(
    f"tests/console/{name}.py"
    for name in (
        *("test_keyboard", "test_deliveries", "deliveries/test_follow_ups", "test_sherloc", "test_jobs"),
        *(
            "figures/test_pages",
            "legislation/test_checks_and_proposals",
            "legislation_check/test_link",
            "reports/test_reports",
        ),
        *("strategies/test_pages", "test_experts", "public/test_figure", "test_hostile", "test_pages"),
        *("test_journeys", "live/test_pages", "test_access", "test_sessions", "test_weight", "test_every_form"),
    )
)
"""Files of tests that visit the demo's console in a browser.

First those that need its records as the story left them, then the one that fills it with texts, before public pages are
kept.
"""

OF_THE_DEMO = (
    *("tests/system/test_end_to_end.py", *OF_THE_SITE),
    *("tests/system/test_paragraphs.py", SCHEMATHESIS),
)
"""Files of tests that use one run of the demo, in this order: those that count its records come first."""

LONGEST = (*OF_THE_DEMO, *(f"{SYSTEM}test_{name}.py" for name in ("apart", "canary", "crash")))
LONGEST_OF_A_SOAK = (f"{SYSTEM}test_crash.py", SCHEMATHESIS, *LONGEST)
LANGUAGE = re.compile(r"-(ar|en|fr)-(?=\d+\])")
"""Matches the language in the id of a browser test that is run for a person, a language and a width."""

TIMED = frozenset(f"{SYSTEM}test_{name}.py" for name in ("idle", "intake", "outages", "broker_wipe"))
"""Files of tests that measure durations; they run one after the other."""

SERVED = frozenset(
    ("requests", "matching", "pledges", "delivery", "sherloc", "notifications", "directory", "reports", "platform")
)
"""Folders whose tests run services in their own process."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--within",
        type=float,
        metavar="SECONDS",
        help="skip the tests that have not begun by then: they are left to a whole run",
    )


def pytest_configure(config: pytest.Config) -> None:
    if within := config.getoption("--within"):
        config.stash[DEADLINE] = time.monotonic() + within


def pytest_sessionstart(session: pytest.Session) -> None:
    """Write to stderr where a test hangs: pytest-timeout writes it to stdout, which a process of xdist discards."""
    config = session.config
    if hasattr(config, "workerinput"):
        stderr = os.fdopen(os.dup(2), "w")
        config.add_cleanup(stderr.close)
        writer = TerminalWriter(stderr)
        # Not the writer of pytest's own report, of which each process would print its part between those of the others.
        config.get_terminal_writer = lambda: writer


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark each test that draws examples as `thinned`, since outside a soak it draws few."""
    if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
        item.add_marker(pytest.mark.thinned)


def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Compile the tests before the processes start: in a new clone each would compile all, at the same time."""
    compiled = next(config.rootpath.glob("tests/*/__pycache__/test_*-pytest-*"), None)
    if compiled is None and not sys.dont_write_bytecode:
        command = [sys.executable, "-m", "pytest", "--collect-only", "-qq", "-n0", *config.args]
        environment = {**os.environ, "PYTEST_ADDOPTS": ""}
        # What cannot be collected is reported by the processes.
        subprocess.run(command, cwd=config.rootpath, env=environment, stdout=subprocess.DEVNULL)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if time.monotonic() > item.config.stash.get(DEADLINE, float("inf")):
        pytest.skip("left to a whole run, as --within says")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort the tests, longest first, so that no process works alone at the end; with --within they keep its order."""
    for item in items:
        if IS_SOAK:
            # The limit of `./dev soak` replaces one that a test has for its thinned form.
            item.add_marker(pytest.mark.timeout(config.getoption("timeout")), append=False)
        elif item.nodeid.startswith((SYSTEM, *OF_THE_SITE)) and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SYSTEM_SECONDS))
    if apart := {file for file in map(_file_of_a_demo, items) if file and file not in OF_THE_DEMO}:
        raise pytest.UsageError(
            f"each of these would start a demo of its own, add them to OF_THE_DEMO: {sorted(apart)}"
        )
    if DEADLINE not in config.stash:
        items.sort(key=_place)
        return
    has_console = "PYTEST_CONSOLE" in os.environ
    for item in items:
        if _file(item) in LONGEST and not (has_console and _file(item) in OF_THE_SITE):
            item.add_marker(pytest.mark.skip(reason="takes over a minute: give the path of its file, or run all"))


def _file_of_a_demo(item: pytest.Item) -> str | None:
    uses_it = "demo" in getattr(item, "fixturenames", ())
    return _file(item) if uses_it else None


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def uses_the_demo(item: pytest.Item) -> bool:
    """Return true if it is in a file of tests that use the demo."""
    return _file(item) in OF_THE_DEMO


def _place(item: pytest.Item) -> tuple[int, bool, bool]:
    file = _file(item)
    order = LONGEST_OF_A_SOAK if IS_SOAK else LONGEST
    return (
        order.index(file) if file in order else len(order),
        not file.startswith(SYSTEM),
        file.split("/")[1] not in SERVED,
    )


class ByFile(LoadScopeScheduling):
    """Runs the tests of a file in one process, one after the other.

    All tests that measure durations share one process, and so do all that use the demo. In a soak, there is a demo for
    pages in other languages than English, and one for the calls of every operation, which take an hour.
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        if file in OF_THE_DEMO:
            language = LANGUAGE.search(test)
            if IS_SOAK and (file == SCHEMATHESIS or (language and language[1] != "en")):
                return "calls" if file == SCHEMATHESIS else "translated pages"
            return "demo"
        return "timed" if file in TIMED else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return ByFile(config, log)


@pytest.fixture(autouse=True)
def fixed_day(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run services in a test's process on `tests.clocks.TODAY`; processes that it starts use the machine's clock."""
    forget_people()
    folder = request.node.nodeid.split("/")[1]
    if folder not in SERVED or request.node.get_closest_marker("machine_clock"):
        yield
        return
    with clock.use_clock(Ticking()):
        yield
