"""One run of `entraide demo` for all tests that read the sample world: its story takes longer than most files."""

import asyncio
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from chassis.embedded import Nats, free_port
from tests.conftest import Servers
from tests.databases import new_database
from tests.schedule import uses_the_demo
from tests.soak import IS_SOAK
from tests.system.platform import Platform, broker, running

STORY_SECONDS = 900
STILL_RUNNING = "Still running"
STOP = pytest.StashKey[ExitStack]()
"""What stops the demo, if one is running."""


@dataclass
class Demo:
    """`entraide demo`, still running after its story: its addresses, its output and its servers."""

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
def demo(request: pytest.FixtureRequest, servers: Servers, template: str) -> Iterator[Demo]:
    """The sample world, of which there is one.

    `tests/schedule.py` runs the tests that use it in one process, those that count its records first.
    """
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        nats = stack.enter_context(broker(servers.folder / f"nats-{free_port()}"))
        database = new_database(servers.postgres.dsn(), template)
        database_url = runner.run(database.__aenter__())
        stack.callback(lambda: runner.run(database.__aexit__(None, None, None)))
        state = empty_state(servers)
        platform = stack.enter_context(
            running("demo", database_url=database_url, nats=nats, smtp_url=None, state=state, PYTHONUNBUFFERED="1")
        )
        found = Demo(platform, state, database_url, nats)
        _wait_for_the_story(found)
        stack.callback(_stop_cleanly, platform)
        request.config.stash[STOP] = stack
        yield found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """In a soak, stop the demo after the last test that uses it: an idle one takes a twentieth of a processor."""
    yield
    if IS_SOAK and nextitem is not None and not uses_the_demo(nextitem):
        item.config.stash.get(STOP, ExitStack()).close()


def _stop_cleanly(platform: Platform) -> None:
    assert set(platform.stop().values()) == {0}


def _wait_for_the_story(demo: Demo) -> None:
    deadline = time.monotonic() + STORY_SECONDS
    while STILL_RUNNING not in (said := demo.said) or "broke off" in said:
        ended = demo.platform.processes["demo"].poll() is not None
        if ended or "broke off" in said or time.monotonic() > deadline:
            pytest.fail(said)
        time.sleep(0.1)


def empty_state(servers: Servers) -> Path:
    """Create an empty state folder with the issuer of `builders.token`."""
    folder = servers.folder / f"state-{free_port()}"
    folder.mkdir()
    (folder / "issuer.jwk").hardlink_to(servers.folder / "issuer.jwk")
    return folder
