"""`python -m tests.console.vitals` measures how five pages load and answer in Chromium, here and as on a slow phone.

It measures the largest contentful paint (LCP), the cumulative layout shift (CLS), and the longest delay of a key, a
click and an opened part until the next frame. It starts the demo, unless PYTEST_CONSOLE is the address of a running
one.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser

from tests.browser import launched
from tests.console.site import Site, Visitor, demo
from tests.console.steps import FIRST, the_first

PAGES = (
    ("KEN:focal_point", ""),
    ("KEN:focal_point", "{request}"),
    ("UNODC:coordinator", "/work"),
    ("FRA:donor_officer", "{fund}"),
    ("KEN:focal_point", "/offerings"),
)
VISITS = 5
SETTLED_MILLISECONDS = 600
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 90_000}
"""Network of a slow mobile line as in browsers' developer tools, 1.6 Mbit/s. Throughputs are in bytes per second."""

SLOW_CPU = 4
OBSERVE = """
window.vitals = {lcp: 0, cls: 0, delay: 0};
const watch = (type, each) => new PerformanceObserver((list) => list.getEntries().forEach(each))
  .observe({type, buffered: true, durationThreshold: 16});
watch("largest-contentful-paint", (entry) => { vitals.lcp = entry.startTime; });
watch("layout-shift", (entry) => { vitals.cls += entry.hadRecentInput ? 0 : entry.value; });
watch("event", (entry) => { vitals.delay = Math.max(vitals.delay, entry.duration); });
"""


def measure(browser: Browser, site: Site, appointment: str, path: str, *, slow: bool) -> tuple[float, float, float]:
    """Return LCP in ms, CLS, and the longest delay in ms, of a first visit."""
    first = Visitor(browser, site).step_into(appointment)
    found = the_first(first, path) if path in FIRST else path
    visitor = Visitor(browser, site)
    visitor.context.add_cookies(first.context.cookies())
    visitor.context.add_init_script(OBSERVE)
    if slow:
        network = visitor.context.new_cdp_session(visitor.page)
        network.send("Network.enable")
        network.send("Network.emulateNetworkConditions", SLOW)
        network.send("Emulation.setCPUThrottlingRate", {"rate": SLOW_CPU})
    page = visitor.page
    visitor.go(found)
    page.wait_for_timeout(SETTLED_MILLISECONDS)
    lcp, cls = page.evaluate("[vitals.lcp, vitals.cls]")
    page.keyboard.press("j")
    page.click("h1")
    page.keyboard.press("?")
    page.wait_for_timeout(SETTLED_MILLISECONDS)
    delay = page.evaluate("vitals.delay")
    first.close()
    visitor.close()
    return lcp, cls, delay


@contextmanager
def running() -> Iterator[Site]:
    if address := os.environ.get("PYTEST_CONSOLE"):
        yield Site(address)
        return
    with tempfile.TemporaryDirectory(prefix="entraide-vitals-", dir="/var/tmp", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        with demo(Path(name)) as site:
            yield site


def main() -> int:
    with running() as site, launched() as browser:
        print(f"{'':34}{'LCP ms':>10}{'CLS':>8}{'delay ms':>10}   {'slow: LCP':>10}{'CLS':>8}{'delay ms':>10}")
        for appointment, path in PAGES:
            cells = ""
            for slow in (False, True):
                visits = [measure(browser, site, appointment, path, slow=slow) for _ in range(VISITS)]
                lcp, cls, delay = (median(column) for column in zip(*visits, strict=True))
                cells += f"{lcp:10.0f}{cls:8.3f}{delay:10.0f}   "
            print(f"{appointment + ' ' + (path or '/'):34}{cells}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
