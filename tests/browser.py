"""Chromium, driven as a person would use it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserType, expect, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser"))), None)
"""Path of the browser, or None. The first name has no windows and uses less than half the processor time per page."""

EXPECT_SECONDS = 30
"""Time for a page to show what is expected; the default of five seconds is too short on a busy machine."""


@contextmanager
def launched() -> Iterator[Browser]:
    """Start a browser for a block. Meanwhile its event loop runs, so nothing else in this thread can have one."""
    expect.set_options(timeout=EXPECT_SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        yield browser
        browser.close()


def launch(chromium: BrowserType) -> Browser:
    return chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
