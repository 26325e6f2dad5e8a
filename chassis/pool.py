"""At most so many connections to PostgreSQL, opened when first needed; the one given back last is taken first.

In the place of asyncpg's own pool, which starts a task for each connection that comes back, waits in two timers and
stands between us and every statement: a seventh of the time of a command. It can be smaller, because whoever gives a
connection back says whether its transaction ended in order; one that did not is never used again.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import asyncpg

IDLE_SECONDS_MAX = 300.0
CLOSE_SECONDS = 5.0

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Pool:
    """`connect` opens a connection; at most `places` are open at a time."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], places: int) -> None:
        self._connect = connect
        self._count = places
        self._places = asyncio.Semaphore(places)
        self._idle: list[tuple[Connection, float]] = []
        self._open: set[Connection] = set()
        self._closing = False

    async def take(self, *, within_seconds: float) -> Connection:
        """A connection outside of any transaction. Raises TimeoutError, or what opening one raises."""
        if self._closing:
            raise asyncpg.InterfaceError("the pool is closed")
        async with asyncio.timeout(within_seconds) if self._places.locked() else contextlib.nullcontext():
            await self._places.acquire()
        try:
            while self._idle:
                connection, _ = self._idle.pop()
                if not connection.is_closed():
                    return connection
                self._open.discard(connection)
            async with asyncio.timeout(within_seconds):
                connection = await self._connect()
        except BaseException:
            self._places.release()
            raise
        self._open.add(connection)
        return connection

    def give_back(self, connection: Connection, *, sound: bool) -> None:
        """`sound`: its transaction was committed or rolled back, and no answer is outstanding."""
        if sound and not connection.is_closed() and not self._closing and connection in self._open:
            self._idle.append((connection, time.monotonic()))
            self._drop_unused()
        else:
            self._drop(connection)
        self._places.release()

    def expire(self) -> None:
        """Use no connection again that is open now; those in use go when they are given back."""
        for connection, _ in self._idle:
            connection.terminate()
        self._idle.clear()
        self._open.clear()

    async def close(self) -> None:
        """Wait a little for those in use, then close all."""
        self._closing = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                for _ in range(self._count):
                    await self._places.acquire()
                for connection, _ in self._idle:
                    await connection.close()
        for connection in self._open:
            connection.terminate()

    def _drop_unused(self) -> None:
        connection, since = self._idle[0]
        if time.monotonic() - since > IDLE_SECONDS_MAX:
            del self._idle[0]
            self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        self._open.discard(connection)
        connection.terminate()
