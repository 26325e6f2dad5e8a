"""One run of `entraide demo` for all tests that read the sample world: its story takes longer than most files."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chassis.embedded import Nats, free_port
from tests.conftest import Servers
from tests.databases import new_database
from tests.system.platform import Platform, broker, running

STORY_SECONDS = 300
STILL_RUNNING = "Still running"


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
def demo(servers: Servers, template: str) -> Iterator[Demo]:
    """The sample world, of which there is one.

    `tests/schedule.py` runs the tests that use it in one process, those that count its records first.
    """
    with (
        asyncio.Runner() as runner,
        broker(servers.folder / f"nats-{free_port()}") as nats,
    ):
        database = new_database(servers.postgres.dsn(), template)
        database_url = runner.run(database.__aenter__())
        try:
            state = empty_state(servers)
            with running(
                "demo", database_url=database_url, nats=nats, smtp_url=None, state=state, PYTHONUNBUFFERED="1"
            ) as platform:
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


def empty_state(servers: Servers) -> Path:
    """Create an empty state folder with the issuer of `builders.token`."""
    folder = servers.folder / f"state-{free_port()}"
    folder.mkdir()
    (folder / "issuer.jwk").hardlink_to(servers.folder / "issuer.jwk")
    return folder
