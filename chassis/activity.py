"""How often a service's loops look for work: often while it is written to, at each deadline, and rarely otherwise."""

import asyncio
import contextlib
import math
import time

ACTIVE_SECONDS = 30.0
"""What a change leads to later, loops still find at their own pace: the longest transaction has ended by then."""

IDLE_SECONDS = 60.0
"""Between two looks where nothing is written: they are for what another process has left."""

PAUSE_SECONDS_MIN = 0.05
"""A timer may end a moment before the deadline by another clock: then there is one more look, and not many."""


class Activity:
    """When this process last wrote to a service's database."""

    def __init__(self, *, active_seconds: float = ACTIVE_SECONDS) -> None:
        self._active_seconds = active_seconds
        self._noted_at = time.monotonic()
        self._noted = asyncio.Event()

    def note(self) -> None:
        """Something was committed: whoever pauses because nothing was looks now."""
        self._noted_at = time.monotonic()
        self._noted.set()

    async def pause(
        self, seconds: float, *, idle_seconds: float = IDLE_SECONDS, due_in_seconds: float | None = None
    ) -> None:
        """Wait so many seconds while something was written lately; else until something is, or `idle_seconds`.

        Not longer than `due_in_seconds`: until the next deadline that is known. An earlier one is made by a write of
        this process, which ends the pause, or of another one, which keeps it itself.
        """
        at_most = math.inf if due_in_seconds is None else max(due_in_seconds, PAUSE_SECONDS_MIN)
        await asyncio.sleep(min(seconds, at_most))
        rest = min(idle_seconds, at_most) - seconds
        if rest <= 0 or time.monotonic() - self._noted_at < self._active_seconds:
            return
        self._noted.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(rest):
                await self._noted.wait()
