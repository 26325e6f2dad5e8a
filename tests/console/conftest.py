"""The console of the demo, and Chromium, once for each file."""

import os
from collections.abc import Callable, Iterator

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


@pytest.fixture(scope="module")
def browsers() -> Iterator[list[Browser]]:
    """Chromium for one file, and those started after crashes: while they are open, no other file has an event loop."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with launched() as browser:
        browsers = [browser]
        yield browsers
        for another in browsers[1:]:
            another.close()


@pytest.fixture
def browser(browsers: list[Browser]) -> Browser:
    """The browser of this file, started again if it has crashed: so a crash fails one test, not all that follow."""
    if not browsers[-1].is_connected():
        browsers.append(launch(browsers[-1].browser_type))
    return browsers[-1]


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
