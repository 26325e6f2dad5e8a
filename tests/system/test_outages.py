"""The broker stopped, wiped or restarted: requests are accepted with PostgreSQL alone, and none is lost."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path

import asyncpg
import httpx
import pytest

from chassis.db.database import Database
from chassis.embedded import Nats, free_port
from chassis.journal.streams import stream_states
from tests import builders
from tests.builders import FACTS_PER_SUBMISSION, a_request, headers
from tests.conftest import Servers
from tests.matching.builders import an_offering_body
from tests.personas import appoint_in_directory
from tests.system.platform import ROOT, Platform, broker

SECONDS = 90
FILED_SECONDS_MAX = 4
"""Less than a publish without a broker takes until its timeout."""
PROVIDER = "UNODC-SHERLOC:provider_officer"


@pytest.fixture
def own_broker(servers: Servers) -> Iterator[Nats]:
    """A configured broker that is not running."""
    nats = broker(servers.folder / f"nats-{free_port()}")
    with nats:
        pass
    yield nats
    nats.stop()


@pytest.fixture
def platform(database_url: str, own_broker: Nats, state: Path) -> Iterator[Platform]:
    """A platform with a process for each service, not started yet."""
    addresses = {name: f"http://127.0.0.1:{free_port()}" for name in ("requests", "matching", "directory")}
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "NATS_URL": own_broker.url("streams"),
        **{f"NATS_URL_{name.upper()}": own_broker.url(name) for name in addresses},
        **{f"ENTRAIDE_{name.upper()}_URL": address for name, address in addresses.items()},
        "ENTRAIDE_STATE": str(state),
        "ENTRAIDE_CATCH_UP_SECONDS": "2",
        **builders.UNHURRIED_ENVIRONMENT,
    }
    made = Platform(environment, addresses)
    yield made
    made.stop()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=10) as made:
        yield made


@pytest.fixture
async def directory(
    platform: Platform, client: httpx.AsyncClient, databases: Mapping[str, Database]
) -> AsyncIterator[None]:
    """The directory, which runs during the whole test and knows who acts in it."""
    await appoint_in_directory(databases["directory"], ["KEN:focal_point", "UNODC:coordinator", PROVIDER])
    own = Platform(platform.environment, platform.addresses)
    await start(own, client, "directory")
    yield
    own.stop()


async def start(platform: Platform, client: httpx.AsyncClient, name: str) -> Path:
    """Run one service until it answers; return the file of its standard error."""
    said = Path(platform.environment["ENTRAIDE_STATE"]) / f"{name}.log"
    with said.open("wb") as log:
        platform.processes[name] = subprocess.Popen(  # noqa: ASYNC220  # it is not waited for
            [sys.executable, "-m", "services", "run", name],
            env={**platform.environment, "ENTRAIDE_PORT": platform.addresses[name].rpartition(":")[2]},
            cwd=ROOT, stdout=log, stderr=log,
        )  # fmt: skip

    async def has_appointments() -> bool:
        with contextlib.suppress(httpx.HTTPError):
            ready = (await client.get(f"{platform.addresses[name]}/health/ready")).json()
            return bool(ready["parts"][f"{name}: directory"])
        return False

    await until(has_appointments)
    return said


async def answers(client: httpx.AsyncClient, address: str, status: int) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return (await client.get(address)).status_code == status
    return False


async def until(met: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + SECONDS
    while not await met():
        assert time.monotonic() < deadline, "not met in time"
        await asyncio.sleep(0.1)


async def file(platform: Platform, client: httpx.AsyncClient) -> str:
    answer = await client.post(f"{platform.addresses['requests']}/v1/requests", json=a_request(), headers=headers())
    assert answer.status_code == 201
    return str(answer.json()["request_id"])


@pytest.mark.usefixtures("directory")
async def test_service_accepts_requests_without_a_broker_and_publishes_them_later(
    platform: Platform, client: httpx.AsyncClient, own_broker: Nats
) -> None:
    said = await start(platform, client, "requests")
    assert "requests are accepted, but the service is not ready" in said.read_text()

    started = time.monotonic()
    await file(platform, client)
    assert time.monotonic() - started < FILED_SECONDS_MAX
    ready = await client.get(f"{platform.addresses['requests']}/health/ready")
    assert ready.status_code == 503
    parts = {"database": True, "clock": True, "directory": True, "broker": False}
    assert ready.json()["parts"] == {f"requests: {part}": is_ready for part, is_ready in parts.items()}

    own_broker.start()
    assert platform.entraide("streams", "ensure").returncode == 0
    await until(lambda: answers(client, f"{platform.addresses['requests']}/health/ready", 200))
    os.kill(own_broker.pid, signal.SIGKILL)
    await file(platform, client)
    own_broker.start()
    await until(lambda: stored(own_broker, 2 * FACTS_PER_SUBMISSION))
    assert platform.stop() == {"requests": 0}


async def stored(nats: Nats, messages: int) -> bool:
    state = (await stream_states(nats.url("streams"), ["requests"]))["requests"]
    return state is not None and state["messages"] == messages


@pytest.mark.soak
@pytest.mark.usefixtures("directory")
async def test_events_lost_by_a_wiped_broker_are_read_from_the_journal(
    platform: Platform, client: httpx.AsyncClient, own_broker: Nats, database_url: str
) -> None:
    own_broker.start()
    assert platform.entraide("streams", "ensure").returncode == 0
    await start(platform, client, "matching")
    offerings = f"{platform.addresses['matching']}/v1/offerings"
    made = await client.post(offerings, json=an_offering_body(), headers=headers(PROVIDER))
    assert made.status_code == 201, made.text
    approve = headers("UNODC:coordinator", revision=1)
    assert (await client.post(f"{offerings}/{made.json()['offering_id']}/approve", json={}, headers=approve)).is_success
    assert platform.stop() == {"matching": 0}
    await start(platform, client, "requests")
    filed = {await file(platform, client) for _ in range(5)}
    await until(lambda: stored(own_broker, 5 * FACTS_PER_SUBMISSION))

    own_broker.stop()
    shutil.rmtree(own_broker.store)
    own_broker.start()
    # The job of a deployment does this each minute, and `entraide up` every ten seconds.
    assert platform.entraide("streams", "ensure").returncode == 0
    await start(platform, client, "matching")

    async def suggested() -> bool:
        connection = await asyncpg.connect(database_url)
        try:
            rows = await connection.fetch("SELECT DISTINCT request_id::text FROM matching.line_ranking")
        finally:
            await connection.close()
        return {row["request_id"] for row in rows} == filed

    await until(suggested)
    assert await stored(own_broker, 0)
    assert "caught up from the journal" in (Path(platform.environment["ENTRAIDE_STATE"]) / "matching.log").read_text()


async def test_service_without_a_database_exits_with_one_line(platform: Platform) -> None:
    nowhere = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    without = Platform({**platform.environment, "DATABASE_URL": nowhere}, {})

    done = await asyncio.to_thread(without.entraide, "run", "requests")

    assert done.returncode == 2
    assert done.stderr.startswith("entraide: PostgreSQL cannot be reached")
    assert len(done.stderr.splitlines()) == 1
