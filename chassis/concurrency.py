"""Limits on concurrent work, so that one organization, or one address, cannot take all capacity."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

from contracts.refusals import Excessive, Unavailable


class ConcurrencyLimit:
    """A limit per process: each organization has at most `running_max` running and `waiting_max` waiting calls."""

    def __init__(self, *, running_max: int, waiting_max: int, slug: str = "organization-limit-reached") -> None:
        self._running_max = running_max
        self._waiting_max = waiting_max
        self._slug = slug
        self._admitted: Counter[str] = Counter()
        self._running: dict[str, asyncio.Semaphore] = {}

    @contextlib.asynccontextmanager
    async def slot(self, organization: str) -> AsyncIterator[None]:
        """Hold a slot inside the block, in the order of arrival. Raises Excessive if too many calls already wait."""
        limit = self._running_max + self._waiting_max
        if self._admitted[organization] >= limit:
            raise Excessive(self._slug, limit=limit)
        self._admitted[organization] += 1
        running = self._running.setdefault(organization, asyncio.Semaphore(self._running_max))
        try:
            async with running:
                yield
        finally:
            self._admitted[organization] -= 1
            if not self._admitted[organization]:
                del self._admitted[organization], self._running[organization]


class Places:
    """Places of a process for expensive work. A holder has one at a time; all others wait, in the order of arrival.

    A holder is an organization, or a client address without one.
    """

    def __init__(
        self,
        *,
        at_once: int,
        waiting_each: int,
        waiting_max: int,
        wait_seconds: float,
        slug: str = "organization-limit-reached",
    ) -> None:
        self._each = ConcurrencyLimit(running_max=1, waiting_max=waiting_each, slug=slug)
        self._all = ConcurrencyLimit(running_max=at_once, waiting_max=waiting_max)
        self._wait_seconds = wait_seconds

    @contextlib.asynccontextmanager
    async def place(self, holder: str) -> AsyncIterator[None]:
        """Hold a place inside the block.

        Raises Excessive if too many calls of the holder already wait, Unavailable if too many holders do, or after
        `wait_seconds`.
        """
        async with contextlib.AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self._wait_seconds):
                    await held.enter_async_context(self._each.slot(holder))
                    try:
                        await held.enter_async_context(self._all.slot(""))
                    except Excessive as full:
                        raise Unavailable("overloaded") from full
            except TimeoutError as error:
                raise Unavailable("overloaded") from error
            yield
