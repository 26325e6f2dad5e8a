"""A response is one write and leaves no reference cycle."""

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from typing import Any, cast

import httpx
from uvicorn.server import ServerState

from chassis.http.one_write import BufferedTransport
from chassis.runtime import http_server
from tests.builders import a_request, headers

Client = httpx.AsyncClient


class Scope(dict[str, Any]):
    """A weakly referenceable scope."""


class Written(asyncio.Transport):
    """Keeps every piece that would be a separate system call."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed, "nothing may be sent after the end"
        self.pieces.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


async def test_head_and_body_of_a_response_are_one_write() -> None:
    async def answer(_scope: Any, _receive: Any, send: Any) -> None:
        head = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": b"{}"})

    config = http_server(cast(Any, answer), "127.0.0.1", 0).config
    config.load()
    protocol = config.http_protocol_class(config, ServerState(), {})  # type: ignore[call-arg]
    written = Written()
    protocol.connection_made(written)
    for _ in range(2):
        protocol.data_received(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        await asyncio.sleep(0.01)
    protocol.data_received(b"GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
    await asyncio.sleep(0.01)

    assert [piece.endswith(b"\r\n\r\n{}") for piece in written.pieces] == [True, True, True]
    assert written.closed


async def test_closed_connection_gets_no_response() -> None:
    failed: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failed.append(context))
    gone = Written()
    BufferedTransport(gone).write(b"too late")
    gone.close()
    await asyncio.sleep(0.01)

    assert (gone.pieces, failed) == ([], [])


async def test_request_leaves_no_reference_cycle(
    client_of: Callable[..., Awaitable[Client]],
) -> None:
    """Cycles would need the garbage collector, which stops the whole process."""
    client = await client_of("requests")
    app = cast(Any, client._transport).app
    scopes: list[weakref.ref[Scope]] = []

    async def listened(scope: dict[str, Any], receive: Any, send: Any) -> None:
        own = Scope(scope)
        scopes.append(weakref.ref(own))
        await app(own, receive, send)

    transport = httpx.ASGITransport(listened)
    gc.disable()
    try:
        async with Client(transport=transport, base_url="http://test") as caller:
            for _ in range(2):
                answer = await caller.post("/v1/requests", json=a_request(), headers=headers())
                assert answer.status_code == 201
        assert [scope() for scope in scopes] == [None, None]
    finally:
        gc.enable()
