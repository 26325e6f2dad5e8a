"""How often a service's loops look for work: at their own pace while it is written to, and rarely while it is idle."""

import asyncio
import contextlib
import time

ACTIVE_SECONDS = 30.0
"""What a change leads to later, loops still find at their own pace: the longest transaction has ended by then."""

IDLE_SECONDS = 60.0
"""Between two looks where nothing is written: they are for what another process has left."""


class Activity:
    """When this process last wrote to a service's database."""

    def __init__(self) -> None:
        self._noted_at = time.monotonic()
        self._noted = asyncio.Event()

    def note(self) -> None:
        """Something was committed: whoever pauses because nothing was looks now."""
        self._noted_at = time.monotonic()
        self._noted.set()

    async def pause(self, seconds: float, *, idle_seconds: float = IDLE_SECONDS) -> None:
        """Wait so many seconds while something was written lately; else until something is, or `idle_seconds`."""
        await asyncio.sleep(seconds)
        if time.monotonic() - self._noted_at < ACTIVE_SECONDS or idle_seconds <= seconds:
            return
        self._noted.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(idle_seconds - seconds):
                await self._noted.wait()
