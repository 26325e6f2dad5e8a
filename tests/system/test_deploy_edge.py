"""The edge as configured in deploy/: run by HAProxy in front of fake services."""

import asyncio
import contextlib
import json
import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from litestar.handlers import HTTPRouteHandler

from chassis.embedded import free_port
from chassis.http.answer import CLOSED
from chassis.keys.issuer import JWKS
from chassis.settings import Settings
from services import contact, reference
from services.composition import NAMES, all_services
from services.documents import api as documents
from tests.soak import cases
from tests.system.deployment import DEPLOY, certificate, debian_program, folder, replaced, running

HAPROXY = ("haproxy", "usr/sbin/haproxy")
PAUSE_SECONDS = 2.5
"""Longer than this edge's time limits for any other answer and for a silent client."""


class StandIn(ThreadingHTTPServer):
    """A server that answers like a service, with its name, and keeps the paths that were requested."""

    daemon_threads = True
    beats = 0
    """Number of parts of an answer, with a pause after each; without parts the answer is the name."""

    def __init__(self, name: str) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.name = name
        self.asked: list[str] = []
        self.forwarded: list[str | None] = []
        self.health: set[str] = set()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,))
        self._thread.start()

    def handle_error(self, *_: object) -> None:
        """Ignore errors: a health check closes the connection as soon as it has its answer."""

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandIn

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        if self.path.startswith("/health"):
            self.server.health.add(self.path)
        else:
            self.server.asked.append(self.path)
            self.server.forwarded += self.headers.get_all("X-Forwarded-For") or [None]
        if self.server.beats:
            self._stream()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.name)))
        # The next request makes a connection of its own, since one that is kept would outlive stop().
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(self.server.name.encode())

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(self.server.beats):
            self.wfile.write(b"3\r\n:\n\n\r\n")
            time.sleep(PAUSE_SECONDS)
        self.wfile.write(b"0\r\n\r\n")

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@dataclass(frozen=True)
class Edge:
    port: int
    certificate: Path
    services: Mapping[str, StandIn]

    async def say(self, *parts: bytes, pause: float = 0.0) -> tuple[int, dict[str, str], str]:
        """Send bytes with pauses between, until there is an answer; return its status, headers and body."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=context)
        try:
            answer = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
            for part in parts:
                if answer.done():
                    # Once the edge has answered, nothing more is written: the pipe may be broken.
                    break
                writer.write(part)
                await asyncio.wait({answer}, timeout=pause)
            status, *lines = (await asyncio.wait_for(answer, 15)).decode().strip().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines)
            length = int(headers.get("content-length", -1))
            body = (await reader.read() if length < 0 else await reader.readexactly(length)).decode()
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()
        return int(status.split(" ")[1]), headers, body

    async def get(self, path: str) -> tuple[int, dict[str, str], str]:
        return await self.say(f"GET {path} HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n\r\n".encode())

    @property
    def asked(self) -> list[str]:
        return [path for service in self.services.values() for path in service.asked]


@pytest.fixture(scope="module")
def haproxy() -> tuple[str, dict[str, str]]:
    return debian_program(*HAPROXY)


@pytest.fixture
async def edge(haproxy: tuple[str, dict[str, str]]) -> AsyncIterator[Edge]:
    """The edge with shorter time limits, and the services on loopback."""
    services = {name: StandIn(name) for name in NAMES}
    async with contextlib.AsyncExitStack() as stack:
        for service in services.values():
            stack.callback(service.stop)
        place = stack.enter_context(folder())
        crt, key = certificate(place)
        (place / "edge.pem").write_bytes(crt.read_bytes() + key.read_bytes())
        made = Edge(free_port(), crt, services)
        changes = {
            f"{prefix}- 4 {s.name}:8400": f"{prefix}- 1 127.0.0.1:{s.server_port}"
            for s in services.values()
            for prefix in (s.name, "streams")
        }
        changes |= {"bind :8443": f"bind 127.0.0.1:{made.port}", "/run/secrets/edge.pem": str(place / "edge.pem")}
        changes |= {
            "resolvers names init-addr none": "",
            "http-request 10s": "http-request 1s",
            "timeout client 10s": "timeout client 1s",
            "timeout server 20s": "timeout server 1s",
            "inter 2s fall 3": "inter 500ms fall 60",
        }
        (place / "haproxy.cfg").write_text(replaced((DEPLOY / "haproxy.cfg").read_text(), changes))
        program, env = haproxy

        def listens() -> bool:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", made.port), 1):
                return True
            return False

        command = [program, "-W", "-f", str(place / "haproxy.cfg")]
        stack.enter_context(running(command, listens, env=env, log=place / "log"))
        yield made


def routes() -> dict[str, str]:
    """Return each path of the public API with its service; internal paths are excluded."""
    found = {path: "requests" for path in _paths(reference.ROUTES)}
    for service in all_services():
        found |= dict.fromkeys(_paths(service.routes), service.name)
    inside = ("/internal/", JWKS)
    return {path: service for path, service in found.items() if not path.startswith(inside)}


def _paths(handlers: Iterable[HTTPRouteHandler]) -> set[str]:
    return {re.sub(r"\{[^}]+\}", "x", path) for handler in handlers for path in handler.paths}


def test_haproxy_accepts_the_configuration(haproxy: tuple[str, dict[str, str]]) -> None:
    program, env = haproxy
    with folder() as place:
        crt, key = certificate(place)
        (place / "edge.pem").write_bytes(crt.read_bytes() + key.read_bytes())
        text = replaced((DEPLOY / "haproxy.cfg").read_text(), {"/run/secrets/edge.pem": str(place / "edge.pem")})
        (place / "haproxy.cfg").write_text(text)
        command = [program, "-c", "-dW", "-f", str(place / "haproxy.cfg")]

        said = subprocess.run(command, env=env, capture_output=True, text=True)

        assert said.returncode == 0, said.stderr
        assert "WARNING" not in said.stderr


@pytest.mark.thinned
async def test_every_api_path_is_routed_to_its_service(edge: Edge) -> None:
    """All paths in a soak, otherwise every eighth."""
    meant = dict(list(routes().items())[:: cases(8, soak=1)])

    assert meant == {path: (await edge.get(path))[2] for path in meant}
    assert len(routes()) > 40
    # Every process serves these paths.
    for path in (*_paths(documents.routes(all_services)), contact.PLACE):
        assert "requests" == (await edge.get(path))[2], path


@pytest.mark.parametrize(
    "path",
    [
        "/internal/events?owner=requests",
        "/metrics",
        "/health/ready",
        "/mailbox",
        "/v1",
        "/v1/",
        "/v1/other",
        "/v2/requests",
        "//v1/requests",
        "/v1//requests",
        "/v1/./requests",
        "/v1/../internal/events",
        "/v1/requests/../../internal/events",
        "/v1/requests/../../metrics",
        "/%69nternal/events",
        "/.well-known/other.txt",
        "/docsx",
        "/docs/../metrics",
        JWKS,
        "/.well-known/../internal/events",
        "/.well-known/security.txt/../../metrics",
    ],
)
async def test_internal_paths_are_not_found(edge: Edge, path: str) -> None:
    status, headers, body = await edge.get(path)

    assert (404, "application/problem+json") == (status, headers["content-type"])
    assert ("nosniff", "no-store") == (headers["x-content-type-options"], headers["cache-control"])
    assert CLOSED.decode() == headers["content-security-policy"]
    assert "max-age=31536000; includesubdomains" == headers["strict-transport-security"]
    assert "server" not in headers
    assert 404 == json.loads(body)["status"]
    assert [] == edge.asked


async def test_forwarded_address_is_replaced_by_the_client_address(edge: Edge) -> None:
    head = "GET /v1/requests HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n"

    await edge.say(f"{head}X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n\r\n".encode())

    assert ["127.0.0.1"] == edge.services["requests"].forwarded


async def test_weak_tls_versions_and_ciphers_are_rejected(edge: Edge) -> None:
    """Allow TLS 1.3 if both sides can, 1.2 only with authenticated encryption and forward secrecy, nothing older."""

    async def agreed(*, ciphers: str = "ALL:@SECLEVEL=0", newest: ssl.TLSVersion) -> tuple[str, str]:
        context = ssl.create_default_context(cafile=str(edge.certificate))
        context.minimum_version, context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, newest
        context.set_ciphers(ciphers)
        _, writer = await asyncio.open_connection("127.0.0.1", edge.port, ssl=context)
        with contextlib.closing(writer):
            cipher, version, _ = writer.get_extra_info("cipher")
        return version, cipher

    assert "TLSv1.3" == (await agreed(newest=ssl.TLSVersion.TLSv1_3))[0]
    version, cipher = await agreed(newest=ssl.TLSVersion.TLSv1_2)
    assert version == "TLSv1.2"
    assert re.fullmatch(r"ECDHE-ECDSA-.*(GCM-SHA\d+|POLY1305)", cipher)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"), pytest.raises(ssl.SSLError):
        await agreed(newest=ssl.TLSVersion.TLSv1_1)
    for weak in ("AES256-SHA", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA", "kRSA"):
        with pytest.raises(ssl.SSLError):
            await agreed(ciphers=weak, newest=ssl.TLSVersion.TLSv1_2)


async def test_edge_answers_the_liveness_probe(edge: Edge) -> None:
    status, headers, body = await edge.get("/health/live")

    assert (200, "live") == (status, body)
    assert "max-age" in headers["strict-transport-security"]


@pytest.mark.parametrize(
    "lengths",
    [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: +5",
    ],
)
async def test_body_with_ambiguous_length_is_rejected(edge: Edge, lengths: str) -> None:
    head = f"POST /v1/requests HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n{lengths}\r\n\r\n"

    status, headers, _ = await edge.say(head.encode() + b"3\r\nabc\r\n0\r\n\r\n")

    assert status in {400, 411}
    assert headers["connection"] == "close"
    assert [] == edge.asked


async def test_body_with_one_length_passes(edge: Edge) -> None:
    head = b"POST /v1/requests HTTP/1.1\r\nHost: edge\r\nConnection: close\r\nContent-Length: 2\r\n\r\n"

    assert (200, "requests") == (await edge.say(head, b"{}"))[::2]


SLOW = {
    "headers": [b"GET /v1/requests HTTP/1.1\r\n", b"Host: edge\r\n", b"X-A: b\r\n", b"X-B: c\r\n"],
    "body": [b"POST /v1/requests HTTP/1.1\r\nHost: edge\r\nContent-Length: 9\r\n\r\n", b"{", b'"a"', b":"],
}


@pytest.mark.parametrize("what", SLOW)
async def test_slow_request_times_out_and_reaches_no_service(edge: Edge, what: str) -> None:
    status = 0
    while not status:
        started = time.monotonic()
        # On a busy machine a piece may be written to the closed pipe before the answer was read, which is then lost.
        with contextlib.suppress(ConnectionError):
            status, _, _ = await edge.say(*SLOW[what], pause=0.5)
        assert time.monotonic() - started < 5

    assert status == 408
    assert [] == edge.asked


async def test_unavailable_service_is_a_retryable_problem(edge: Edge) -> None:
    edge.services["pledges"].stop()
    async with asyncio.timeout(10):
        while (await edge.get("/v1/pledges"))[0] == 200:
            await asyncio.sleep(0.1)

    status, headers, body = await edge.get("/v1/pledges")

    assert (503, "application/problem+json", "2") == (status, headers["content-type"], headers["retry-after"])
    assert 503 == json.loads(body)["status"]
    assert (200, "requests") == (await edge.get("/v1/requests"))[::2]


async def test_service_that_is_not_ready_gets_its_requests(edge: Edge) -> None:
    """The service has no broker; what it accepts now it publishes later."""
    assert (200, "requests") == (await edge.get("/v1/requests"))[::2]
    async with asyncio.timeout(10):
        while not edge.services["requests"].health:
            await asyncio.sleep(0.1)
    assert {"/health/live"} == edge.services["requests"].health


@pytest.mark.parametrize(
    "path", ["/v1/events/requests", pytest.param("/v1/notifications/stream", marks=pytest.mark.soak)]
)
async def test_event_stream_passes_unbuffered_and_survives_idle_time(edge: Edge, path: str) -> None:
    for service in edge.services.values():
        service.beats = 3
    context = ssl.create_default_context(cafile=str(edge.certificate))
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port, ssl=context)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: edge\r\n\r\n".encode())
        assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
        came = []
        for _ in range(3):
            assert b":" in await asyncio.wait_for(reader.readuntil(b"\n\n\r\n"), 30)
            came.append(time.monotonic())
        assert b"0\r\n\r\n" == await asyncio.wait_for(reader.readexactly(5), 30)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()
    assert came[-1] - came[0] > PAUSE_SECONDS, "what the service sends is not buffered"


async def test_streams_do_not_count_as_requests_at_the_edge() -> None:
    """haproxy.cfg limits a service's requests and streams separately, and allows as many streams as a process opens."""
    text = (DEPLOY / "haproxy.cfg").read_text()
    for name in NAMES:
        places = re.search(rf"^backend {name}-streams$.+?maxconn (\d+)", text, re.MULTILINE | re.DOTALL)
        assert places is not None
        assert Settings(state=Path()).event_streams_all == int(places[1])
