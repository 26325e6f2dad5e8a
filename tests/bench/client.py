"""The load: keep-alive HTTP/1.1 in a process of its own, so that only the server's side is measured.

It knows just enough of HTTP to send the same request (a POST with a new key) and to find the end of the answer; a
general client would need more CPU than the server it loads. There are three ways: a number of callers, each of which
sends again when it is answered (`clients`); the same, with two calls by turns (`turns`); or arrivals at random times at
a given rate (`rate`), each with a correlation of its own.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any, cast
from uuid import uuid4

import uvloop

from tests.bench.figures import cpu_seconds, family_cpu_seconds, percentile

DONE = (200, 201)
MISS_SECONDS_MAX = 30.0


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request at a time; `answered` is called with each answer's status."""

    def __init__(self) -> None:
        self.answered: Callable[[int], None] = lambda _status: None
        self._transport: asyncio.Transport | None = None
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not inherit from asyncio's classes.
        self._transport = cast(asyncio.Transport, transport)

    def send(self, request: bytes) -> None:
        assert self._transport is not None, "the connection is open"
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        at = head.lower().index(b"content-length:") + len(b"content-length:")
        length = int(head[at:].split(b"\r\n", 1)[0])
        if len(body) >= length:
            self._buffer = b""
            self.answered(int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        self.answered(0)

    def close(self) -> None:
        self.answered = lambda _status: None
        if self._transport is not None:
            self._transport.close()


class Call:
    """The bytes of one request, each time with another key and correlation; a GET if there is no body."""

    def __init__(self, task: dict[str, Any]) -> None:
        is_get = task["body"] is None
        body = b"" if is_get else json.dumps(task["body"], ensure_ascii=False).encode()
        lines = [
            f"{'GET' if is_get else 'POST'} {task['path']} HTTP/1.1",
            f"Host: 127.0.0.1:{task['port']}",
            *([] if is_get else ["Content-Type: application/json", f"Content-Length: {len(body)}"]),
            f"Authorization: Bearer {task['token']}",
        ]
        self._head = "\r\n".join(lines).encode()
        self._body = body

    def to_bytes(self, name: str) -> bytes:
        key = name.encode()
        return b"%b\r\nIdempotency-Key: %b\r\nX-Correlation-Id: %b\r\n\r\n%b" % (self._head, key, key, self._body)


async def connect(port: int) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


async def one_after_the_other(task: dict[str, Any]) -> dict[str, Any]:
    """Run `clients` callers; each sends again as soon as it is answered."""
    call = Call(task)
    expected = task.get("expected", DONE)
    statuses: dict[int, int] = {}
    times: list[tuple[float, float]] = []
    begin = time.perf_counter() + task["warm_up_seconds"]
    end = begin + task["seconds"]
    finished: list[asyncio.Future[None]] = []

    def caller(connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        finished.append(done)
        sent = 0.0

        def send() -> None:
            nonlocal sent
            sent = time.perf_counter()
            connection.send(call.to_bytes(str(uuid4())))

        def answered(status: int) -> None:
            now = time.perf_counter()
            statuses[status] = statuses.get(status, 0) + 1
            times.append((now, now - sent))
            if now < end and status in expected:
                send()
            else:
                done.set_result(None)
                connection.close()

        connection.answered = answered
        send()

    for connection in [await connect(task["port"]) for _ in range(task["clients"])]:
        caller(connection)
    await asyncio.gather(*finished)
    # At least one, however slow the machine is.
    taken = [seconds for at, seconds in times if begin <= at < end] or [times[-1][1]]
    return {
        "statuses": statuses,
        "sent": len(times),
        "done": len(taken),
        "seconds": task["seconds"],
        "p50_ms": percentile(taken, 0.5) * 1000,
        "p99_ms": percentile(taken, 0.99) * 1000,
    }


async def in_turns(task: dict[str, Any]) -> list[dict[str, Any]]:
    """Time two calls in short turns, A B, B A, A B, so that other load affects both; each with its CPU."""
    turns: list[dict[str, Any]] = []
    for number in range(task["turns"]):
        said: dict[str, dict[str, Any]] = {}
        for name in ("a", "b") if number % 2 == 0 else ("b", "a"):
            one = {**task, **task[name]}
            before = cpu_seconds(one["pid"]), family_cpu_seconds(one["postgres_pid"])
            said[name] = await one_after_the_other(one)
            after = cpu_seconds(one["pid"]), family_cpu_seconds(one["postgres_pid"])
            said[name]["app_seconds"], said[name]["postgres_seconds"] = after[0] - before[0], after[1] - before[1]
        turns.append(said)
    return turns


async def at_random_times(task: dict[str, Any]) -> dict[str, Any]:
    """Send `rate` requests a second without waiting for answers; return when each was sent and answered."""
    call = Call(task)
    idle = [await connect(task["port"]) for _ in range(8)]
    answers: dict[str, tuple[float, float]] = {}
    refused: list[int] = []
    under_way = 0
    chance = random.Random(task["seed"])

    async def arrive(name: str) -> None:
        nonlocal under_way
        under_way += 1
        sent = time.monotonic()
        connection = idle.pop() if idle else await connect(task["port"])

        def answered(status: int) -> None:
            nonlocal under_way
            under_way -= 1
            idle.append(connection)
            if status in DONE:
                answers[name] = (sent, time.monotonic())
            else:
                refused.append(status)

        connection.answered = answered
        connection.send(call.to_bytes(name))

    arrival = time.monotonic()
    end = arrival + task["seconds"]
    while arrival < end:
        arrival += chance.expovariate(task["rate"])
        await asyncio.sleep(max(0.0, arrival - time.monotonic()))
        await arrive(str(uuid4()))
    async with asyncio.timeout(MISS_SECONDS_MAX):
        while under_way:
            await asyncio.sleep(0.01)
    for connection in idle:
        connection.close()
    return {"answers": answers, "refused": refused}


if __name__ == "__main__":
    given = json.load(sys.stdin)
    way: Callable[[dict[str, Any]], Coroutine[Any, Any, Any]] = (
        at_random_times if "rate" in given else in_turns if "turns" in given else one_after_the_other
    )
    print(json.dumps(uvloop.run(way(given))))
