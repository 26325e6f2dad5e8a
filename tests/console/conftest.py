"""The console of the demo, and Chromium, once for each file."""

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import CHROMIUM, launched
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
def browser() -> Iterator[Browser]:
    """Chromium for one file: while it is open, no test of another file can have an event loop."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with launched() as browser:
        yield browser


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
