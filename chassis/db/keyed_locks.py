"""A lock for each record that is being changed: who waits for it waits in this process, without a connection.

PostgreSQL's row lock is what keeps two changes apart, in any number of processes. But whoever waits for that one holds
a connection from the pool, and sixty who change one record would leave none for all the others.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from contracts.refusals import Unavailable

WAITING_MAX = 100
"""For one key; more would only wait in vain."""

WAIT_SECONDS_MAX = 5.0


class _Lock(asyncio.Lock):
    users = 0
    """Who holds it, and who waits."""


class KeyedLocks:
    """The locks of one process, made when they are first wanted and dropped when nobody wants them."""

    def __init__(self) -> None:
        self._locks: dict[str, _Lock] = {}

    @asynccontextmanager
    async def hold(self, *keys: str) -> AsyncIterator[None]:
        """Hold the locks of all keys inside the block; first come, first served.

        Raises Unavailable (`overloaded`) where too many wait already, or for too long.
        """
        async with AsyncExitStack() as held:
            # In one order for everybody, so that no two wait for each other.
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
