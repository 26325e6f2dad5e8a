"""How much of one kind of work an organization may have under way at a time, so that none takes all of it."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

from contracts.refusals import Excessive


class ConcurrencyLimit:
    """Of one process: each organization has so many running, and so many more that wait for these."""

    def __init__(self, *, running_max: int, waiting_max: int) -> None:
        self._running_max = running_max
        self._waiting_max = waiting_max
        self._admitted: Counter[str] = Counter()
        self._running: dict[str, asyncio.Semaphore] = {}

    @contextlib.asynccontextmanager
    async def slot(self, organization: str) -> AsyncIterator[None]:
        """Run inside the block, after those that came before. Raises Excessive where too many wait already."""
        limit = self._running_max + self._waiting_max
        if self._admitted[organization] >= limit:
            raise Excessive("organization-limit-reached", limit=limit)
        self._admitted[organization] += 1
        running = self._running.setdefault(organization, asyncio.Semaphore(self._running_max))
        try:
            async with running:
                yield
        finally:
            self._admitted[organization] -= 1
            if not self._admitted[organization]:
                del self._admitted[organization], self._running[organization]
