"""A limit on concurrent work per organization, so that one organization cannot take all capacity."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

from contracts.refusals import Excessive


class ConcurrencyLimit:
    """A limit per process: each organization has at most `running_max` running and `waiting_max` waiting calls."""

    def __init__(self, *, running_max: int, waiting_max: int) -> None:
        self._running_max = running_max
        self._waiting_max = waiting_max
        self._admitted: Counter[str] = Counter()
        self._running: dict[str, asyncio.Semaphore] = {}

    @contextlib.asynccontextmanager
    async def slot(self, organization: str) -> AsyncIterator[None]:
        """Hold a slot inside the block, in the order of arrival. Raises Excessive if too many calls already wait."""
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
