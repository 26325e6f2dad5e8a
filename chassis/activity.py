"""Polling of background loops: often after writes, at each known deadline, and rarely otherwise."""

import asyncio
import contextlib
import math
import time

ACTIVE_SECONDS = 30.0
"""Time after a write during which loops poll at their own interval; longer than the longest transaction."""

IDLE_SECONDS = 60.0
"""Interval without writes. Finds the work that another process has left."""

CLOCK_IDLE_SECONDS = 600.0
"""Like `IDLE_SECONDS`, for work due days after it was set; a process waits at most until the next due time."""

PAUSE_SECONDS_MIN = 0.05
"""Shortest pause. A timer may fire just before the deadline of another clock; this avoids polling in a tight loop."""


class Activity:
    """The time of the last activity: of this process's last write to a database, or of the last call."""

    def __init__(self, *, active_seconds: float = ACTIVE_SECONDS) -> None:
        self._active_seconds = active_seconds
        self._recorded_at = time.monotonic()
        self._recorded = asyncio.Event()

    def record(self) -> None:
        """Record a commit, or a call, and end the idle pauses."""
        self._recorded_at = time.monotonic()
        self._recorded.set()

    async def wait(self, *, since: float, seconds: float) -> None:
        """Wait for a record later than `since` (`time.monotonic`), at most `seconds`."""
        if self._recorded_at > since:
            return
        self._recorded.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._recorded.wait()

    async def pause(
        self, seconds: float, *, idle_seconds: float = IDLE_SECONDS, due_in_seconds: float | None = None
    ) -> None:
        """Wait `seconds` if there was a recent record; otherwise until the next one, at most `idle_seconds`.

        Never longer than `due_in_seconds`, the time to the next known deadline. An earlier deadline is set by a write
        of this process, which ends the pause, or of another process, which keeps the deadline itself.
        """
        at_most = math.inf if due_in_seconds is None else max(due_in_seconds, PAUSE_SECONDS_MIN)
        await asyncio.sleep(min(seconds, at_most))
        rest = min(idle_seconds, at_most) - seconds
        if rest <= 0 or time.monotonic() - self._recorded_at < self._active_seconds:
            return
        self._recorded.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(rest):
                await self._recorded.wait()
