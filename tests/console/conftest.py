"""The console of the demo, and Chromium, once for each file."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.console.site import Site, Visitor
from tests.sample_world import Demo

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest) -> Site:
    """The demo of this run, or a running one whose address is in PYTEST_CONSOLE."""
    if running := os.environ.get("PYTEST_CONSOLE"):
        return Site(running)
    demo: Demo = request.getfixturevalue("demo")
    return Site(demo.platform.addresses["console"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of one file: while it is open, its event loop runs, and no test of another file can have one."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Visitor]]:
    """Open a browser of its own for a visitor; closed at the end of the test."""
    opened: list[Visitor] = []

    def open_one(**options: object) -> Visitor:
        opened.append(Visitor(browser, site, **options))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for visitor in opened:
        visitor.close()
