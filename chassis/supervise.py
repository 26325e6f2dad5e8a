"""Supervised background loops: a failed loop is restarted; a lost broker makes a service not ready, not dead."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

import structlog

from chassis.activity import IDLE_SECONDS, Activity

PAUSE_SECONDS_MIN = 0.2
PAUSE_SECONDS_MAX = 5.0
STOP_SECONDS = 15.0
"""Time for running work to finish after a stop signal; the process has 20 s in total."""

CANCEL_AGAIN_SECONDS = STOP_SECONDS + 1
"""Interval after which a loop that still runs is cancelled again, because the first cancellation may be lost."""

REST_SECONDS_MAX = 0.5
BUSY_REST_FACTOR = 200
"""Factor of the rest after work in a process that is fully busy."""

log = structlog.get_logger()

T = TypeVar("T")
Loop = Callable[[], Awaitable[None]]


async def forever(name: str, loop: Loop) -> None:
    """Run `loop` and restart it when it ends or fails, with a growing pause, until cancelled."""
    pause = PAUSE_SECONDS_MIN
    while not is_cancelled():
        started = asyncio.get_running_loop().time()
        try:
            await loop()
        except Exception as error:
            log.warning("loop failed", loop=name, error=type(error).__name__, reason=_reason(error))
        if asyncio.get_running_loop().time() - started > PAUSE_SECONDS_MAX:
            pause = PAUSE_SECONDS_MIN
        await asyncio.sleep(pause)
        pause = min(pause * 2, PAUSE_SECONDS_MAX)


def is_cancelled() -> bool:
    """Check whether the current task was cancelled, even if what it awaited lost the cancellation.

    Before Python 3.12 `asyncio.wait_for` loses a cancellation that coincides with the end of what it awaits; the
    broker's client waits for each answer with it.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def every(seconds: float, work: Loop) -> None:
    """Run `work` repeatedly, with a pause of `seconds` between two runs, until cancelled."""
    while True:
        await work()
        if is_cancelled():
            return
        await asyncio.sleep(seconds)


async def while_active(
    activity: Activity,
    seconds: float,
    work: Callable[[], Awaitable[float | None]],
    *,
    idle_seconds: float = IDLE_SECONDS,
) -> None:
    """Run `work` repeatedly: every `seconds` while the service is written to, otherwise at most every `idle_seconds`.

    `work` returns the seconds until more work is due, or None. Ends when cancelled.
    """
    while True:
        due_in_seconds = await work()
        if is_cancelled():
            return
        await activity.pause(seconds, idle_seconds=idle_seconds, due_in_seconds=due_in_seconds)


async def yield_cpu(seconds: float) -> None:
    """Pause after low-priority work that took `seconds`: for as long, and longer the busier the process is."""
    began, used = time.monotonic(), time.process_time()
    await asyncio.sleep(min(seconds, REST_SECONDS_MAX))
    share = (time.process_time() - used) / max(time.monotonic() - began, 0.001)
    await asyncio.sleep(min(seconds * min(share, 1.0) * BUSY_REST_FACTOR, REST_SECONDS_MAX))


@contextlib.asynccontextmanager
async def supervised(loops: dict[str, Loop]) -> AsyncIterator[None]:
    """Run the loops inside the block; cancel and await them at its end."""
    tasks = [asyncio.create_task(forever(name, loop), name=name) for name, loop in loops.items()]
    try:
        yield
    finally:
        await cancel(tasks)


async def cancel(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have ended; cancel those again that still run after CANCEL_AGAIN_SECONDS."""
    waiting = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        # The cancellation may be lost (see `is_cancelled`); the broker's client would then retry indefinitely.
        _, waiting = await asyncio.wait(waiting, timeout=CANCEL_AGAIN_SECONDS)


def _reason(error: BaseException) -> str:
    # Only SQLSTATE or the class, because the text of a database error can quote the row that caused it.
    return str(getattr(error, "sqlstate", None) or type(error).__name__)


async def finish_despite_cancel(work: Coroutine[Any, Any, T]) -> T:
    """Await `work`; if cancelled meanwhile, let it finish first, for at most STOP_SECONDS."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=STOP_SECONDS)
        if not task.done():
            task.cancel()
        raise
