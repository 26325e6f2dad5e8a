"""The outbound HTTP client against real HTTPS servers: checked addresses, TLS and limits."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from ipaddress import ip_network
from pathlib import Path

import pytest

from services.notifications.webhooks import http_client
from services.notifications.webhooks.destinations import Bounds, Destination, destination_of
from services.notifications.webhooks.http_client import ANSWER_BYTES_MAX, Answer, NotDelivered, SafeHttpClient
from tests.receiver import Receiver, an_answer

NAME = "hooks.ken.example"
LOOPBACK = Bounds(loopback=True)
HEADERS = {"Content-Type": "application/json", "webhook-id": "1"}


class FakeResolver:
    """A resolver with a list of answers, of which the last one repeats."""

    def __init__(self, *answers: Sequence[str] | OSError) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, OSError):
            raise answer
        return answer


@pytest.fixture
async def receiver(tmp_path: Path) -> AsyncIterator[Receiver]:
    one = Receiver(tmp_path, names=(NAME, "localhost"))
    async with one.listening():
        yield one


def a_client(receiver: Receiver, resolver: FakeResolver, bounds: Bounds = LOOPBACK) -> SafeHttpClient:
    return SafeHttpClient(bounds, context=receiver.trusting(), resolve=resolver)


def destination(receiver: Receiver, host: str = NAME) -> Destination:
    return Destination(host=host, port=receiver.port, target="/in?a=b")


async def refused(client: SafeHttpClient, to: Destination) -> str:
    with pytest.raises(NotDelivered) as no:
        await client.post(to, b"{}", HEADERS)
    return no.value.reason


async def test_request_goes_to_the_resolved_address_with_the_name_in_tls_and_host(receiver: Receiver) -> None:
    answer = await a_client(receiver, FakeResolver(["127.0.0.1"])).post(destination(receiver), b'{"a":1}', HEADERS)

    (request,) = receiver.received
    assert Answer(status=204, retry_after=None) == answer
    assert ("POST", "/in?a=b", b'{"a":1}') == (request.method, request.target, request.body)
    assert f"{NAME}:{receiver.port}" == request.headers["host"]
    assert [NAME] == receiver.server_names
    assert not {"authorization", "cookie", "accept-encoding"} & set(request.headers)


async def test_name_is_resolved(receiver: Receiver) -> None:
    client = SafeHttpClient(LOOPBACK, context=receiver.trusting())
    answer = await client.post(destination_of(f"https://localhost:{receiver.port}/", LOOPBACK), b"{}", HEADERS)

    assert 204 == answer.status


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"], ["::1"], ["10.0.0.1"], ["169.254.169.254"], ["::ffff:127.0.0.1"], ["64:ff9b::a9fe:a9fe"],
        ["2002:7f00:1::"], ["fe80::1%eth0"], ["192.0.0.8"], ["fec0::1"],
        # one denied address is enough
        ["93.184.215.14", "127.0.0.1"], ["2606:4700::1111", "10.1.2.3"],
    ],
)  # fmt: skip
async def test_name_with_any_denied_address_is_not_connected_to(receiver: Receiver, found: Sequence[str]) -> None:
    assert "address-denied" == await refused(a_client(receiver, FakeResolver(found), Bounds()), destination(receiver))
    assert 0 == receiver.connections


async def test_checked_address_is_the_one_connected_to(receiver: Receiver, tmp_path: Path) -> None:
    """DNS rebinding: the first answer is checked and connected to; the second one, internal, is never requested."""
    inside = Receiver(tmp_path / "inside", names=(NAME,), port=receiver.port)
    inside.folder.mkdir()
    async with inside.listening("127.0.0.2"):
        resolver = FakeResolver(["127.0.0.1"], ["127.0.0.2"])
        await a_client(receiver, resolver).post(destination(receiver), b"{}", HEADERS)

    assert 1 == len(resolver.asked)
    assert (1, 0) == (receiver.connections, inside.connections)


async def test_address_is_checked_again_at_every_attempt(receiver: Receiver) -> None:
    client = a_client(receiver, FakeResolver(["127.0.0.1"], ["10.0.0.1"]))
    await client.post(destination(receiver), b"{}", HEADERS)

    assert "address-denied" == await refused(client, destination(receiver))
    assert 1 == receiver.connections


async def test_next_of_several_addresses_is_tried(receiver: Receiver) -> None:
    resolver = FakeResolver(["127.0.0.9", "127.0.0.1"])

    assert 204 == (await a_client(receiver, resolver).post(destination(receiver), b"{}", HEADERS)).status


async def test_denied_network_of_the_operator_is_not_connected_to(receiver: Receiver) -> None:
    bounds = Bounds(loopback=True, denied=(ip_network("127.0.0.0/8"),))

    assert "address-denied" == await refused(
        a_client(receiver, FakeResolver(["127.0.0.1"]), bounds), destination(receiver)
    )


async def test_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answers = lambda _: an_answer(302, Location=f"https://localhost:{receiver.port}/inside")
    answer = await a_client(receiver, FakeResolver(["127.0.0.1"])).post(destination(receiver), b"{}", HEADERS)

    assert 302 == answer.status
    assert 1 == receiver.connections


async def test_proxy_of_the_environment_is_ignored(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert (
        204
        == (await a_client(receiver, FakeResolver(["127.0.0.1"])).post(destination(receiver), b"{}", HEADERS)).status
    )


async def test_certificate_for_another_name_or_authority_is_rejected(receiver: Receiver) -> None:
    resolver = FakeResolver(["127.0.0.1"])

    assert "tls" == await refused(a_client(receiver, resolver), destination(receiver, "other.ken.example"))
    assert "tls" == await refused(
        SafeHttpClient(LOOPBACK, context=ssl.create_default_context(), resolve=resolver), destination(receiver)
    )
    assert [] == receiver.received


@pytest.mark.parametrize(
    ("found", "reason"), [(OSError("no such name"), "unresolved"), ([], "unresolved"), (["127.0.0.9"], "unreachable")]
)
async def test_connection_failure_has_a_reason(receiver: Receiver, found: Sequence[str] | OSError, reason: str) -> None:
    assert reason == await refused(a_client(receiver, FakeResolver(found)), destination(receiver))


@pytest.mark.parametrize("garbage", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", b"SSH-2.0\r\n\r\n"])
async def test_incomplete_response_is_a_failure(receiver: Receiver, garbage: bytes) -> None:
    receiver.answers = lambda _: garbage

    assert "disconnected" == await refused(a_client(receiver, FakeResolver(["127.0.0.1"])), destination(receiver))


async def test_response_body_is_read_up_to_a_limit(receiver: Receiver) -> None:
    receiver.answers = lambda _: an_answer(200, b"x" * 50 * ANSWER_BYTES_MAX, Retry_After="7")
    answer = await a_client(receiver, FakeResolver(["127.0.0.1"])).post(destination(receiver), b"{}", HEADERS)

    assert Answer(status=200, retry_after="7") == answer


async def test_endless_response_head_is_cut_off(receiver: Receiver) -> None:
    receiver.answers = lambda _: b"HTTP/1.1 200 OK\r\n" + b"X-Filler: " + b"x" * 5_000_000

    assert "disconnected" == await refused(a_client(receiver, FakeResolver(["127.0.0.1"])), destination(receiver))


@pytest.mark.parametrize("where", ["looking up", "connected"])
async def test_slow_receiver_times_out(receiver: Receiver, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setattr(http_client, "ATTEMPT_SECONDS", 0.3)

    async def slow(_host: str, _port: int) -> Sequence[str]:
        await asyncio.sleep(5 if where == "looking up" else 0)
        return ["127.0.0.1"]

    async def trickle(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(100):
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await asyncio.sleep(0.05)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(receiver.folder / "server.pem")
    server = await asyncio.start_server(trickle, "127.0.0.1", 0, ssl=context)
    to = Destination(host=NAME, port=server.sockets[0].getsockname()[1], target="/")
    began = time.monotonic()
    try:
        assert "timeout" == await refused(SafeHttpClient(LOOPBACK, context=receiver.trusting(), resolve=slow), to)
    finally:
        server.close()
    assert time.monotonic() - began < 4
