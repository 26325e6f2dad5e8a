"""The demo with its console, and browsers in which its people are signed in."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx
from playwright.sync_api import APIResponse, Browser, BrowserContext, Response
from playwright.sync_api import Page as BrowserPage

from chassis.embedded import free_port
from tests.http_client import patient_client
from tests.readme import ROOT

STORY_SECONDS = 900.0
STOP_SECONDS = 30
BROWSER_SECONDS = 30.0
BUSY_TRIES, BUSY_SECONDS = 3, 2.0
PERSON = re.compile(r'name="person" value="([0-9a-f-]{36} [A-Z0-9-]+:[a-z_]+)"')

Answer = TypeVar("Answer", APIResponse, Response | None)


class Site:
    """The address of a running console, and its people."""

    def __init__(self, address: str) -> None:
        self.address = address
        with patient_client(address) as client:
            page = client.get("/en/sign-in").text
        listed = PERSON.findall(page)
        self.people = {value.split()[1]: value for value in reversed(listed)}
        self.colleagues = {value.split()[1]: value for value in listed}
        """The last listed person of each appointment: another one than the first where there are two."""

    @contextmanager
    def client(self, appointment: str | None = None) -> Iterator[httpx.Client]:
        """Yield a client with a session of this person, without JavaScript, style or pictures."""
        with patient_client(self.address) as client:
            if appointment is not None:
                answer = client.post("/en/sign-in/step-into", data={"person": self.people[appointment]})
                assert 303 == answer.status_code, answer.text
            yield client


def while_busy(call: Callable[[], Answer]) -> Answer:
    """Repeat a call of a browser that a busy platform answers with 503."""
    for _ in range(BUSY_TRIES - 1):
        answer = call()
        if answer is None or answer.status != 503:
            return answer
        time.sleep(BUSY_SECONDS)
    return call()


@contextmanager
def demo(state: Path) -> Iterator[Site]:
    """Run `entraide demo` with servers of its own, from the end of the sample world's story on."""
    port = free_port()
    others = ("DATABASE_", "ENTRAIDE_", "NATS_", "SMTP_")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    # A browser sends more requests than the limits for one address allow.
    limits = {f"ENTRAIDE_{kind}_{what}": "60000" for kind in ("READS", "WRITES") for what in ("PER_MINUTE", "BURST")}
    said = state / "said"
    with said.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "services", "demo", "--state", str(state)],
            cwd=ROOT,
            env=ours | limits | {"ENTRAIDE_PORT": str(port), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + STORY_SECONDS
        while "Still running" not in (text := said.read_text(encoding="utf-8")):
            assert process.poll() is None, text
            assert "broke off" not in text, text
            assert time.monotonic() < deadline, text
            time.sleep(0.2)
        yield Site(f"http://127.0.0.1:{port}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)


class Visitor:
    """A browser that visits the console. Errors that it reports are collected in `wrong`."""

    def __init__(self, browser: Browser, site: Site, *, scripts: bool = True, width: int = 1280, language: str = "en"):
        self.site = site
        self.language, self.width = language, width
        self.wrong: list[str] = []
        self.context: BrowserContext = browser.new_context(
            java_script_enabled=scripts, viewport={"width": width, "height": 900}, base_url=site.address
        )
        self.context.set_default_timeout(BROWSER_SECONDS * 1000)
        self.page: BrowserPage = self.context.new_page()
        self.page.on("console", lambda message: self.wrong.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))

    def sign_in(self, appointment: str) -> "Visitor":
        """Sign in on the page, by its button. The visitor is then on the first page of this person."""
        self.page.goto(f"/{self.language}/sign-in")
        self.page.click(f"form:has(input[value='{self.site.people[appointment]}']) button")
        return self

    def step_into(self, appointment: str, *, colleague: bool = False) -> "Visitor":
        """Begin a session without opening a page, which would take a second; `go` opens the first one."""
        person = (self.site.colleagues if colleague else self.site.people)[appointment]
        address = f"/{self.language}/sign-in/step-into"
        answer = while_busy(lambda: self.context.request.post(address, form={"person": person}, max_redirects=0))
        assert 303 == answer.status, answer.text()
        return self

    def go(self, path: str) -> int:
        """Open a page of the console in the visitor's language, and return the status of the answer.

        A page that the platform cannot make on a busy machine (503) is opened again.
        """
        answer = while_busy(lambda: self.page.goto(f"/{self.language}{path}"))
        assert answer is not None
        return answer.status

    def close(self) -> None:
        """Close the visitor's windows, which a browser that crashed has closed already."""
        if self.context.browser is not None and self.context.browser.is_connected():
            self.context.close()
