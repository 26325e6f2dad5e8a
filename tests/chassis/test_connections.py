"""Limits on connections, tested with real sockets against the HTTP server in its own process."""

import asyncio
import contextlib
import json
import resource
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from chassis.db.database import Database
from chassis.embedded import free_port
from chassis.http.connections import ConnectionLimits, OpenConnections, connections_possible
from chassis.settings import Settings, SettingsError
from tests.chassis.http_child import HOST
from tests.platform.steps import served

ROOT = Path(__file__).parents[2]
MEBIBYTE = 1024 * 1024
GET = b"GET /health/live HTTP/1.1\r\nHost: test\r\n"
POST = b"POST /v1/requests HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
LATENCY_SECONDS_MAX = 6.0
"""Maximum on a busy machine; less than an answer takes that waits for the attacker's connections."""
ANSWER_SECONDS = 5.0

Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Child:
    """A running server. Connections to it, by default from 127.0.0.1, are closed at the end of the test."""

    port: int
    pid: int
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connect(self, source: str = HOST) -> Pair:
        pair = await asyncio.open_connection(HOST, self.port, local_addr=(source, 0))
        self.writers.append(pair[1])
        return pair

    def abort(self) -> None:
        for writer in self.writers:
            writer.transport.abort()

    async def latency(self, source: str = HOST) -> float:
        """Seconds until a complete request on its own connection is answered with 200."""
        async with asyncio.timeout(30):
            began = time.monotonic()
            reader, writer = await self.connect(source)
            writer.write(GET + b"Connection: close\r\n\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.transport.abort()
        return time.monotonic() - began

    def memory_bytes(self) -> int:
        """Maximum memory of the process so far."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024


Started = Callable[..., Child]


@contextlib.contextmanager
def child_process(**limits: float) -> Iterator[Child]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.chassis.http_child", json.dumps(limits)], cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        try:
            yield Child(int(process.stdout.readline()), process.pid)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def shared_child() -> Iterator[Child]:
    with child_process() as child:
        yield child


@pytest.fixture
async def child(shared_child: Child) -> AsyncIterator[Child]:
    """A server with the default limits."""
    child = Child(shared_child.port, shared_child.pid)
    yield child
    child.abort()


@pytest.fixture
async def started() -> AsyncIterator[Started]:
    """Starts a server with its own limits."""
    with contextlib.ExitStack() as stack:

        def start(**limits: float) -> Child:
            child = stack.enter_context(child_process(**limits))
            stack.callback(child.abort)
            return child

        yield start


async def answer(reader: asyncio.StreamReader, *, seconds: float = ANSWER_SECONDS) -> bytes:
    """All received bytes until the connection ends. Raises TimeoutError if it does not end."""
    received = b""
    async with asyncio.timeout(seconds):
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(65536):
                received += piece
    return received


def problem(received: bytes) -> tuple[int, str]:
    """Status and slug of a refusal; check that it is a problem document that closes the connection."""
    head, _, body = received.partition(b"\r\n\r\n")
    said = json.loads(body)
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    assert b"x-content-type-options: nosniff" in head
    assert f"x-correlation-id: {said['correlation_id']}".encode() in head
    assert said["title"]
    return int(head.split()[1]), said["slug"]


# -- size ----------------------------------------------------------------------------------------------------------


async def send_until_closed(child: Child, first: bytes, again: bytes, size: int) -> bytes:
    """Send until the server closes the connection; return its answer."""

    def send() -> bytes:
        received = b""
        with socket.create_connection((HOST, child.port), timeout=60) as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(first)
                for _ in range(size // len(again)):
                    connection.sendall(again)
            with contextlib.suppress(ConnectionError):
                while piece := connection.recv(65536):
                    received += piece
        return received

    return await asyncio.to_thread(send)


async def test_endless_header_is_rejected_with_bounded_time_and_memory(child: Child) -> None:
    await child.latency()
    before = child.memory_bytes()
    sending = asyncio.create_task(send_until_closed(child, GET + b"X-A: ", b"a" * 65536, 64 * MEBIBYTE))
    latencies = []
    while not sending.done() or len(latencies) < 5:
        latencies.append(await child.latency())
        await asyncio.sleep(0.02)

    assert (431, "head-too-large") == problem(await sending)
    assert max(latencies) < LATENCY_SECONDS_MAX
    assert child.memory_bytes() - before < 8 * MEBIBYTE


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (b"GET /", b"a" * 1000),
        (b"GET /?", b"a=b&" * 250),
        (GET, b"X-A: b\r\n" * 100),
        (GET, b"a" * 1000),
        (GET + b"X-A: b", b"\r\n c" * 100),
        (b"", b"\r\n" * 500),
        (CHUNKED + b"0\r\n", b"X-A: b\r\n" * 100),
        (CHUNKED + b"0\r\nX-A: ", b"a" * 1000),
        (CHUNKED + b"1;", b"a=b;" * 250),
        (CHUNKED, b"1;extension=b\r\na\r\n" * 50),
    ],
    ids=["path", "query", "fields", "name", "folded", "empty-lines", "trailers", "trailer", "extension", "extensions"],
)
async def test_request_line_headers_and_chunk_extensions_are_limited(child: Child, first: bytes, again: bytes) -> None:
    received = await send_until_closed(child, first, again, MEBIBYTE)

    if b"\r\n c" in again:  # the parser refuses a folded line
        assert (400, "invalid-request") == problem(received)
    else:
        assert (431, "head-too-large") == problem(received)
    assert await child.latency() < LATENCY_SECONDS_MAX


async def test_chunked_body_does_not_count_as_head(child: Child) -> None:
    reader, writer = await child.connect()
    writer.write(CHUNKED + b"".join(b"1000\r\n" + b" " * 4096 + b"\r\n" for _ in range(60)) + b"0\r\n\r\n")
    writer.write(GET + b"Connection: close\r\n\r\n")

    received = await answer(reader)
    assert b"malformed-json" not in received
    assert received.startswith(b"HTTP/1.1 4")
    assert received.endswith(b"live\n")


async def test_oversized_head_is_rejected_in_the_requested_language(child: Child) -> None:
    reader, writer = await child.connect()
    writer.write(GET + b"Accept-Language: fr\r\nX-A: " + b"a" * 20_000)

    received = await answer(reader)
    assert (431, "head-too-large") == problem(received)
    assert "tête" in json.loads(received.partition(b"\r\n\r\n")[2])["title"]


async def test_unparsable_request_is_answered_with_a_problem_document(child: Child) -> None:
    reader, writer = await child.connect()
    writer.write(b"nonsense\r\n\r\n")

    assert (400, "invalid-request") == problem(await answer(reader))


# -- time ----------------------------------------------------------------------------------------------------------


async def test_slow_head_is_rejected_after_the_time_limit(started: Started) -> None:
    child, began = started(head_seconds_max=1.0), time.monotonic()
    reader, writer = await child.connect()
    silent, _ = await child.connect()

    async def trickle() -> None:
        with contextlib.suppress(ConnectionError):
            for piece in (GET + b"X-A: " + b"a" * 1000).split(b"e"):
                writer.write(piece + b"e")
                await writer.drain()
                await asyncio.sleep(0.2)
            while True:
                writer.write(b"a")
                await writer.drain()
                await asyncio.sleep(0.2)

    trickling = asyncio.create_task(trickle())
    assert (408, "head-too-slow") == problem(await answer(reader))
    assert b"" == await answer(silent)
    assert 0.9 < time.monotonic() - began < 9
    trickling.cancel()


async def test_head_of_a_later_request_has_the_same_time_limit(started: Started) -> None:
    reader, writer = await started(head_seconds_max=1.0).connect()
    writer.write(GET + b"\r\n" + GET)

    received = await answer(reader)
    assert received.startswith(b"HTTP/1.1 200")
    assert (408, "head-too-slow") == problem(received.partition(b"live\n")[2])


async def test_slow_body_is_rejected_after_the_time_limit(started: Started) -> None:
    child = started(body_seconds_max=1.0)
    reader, writer = await child.connect()
    writer.write(POST + b"Content-Length: 1000\r\n\r\n{")

    received = await answer(reader)
    assert received.startswith(b"HTTP/1.1 408")
    assert b"body-too-slow" in received


async def test_rest_of_a_body_is_discarded_for_a_limited_time_after_the_response(started: Started) -> None:
    reader, writer = await started(discard_seconds_max=0.5).connect()
    writer.write(POST.replace(b"/v1/requests", b"/v1/%00") + b"Content-Length: 1000000\r\n\r\n{")

    async def trickle() -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.1)

    trickling = asyncio.create_task(trickle())
    received = await answer(reader, seconds=30)
    trickling.cancel()
    assert received.startswith(b"HTTP/1.1 400")
    assert b"nul-character" in received


# -- valid requests -----------------------------------------------------------------------------------------------


async def test_connection_is_kept_alive_and_response_time_is_not_limited(started: Started) -> None:
    child = started(head_seconds_max=0.5, discard_seconds_max=0.5, idle_seconds_max=3)
    reader, writer = await child.connect()
    for _ in range(3):
        writer.write(GET + b"\r\n")
        assert (await reader.readuntil(b"live\n")).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(1)
    writer.write(GET.replace(b"/health/live", b"/stream?seconds=2") + b"\r\n")

    received = await reader.readuntil(b"\r\n0\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 200")
    assert b"19\n" in received
    began = time.monotonic()
    writer.write(GET + b"\r\n")
    assert (await reader.readuntil(b"live\n")).startswith(b"HTTP/1.1 200")
    assert b"" == await answer(reader, seconds=12)
    assert time.monotonic() - began > 2


async def test_data_received_during_a_response_is_limited(child: Child) -> None:
    reader, writer = await child.connect()
    writer.write(GET.replace(b"/health/live", b"/stream?seconds=60") + b"\r\n")
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"GET /" + b"a" * 40_000)

    assert b"head-too-large" not in await answer(reader), "nothing is sent during another answer"


async def test_number_of_pipelined_requests_is_limited(child: Child) -> None:
    reader, writer = await child.connect()
    late = GET.replace(b"/health/live", b"/late") + b"\r\n"
    writer.write(late + (GET + b"\r\n") * 15 + GET + b"Connection: close\r\n\r\n")
    assert 16 == (await answer(reader)).count(b"live\n")

    reader, writer = await child.connect()
    writer.write(late + (GET + b"\r\n") * 2000)
    assert b"" == await answer(reader)


# -- number --------------------------------------------------------------------------------------------------------


async def test_1100_incomplete_heads_of_one_address_are_closed_and_do_not_block_others(started: Started) -> None:
    child = started(head_seconds_max=12.0)
    began = time.monotonic()
    pairs = [await child.connect() for _ in range(1100)]
    # Read from the beginning, because a stream whose connection was reset loses what had arrived.
    answers = [asyncio.create_task(answer(reader, seconds=90)) for reader, _ in pairs]
    for _, writer in pairs:
        writer.write(GET + b"X-A: a")
    while time.monotonic() - began < 3:
        assert await child.latency("127.0.0.2") < LATENCY_SECONDS_MAX
        await asyncio.sleep(0.1)

    slugs = [problem(one) for one in await asyncio.gather(*answers)]
    assert 500 == slugs.count((408, "head-too-slow"))
    assert 600 == slugs.count((503, "too-many-connections"))
    assert time.monotonic() - began < 60
    assert await child.latency() < LATENCY_SECONDS_MAX


async def test_total_number_of_open_connections_is_limited(
    started: Started,
) -> None:
    child = started(each_max=4, all_max=6)
    for _ in range(20):
        await child.latency()
    held = [await child.connect(source) for source in ["127.0.0.1"] * 4 + ["127.0.0.2"] * 2]
    await asyncio.sleep(0.5)
    reader, _ = await child.connect("127.0.0.3")

    received = await answer(reader)
    assert (503, "too-many-connections") == problem(received)
    assert b"retry-after: 2" in received
    held[0][1].close()
    await asyncio.sleep(0.5)
    assert await child.latency("127.0.0.3") < LATENCY_SECONDS_MAX


async def test_server_uses_the_connection_limits_of_its_settings(
    settings: Settings, databases: Mapping[str, Database]
) -> None:
    own = replace(settings, port=free_port(), connections_each=2)
    async with served(own, "requests"):
        child = Child(own.port, 0)
        for _ in range(2):
            await child.connect()
        reader, _ = await child.connect()
        received = await answer(reader)
        child.abort()

    assert (503, "too-many-connections") == problem(received)


def test_trusted_proxy_has_only_the_total_limit_and_an_ipv6_network_counts_as_one_address() -> None:
    proxies = OpenConnections(ConnectionLimits(each_max=2, all_max=5), [ip_network("10.0.0.0/24")])
    assert [proxies.add(("10.0.0.2", port)) for port in range(6)] == ["10.0.0.2"] * 5 + [None]

    networks = OpenConnections(ConnectionLimits(each_max=2))
    addresses = [networks.add((f"2001:db8::{number}", 1)) for number in range(3)]
    assert addresses == ["2001:db8::/64", "2001:db8::/64", None]
    networks.remove("2001:db8::/64")
    assert networks.add(("2001:db8::9", 1))


def test_limit_of_open_files_is_raised_up_to_the_hard_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _which, limits: asked.append(limits))

    def possible(soft: int, hard: int) -> int:
        monkeypatch.setattr(resource, "getrlimit", lambda _which: (soft, hard))
        return connections_possible(4000)

    assert (4000, [(4512, 20_000)]) == (possible(1024, 20_000), asked)
    assert (4000, 1) == (possible(1024 * 1024, 1024 * 1024), len(asked))
    assert 4000 == possible(resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    assert (3584, (4096, 4096)) == (possible(1024, 4096), asked[-1])
    assert 128 == possible(256, 256)


def test_connection_limits_are_read_from_settings() -> None:
    def read(**env: str) -> Settings:
        return Settings.from_env(env, (), state=Path())

    assert (500, 4000) == (read().connections_each, read().connections_all)
    some = read(ENTRAIDE_CONNECTIONS_EACH="7", ENTRAIDE_CONNECTIONS_ALL="9")
    assert (7, 9) == (some.connections_each, some.connections_all)
    with pytest.raises(SettingsError):
        read(ENTRAIDE_CONNECTIONS_EACH="0")
