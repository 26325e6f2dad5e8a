"""Fixtures of tests of the whole system. What they measured is printed at the end of the run, captured or not."""

import asyncio
import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chassis.embedded import Nats, free_port
from tests.conftest import Servers, own_database
from tests.system.platform import Platform, broker, running

MEASURED = "measured"
STORY_SECONDS = 300
STILL_RUNNING = "Still running"


@dataclass
class Demo:
    """`entraide demo` after its story, which is then up: where it is, what it said, and its servers."""

    platform: Platform
    state: Path
    database_url: str
    broker: Nats

    @property
    def printed(self) -> str:
        return (self.state / "demo.printed").read_text(encoding="utf-8")

    @property
    def said(self) -> str:
        return (self.state / "demo.log").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def demo(servers: Servers, template: str) -> Iterator[Demo]:
    """The sample world, of which there is one: its story takes longer than most files.

    `tests/conftest.py` runs in one process what uses it, first those who count what is there.
    """
    with (
        asyncio.Runner() as runner,
        broker(servers.folder / f"nats-{free_port()}") as nats,
    ):
        database = own_database(servers, template)
        database_url = runner.run(database.__aenter__())
        try:
            state = _state(servers)
            given = {"ENTRAIDE_EVENT_STREAM_SECONDS": "1", "PYTHONUNBUFFERED": "1"}
            with running("demo", database_url=database_url, nats=nats, smtp_url=None, state=state, **given) as platform:
                found = Demo(platform, state, database_url, nats)
                _wait_for_the_story(found)
                yield found
                assert set(platform.stop().values()) == {0}
        finally:
            runner.run(database.__aexit__(None, None, None))


def _wait_for_the_story(demo: Demo) -> None:
    deadline = time.monotonic() + STORY_SECONDS
    while STILL_RUNNING not in (said := demo.said) or "broke off" in said:
        ended = demo.platform.processes["demo"].poll() is not None
        if ended or "broke off" in said or time.monotonic() > deadline:
            pytest.fail(said)
        time.sleep(0.1)


def _state(servers: Servers) -> Path:
    """An empty state folder with the issuer of `builders.token`."""
    folder = servers.folder / f"state-{free_port()}"
    folder.mkdir()
    (folder / "issuer.jwk").hardlink_to(servers.folder / "issuer.jwk")
    return folder


@pytest.fixture
def own_broker(servers: Servers) -> Iterator[Nats]:
    with broker(servers.folder / f"nats-{free_port()}") as nats:
        yield nats


@pytest.fixture
def state(servers: Servers) -> Path:
    return _state(servers)


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Say a line at the end of the run."""
    # A property goes with the test's report, from whichever process it ran in.
    return lambda line: request.node.user_properties.append((MEASURED, line))


@pytest.fixture
def collect_garbage() -> Iterator[None]:
    """What a test leaves to the garbage collector is collected within it."""
    yield
    gc.collect()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")):
        for name, line in report.user_properties:
            if name == MEASURED and report.when == "call":
                terminalreporter.write_line(line)
