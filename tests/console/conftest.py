"""The console of the demo, and one Chromium for consecutive tests."""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser

from tests.browser import CHROMIUM, launch, launched
from tests.console.site import Site, Visitor
from tests.sample_world import Demo


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest) -> Site:
    """The demo of this run, or a running one whose address is in PYTEST_CONSOLE."""
    if running := os.environ.get("PYTEST_CONSOLE"):
        return Site(running)
    demo: Demo = request.getfixturevalue("demo")
    return Site(demo.platform.addresses["console"])


class Chromium:
    """A browser that is started when it is first used, and again if it has crashed: a crash fails one test only."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._browser: Browser | None = None

    def browser(self) -> Browser:
        if self._browser is None:
            self._browser = self._open.enter_context(launched())
        elif not self._browser.is_connected():
            self._browser = launch(self._browser.browser_type)
            self._open.callback(self._browser.close)
        return self._browser

    def close(self) -> None:
        self._browser = None
        self._open.close()


OPEN = pytest.StashKey[Chromium]()


@pytest.fixture(scope="session")
def chromium(request: pytest.FixtureRequest, site: Site) -> Iterator[Chromium]:
    """The browser of consecutive tests, of whichever files; it is closed before the site."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    made = request.config.stash[OPEN] = Chromium()
    yield made
    made.close()


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """Close the browser before a test without it: while it is open, nothing else in this thread has an event loop.

    The last of the wrappers, so that it is closed when another one stops the demo.
    """
    try:
        yield
    finally:
        if OPEN in item.config.stash and "chromium" not in getattr(nextitem, "fixturenames", ()):
            item.config.stash[OPEN].close()


@pytest.fixture
def browser(chromium: Chromium) -> Browser:
    return chromium.browser()


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Visitor]]:
    """A function that opens a browser of its own for a visitor, closed at the end of the test."""
    opened: list[Visitor] = []

    def open_one(**options: object) -> Visitor:
        opened.append(Visitor(browser, site, **options))
        return opened[-1]

    yield open_one
    for visitor in opened:
        visitor.close()
