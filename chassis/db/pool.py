"""A connection pool: bounded, lazy, last in first out.

It replaces asyncpg's pool, which starts a task per released connection, uses two timers per wait and wraps every
statement: a seventh of the time of a command. It can be simpler, because `release` states whether the transaction ended
cleanly; otherwise the connection is closed.
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


class PoolTimeout(TimeoutError):
    """No connection of this kind was released in time."""


class Pool:
    """A pool of at most `places` connections, which `connect` opens.

    Reads and all other uses each leave `reserved` connections to the other kind.
    """

    def __init__(self, connect: Callable[[], Awaitable[Connection]], places: int, *, reserved: int = 0) -> None:
        self._connect = connect
        self._count = places
        self._places = asyncio.Semaphore(places)
        self._shares = {reading: asyncio.Semaphore(places - reserved) for reading in (True, False)}
        self._reads: dict[Connection, bool] = {}
        """Maps each connection in use to whether it is used for reading."""
        self._idle: list[tuple[Connection, float]] = []
        self._open: set[Connection] = set()
        self._closing = False

    async def acquire(self, *, within_seconds: float, reading: bool = False) -> Connection:
        """Acquire a connection outside of any transaction. Raises PoolTimeout, or the error of `connect`."""
        if self._closing:
            raise asyncpg.InterfaceError("the pool is closed")
        await self._take_place(within_seconds, reading)
        try:
            connection = await self._idle_or_new(within_seconds)
        except BaseException:
            self._leave_place(reading)
            raise
        self._reads[connection] = reading
        return connection

    async def _take_place(self, within_seconds: float, reading: bool) -> None:
        share = self._shares[reading]
        if not share.locked() and not self._places.locked():
            await share.acquire()
            await self._places.acquire()
            return
        try:
            async with asyncio.timeout(within_seconds):
                await share.acquire()
                try:
                    await self._places.acquire()
                except BaseException:
                    share.release()
                    raise
        except TimeoutError as error:
            raise PoolTimeout from error

    def _leave_place(self, reading: bool) -> None:
        self._places.release()
        self._shares[reading].release()

    async def _idle_or_new(self, within_seconds: float) -> Connection:
        while self._idle:
            connection, _ = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._open.discard(connection)
        async with asyncio.timeout(within_seconds):
            connection = await self._connect()
        self._open.add(connection)
        return connection

    def release(self, connection: Connection, *, sound: bool) -> None:
        """Release a connection. `sound` is true if its transaction has ended and no answer is outstanding."""
        if sound and not connection.is_closed() and not self._closing and connection in self._open:
            self._idle.append((connection, time.monotonic()))
            self._drop_unused()
        else:
            self._drop(connection)
        self._leave_place(self._reads.pop(connection))

    def expire(self) -> None:
        """Close idle connections; those in use are closed when released."""
        for connection, _ in self._idle:
            connection.terminate()
        self._idle.clear()
        self._open.clear()

    async def close(self) -> None:
        """Wait at most CLOSE_SECONDS for connections in use, then close all."""
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
