"""Chromium, driven as people use it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser"))), None)
"""Its program; the first has no windows, and takes less than half of the processor time for a page."""


@contextmanager
def launched() -> Iterator[Browser]:
    """A running browser. While it is open its event loop runs, so that nothing else in this thread can have one."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
