"""Requests while the broker or the database is down: every answer is correct and in time."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from chassis.auth.tokens import Issuer
from chassis.db.database import Database
from chassis.runtime import topology
from services.composition import all_services
from tests.builders import FACTS_PER_SUBMISSION, a_request, headers
from tests.conftest import Servers
from tests.system.consistency import wait_until_idle
from tests.system.crash_child import SupervisedPlatform, supervised_platform
from tests.system.environment import Environment, environment

POSTS = 100
P99_SECONDS_MAX = 0.5
SLOWER_AT_MOST = 3
"""Maximum ratio to the time of the same submissions with a broker, since on a busy machine both are slow."""

READY_AGAIN_SECONDS_MAX = 15
FROZEN_SECONDS = 8
ANSWER_SECONDS_MAX = 6
STOP_SECONDS_MAX = 20
CLIENTS = 4

_PUBLISHED = "SELECT count(*) FROM requests.journal WHERE event_id NOT IN (SELECT event_id FROM requests.pending)"
"""What the relay did not publish before a stop is pending, and is published at the next start."""


@pytest.fixture
async def at(servers: Servers, template: str, issuer: Issuer) -> AsyncIterator[Environment]:
    async with environment(servers, template, "intake") as made:
        yield made


@pytest.fixture
async def platform(at: Environment) -> AsyncIterator[SupervisedPlatform]:
    child_settings = at.child_settings(await at.empty(), smtp_url="smtp://127.0.0.1:9", catch_up_seconds=2)
    async with supervised_platform(at.forker, child_settings) as made:
        await made.during(made.ready(at.client))
        yield made


async def post(at: Environment, platform: SupervisedPlatform, key: str | None = None) -> httpx.Response:
    return await at.client.post(f"{platform.address}/v1/requests", json=a_request(), headers=headers(key=key))


async def timed(asked: Awaitable[httpx.Response]) -> tuple[httpx.Response, float]:
    began = time.monotonic()
    return await asked, time.monotonic() - began


async def health(at: Environment, platform: SupervisedPlatform, name: str) -> int:
    return (await at.client.get(f"{platform.address}/health/{name}")).status_code


@pytest.mark.soak
async def test_requests_without_a_broker_are_accepted_and_published_later(
    at: Environment, platform: SupervisedPlatform, report: Callable[[str], None]
) -> None:
    usual = await _p99(at, platform)
    os.kill(at.nats.pid, signal.SIGKILL)
    slow = await _p99(at, platform)
    report(f"broker down: p99 of {POSTS} submissions {slow * 1000:.0f} ms, {usual * 1000:.0f} ms with a broker")
    assert slow < max(P99_SECONDS_MAX, SLOWER_AT_MOST * usual)
    assert (await health(at, platform, "live"), await health(at, platform, "ready")) == (200, 503)

    at.nats.start()
    back = time.monotonic()
    await platform.ready(at.client)
    report(f"broker down: ready {time.monotonic() - back:.1f} s after it was back")
    assert time.monotonic() - back < READY_AGAIN_SECONDS_MAX
    assert await wait_until_idle(at.connection) == {}
    async with at.broker() as client:
        assert (await client.jetstream().stream_info("REQUESTS")).state.messages == FACTS_PER_SUBMISSION * 2 * POSTS


async def _p99(at: Environment, platform: SupervisedPlatform) -> float:
    """Return the seconds that 99 of 100 submissions take at most."""
    answers = [await timed(post(at, platform)) for _ in range(POSTS)]
    assert {answer.status_code for answer, _ in answers} == {201}
    return sorted(seconds for _, seconds in answers)[int(POSTS * 0.99) - 1]


@pytest.mark.soak
async def test_frozen_database_is_answered_with_503_in_time(
    at: Environment, platform: SupervisedPlatform, servers: Servers, report: Callable[[str], None]
) -> None:
    keys = [str(uuid4()) for _ in range(20)]
    assert (await post(at, platform)).status_code == 201
    db = await Database.connect(at.database_url, "requests", owner=True)
    begun, frozen_now = asyncio.Event(), asyncio.Event()
    under_way = asyncio.create_task(_ask_twice(db, begun, frozen_now))
    await begun.wait()
    with frozen(servers.postgres.pid):
        frozen_now.set()
        asked = [asyncio.create_task(timed(post(at, platform, key))) for key in keys]
        asked.append(asyncio.create_task(timed(at.client.get(f"{platform.address}/health/ready"))))
        await asyncio.wait(asked, timeout=FROZEN_SECONDS)
        assert await under_way < ANSWER_SECONDS_MAX, "a running transaction is given up as soon"
    await db.close()
    answers = await asyncio.gather(*asked)
    slowest = max(seconds for _, seconds in answers[:-1])
    report(
        f"database frozen: {len(keys)} submissions, the slowest answered after {slowest:.1f} s;"
        f" readiness after {answers[-1][1]:.1f} s"
    )
    assert {answer.status_code for answer, _ in answers} == {503}
    assert all(1 <= int(answer.headers["Retry-After"]) <= 5 for answer, _ in answers[:-1])
    assert max(seconds for _, seconds in answers) < ANSWER_SECONDS_MAX

    filed = {await _until_taken(at, platform, key) for key in keys}
    assert len(filed) == len(keys)
    assert await at.connection.fetchval("SELECT count(*) FROM requests.request") == len(keys) + 1
    await platform.ready(at.client)


async def test_stop_under_load_completes_requests_and_loses_nothing(
    at: Environment, platform: SupervisedPlatform, report: Callable[[str], None]
) -> None:
    taken: set[str] = set()
    loads = [asyncio.create_task(_load(at, platform, taken)) for _ in range(CLIENTS)]
    while len(taken) <= CLIENTS or not await at.connection.fetchval(_PUBLISHED):
        await asyncio.sleep(0.1)
    began = time.monotonic()
    platform.stop(signal.SIGTERM)
    while platform.exit_code is None:
        await asyncio.sleep(0.05)
        assert time.monotonic() - began < STOP_SECONDS_MAX
    await asyncio.gather(*loads)
    report(f"SIGTERM under load: {len(taken)} requests taken in, ended in {time.monotonic() - began:.1f} s")

    assert platform.exit_code == 0
    rows = await at.connection.fetch("SELECT request_id::text FROM requests.request")
    assert taken <= {row["request_id"] for row in rows}
    reported = await at.connection.fetchval("SELECT count(*) FROM requests.journal WHERE type LIKE '%submitted%'")
    assert reported == len(rows)
    others = "datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    async with asyncio.timeout(10):
        while await at.connection.fetchval(f"SELECT count(*) FROM pg_stat_activity WHERE {others}"):
            await asyncio.sleep(0.1)
    published = await at.connection.fetchval(_PUBLISHED)
    # A handler that was interrupted would have left its delivery unacknowledged: the broker holds none.
    async with at.broker() as client:
        stream = await client.jetstream().stream_info("REQUESTS", subjects_filter=">")
        assert stream.state.messages >= published > 0
        counts = stream.state.subjects or {}
        for consumer in (one for one in topology(all_services())[1] if one.owner == "requests"):
            held = await client.jetstream().consumer_info(consumer.stream, consumer.durable)
            stored = sum(count for subject, count in counts.items() if subject.split(".")[2] in consumer.aggregates)
            heard = await at.connection.fetchval(
                f"SELECT count(*) FROM {consumer.durable}.inbox WHERE owner = 'requests' AND status = 'applied'"
            )
            assert stored - (held.num_pending or 0) - (held.num_ack_pending or 0) <= heard
    log = Path(platform.child_settings.log).read_text()
    assert "Traceback" not in log
    assert '"level": "error"' not in log


async def _load(at: Environment, platform: SupervisedPlatform, taken: set[str]) -> None:
    """File requests until the server stops answering."""
    while True:
        try:
            answer = await post(at, platform)
        except httpx.TransportError:
            return
        assert answer.status_code in {201, 503}
        if answer.status_code == 201:
            taken.add(answer.json()["request_id"])


async def _until_taken(at: Environment, platform: SupervisedPlatform, key: str) -> str:
    for _ in range(100):
        answer = await post(at, platform, key)
        if answer.status_code == 201:
            return str(answer.json()["request_id"])
        assert answer.status_code in {409, 503}, answer.text
        await asyncio.sleep(0.1)
    raise AssertionError(f"still refused: {answer.text}")


async def _ask_twice(db: Database, begun: asyncio.Event, go_on: asyncio.Event) -> float:
    """Return the seconds that the second statement of a transaction takes to fail."""
    try:
        async with db.transaction() as tx:
            await tx.fetchval("SELECT 1")
            begun.set()
            await go_on.wait()
            began = time.monotonic()
            await tx.fetchval("SELECT 2")
    except TimeoutError:
        return time.monotonic() - began
    raise AssertionError("a frozen database has answered")


@contextlib.contextmanager
def frozen(postmaster: int) -> Iterator[None]:
    """Suspend PostgreSQL for a block: it stays connected and does not answer."""
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    processes = [postmaster, *map(int, children)]
    _send_all(processes, signal.SIGSTOP)
    try:
        yield
    finally:
        _send_all(processes, signal.SIGCONT)


def _send_all(processes: list[int], sign: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, sign)
