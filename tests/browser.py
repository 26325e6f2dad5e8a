"""Chromium, driven as a person would use it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser"))), None)
"""Path of the browser, or None. The first name has no windows and uses less than half the processor time per page."""


@contextmanager
def launched() -> Iterator[Browser]:
    """Start a browser for a block. Meanwhile its event loop runs, so nothing else in this thread can have one."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
