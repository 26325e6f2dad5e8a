"""In-process locks per record, so that a waiting change holds no database connection.

PostgreSQL's row lock separates two changes in any number of processes. But each change that waits for a row lock holds
a connection from the pool, and sixty changes of one record would leave none for the others.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from contracts.refusals import Unavailable

WAITING_MAX = 100
"""Maximum number of waiters per key."""

WAIT_SECONDS_MAX = 5.0


class _Lock(asyncio.Lock):
    users = 0
    """Number of tasks that hold the lock or wait for it."""


class KeyedLocks:
    """The locks of one process, created on demand and dropped when unused."""

    def __init__(self) -> None:
        self._locks: dict[str, _Lock] = {}

    @asynccontextmanager
    async def hold(self, *keys: str) -> AsyncIterator[None]:
        """Hold the locks of all keys inside the block, granted in the order of arrival.

        Raises Unavailable (`overloaded`) if too many tasks already wait, or the wait takes too long.
        """
        async with AsyncExitStack() as held:
            # Acquired in a fixed order, to avoid deadlocks.
            for key in sorted(set(keys)):
                await held.enter_async_context(self._hold(key))
            yield

    @asynccontextmanager
    async def _hold(self, key: str) -> AsyncIterator[None]:
        lock = self._locks.setdefault(key, _Lock())
        if lock.users > WAITING_MAX:
            raise Unavailable("overloaded")
        lock.users += 1
        try:
            try:
                async with asyncio.timeout(WAIT_SECONDS_MAX):
                    await lock.acquire()
            except TimeoutError as error:
                raise Unavailable("overloaded") from error
            try:
                yield
            finally:
                lock.release()
        finally:
            lock.users -= 1
            if not lock.users:
                del self._locks[key]
