"""Shared functions of the story's steps: API calls, pagination, waiting, progress."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from services.demo.people import Api, StepError

TIMEOUT_SECONDS = 120
"""Maximum wait for a result that the story needs; a busy machine is many times slower."""

POLL_SECONDS = 0.05

T = TypeVar("T")
Say = Callable[[str, int, int], None]
"""`(step, done, of)`: reports progress."""


class Steps:
    """Calls the API of `api` and reports progress to `say`."""

    def __init__(self, api: Api, say: Say) -> None:
        self.api = api
        self.say = say

    async def each(self, step: str, items: Sequence[T], work: Callable[[T], Awaitable[None]], width: int = 1) -> None:
        """Do the work for each item, `width` items at a time."""
        done = 0
        places = asyncio.Semaphore(width)
        self.say(step, 0, len(items))

        async def one(item: T) -> None:
            nonlocal done
            async with places:
                await work(item)
            done += 1
            self.say(step, done, len(items))

        async with asyncio.TaskGroup() as group:
            for item in items:
                group.create_task(one(item))

    async def all(self, appointment: str, path: str, name: str) -> list[Mapping[str, Any]]:
        """Return all items of a paginated list."""
        found: list[Mapping[str, Any]] = []
        cursor = ""
        while True:
            page = await self.api.get(appointment, f"{path}{'&' if '?' in path else '?'}limit=100{cursor}")
            found += page[name]
            if page["cursor"] is None:
                return found
            cursor = f"&cursor={page['cursor']}"

    async def until(self, ask: Callable[[], Awaitable[T | None]], what: str) -> T:
        """Poll until there is a result. Raises StepError after a timeout."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if answer := await ask():
                return answer
            await asyncio.sleep(POLL_SECONDS)
        raise StepError(f"waited {TIMEOUT_SECONDS} s for {what}")
