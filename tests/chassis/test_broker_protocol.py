"""The client's protocol with a broker that is busy: orders of lines that a real server sends seldom."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterable

import nats
import pytest

from chassis.embedded.ports import LOOPBACK
from chassis.journal import streams
from chassis.journal.bus import Bus, BusError, flush
from chassis.journal.streams import TRIES_MAX, check_connection, stream_states
from chassis.supervise import supervised

INFO = b'INFO {"server_id": "x", "version": "2.0.0", "headers": true, "max_payload": 1048576}\r\n'
PONG = b"PONG\r\n"


@contextlib.asynccontextmanager
async def server(answer: Callable[[list[bytes]], Iterable[bytes]]) -> AsyncIterator[str]:
    """Serve a protocol for a block, which gets the address; `answer` returns the answers to the words of a line."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(INFO)
        while line := await reader.readline():
            # The body of a call without one is an empty line.
            if words := line.split():
                writer.writelines(answer(words))
        writer.close()

    async with await asyncio.start_server(serve, LOOPBACK, 0) as serving:
        yield f"nats://{LOOPBACK}:{serving.sockets[0].getsockname()[1]}"


async def test_flush_ends_with_a_ping_after_the_subscription() -> None:
    """Compare the order of commands, since a real server seldom answers between the two."""
    commands: list[bytes] = []

    def answer(words: list[bytes]) -> list[bytes]:
        commands.append(words[0])
        return [PONG] if words[0] == b"PING" else []

    async with server(answer) as url:
        client = await nats.connect(url, allow_reconnect=False)
        try:
            await client.subscribe("ta.>")
            await flush(client)
            assert commands.index(b"SUB") < len(commands) - 1 - commands[::-1].index(b"PING"), commands
        finally:
            await client.close()


@pytest.mark.parametrize("early", [b"PING\r\n", INFO], ids=["ping", "info"])
async def test_service_connects_again_if_the_first_answer_is_not_pong(early: bytes) -> None:
    pings = 0

    def answer(words: list[bytes]) -> list[bytes]:
        nonlocal pings
        if words[0] != b"PING":
            return []
        pings += 1
        return [early, PONG] if pings == 1 else [PONG]

    async with server(answer) as url:
        bus = Bus(url, "requests")
        async with supervised({"broker": bus.keep_connected}), asyncio.timeout(10):
            await bus.wait_connected()
    assert pings == 2


async def test_administrator_is_told_that_the_first_answer_was_not_pong() -> None:
    async with server(lambda words: [b"PING\r\n", PONG] if words[0] == b"PING" else []) as url:
        with pytest.raises(BusError, match="not PONG"):
            await check_connection(url)


@pytest.mark.parametrize("lost", [TRIES_MAX - 1, TRIES_MAX])
async def test_unanswered_call_of_the_administrator_is_repeated(lost: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "ANSWER_SECONDS", 0.2)
    calls = 0
    body = json.dumps({"state": {"messages": 3, "bytes": 400}}).encode()

    def answer(words: list[bytes]) -> list[bytes]:
        nonlocal calls
        if words[0] == b"PING":
            return [PONG]
        if words[0] != b"PUB":
            return []
        calls += 1
        return [] if calls <= lost else [b"MSG %s 1 %d\r\n%s\r\n" % (words[2], len(body), body)]

    async with server(answer) as url:
        if lost == TRIES_MAX:
            with pytest.raises(BusError, match=r"does not answer STREAM.INFO.REQUESTS: TimeoutError"):
                await stream_states(url, ["requests"])
        else:
            assert await stream_states(url, ["requests"]) == {"requests": {"messages": 3, "bytes": 400}}
    assert calls == TRIES_MAX
