"""Background loops that outlive their failures: a dead broker makes a service not ready, never dead."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import structlog

from chassis.activity import IDLE_SECONDS, Activity

PAUSE_SECONDS_MIN = 0.2
PAUSE_SECONDS_MAX = 5.0
STOP_SECONDS = 15.0
"""How long work under way may go on after a stop was asked for; the process has 20 s in all."""

AGAIN_SECONDS = STOP_SECONDS + 1
"""When a loop that still runs is told again: the word may have been lost."""

REST_SECONDS_MAX = 0.5
REST_OF_THE_BUSY = 200
"""So many times as long as work took rests who gives way to a process that has no moment free."""

log = structlog.get_logger()

T = TypeVar("T")
Loop = Callable[[], Awaitable[None]]


async def forever(name: str, loop: Loop) -> None:
    """Run `loop`, and again when it ends or fails, with a growing pause; only cancellation ends it."""
    pause = PAUSE_SECONDS_MIN
    while True:
        started = asyncio.get_running_loop().time()
        try:
            await loop()
        except Exception as error:
            log.warning("loop failed", loop=name, error=type(error).__name__, reason=_reason(error))
        if asyncio.get_running_loop().time() - started > PAUSE_SECONDS_MAX:
            pause = PAUSE_SECONDS_MIN
        await asyncio.sleep(pause)
        pause = min(pause * 2, PAUSE_SECONDS_MAX)


async def every(seconds: float, work: Loop) -> None:
    """Do `work`, wait, and again."""
    while True:
        await work()
        await asyncio.sleep(seconds)


async def while_active(
    activity: Activity,
    seconds: float,
    work: Callable[[], Awaitable[float | None]],
    *,
    idle_seconds: float = IDLE_SECONDS,
) -> None:
    """Do `work`, wait, and again: so many seconds while the service is written to, else `idle_seconds` at most.

    `work` returns in how many seconds more of it falls due, None where it knows of none.
    """
    while True:
        due_in_seconds = await work()
        await activity.pause(seconds, idle_seconds=idle_seconds, due_in_seconds=due_in_seconds)


async def yield_cpu(seconds: float) -> None:
    """Rest after work that took so long and nobody waits for: once as long, and longer the busier the process is."""
    began, used = time.monotonic(), time.process_time()
    await asyncio.sleep(min(seconds, REST_SECONDS_MAX))
    share = (time.process_time() - used) / max(time.monotonic() - began, 0.001)
    await asyncio.sleep(min(seconds * min(share, 1.0) * REST_OF_THE_BUSY, REST_SECONDS_MAX))


@contextlib.asynccontextmanager
async def supervised(loops: dict[str, Loop]) -> AsyncIterator[None]:
    """The loops run inside the block, and are cancelled and awaited at its end."""
    tasks = [asyncio.create_task(forever(name, loop), name=name) for name, loop in loops.items()]
    try:
        yield
    finally:
        waiting = set(tasks)
        while waiting:
            for task in waiting:
                task.cancel()
            # Before Python 3.12 `asyncio.wait_for` forgets it when what it waits for ends in the same moment, and the
            # broker's client then goes on trying for ever.
            _, waiting = await asyncio.wait(waiting, timeout=AGAIN_SECONDS)


def _reason(error: BaseException) -> str:
    # SQLSTATE or the class only: the text of a database error can quote the row that caused it.
    return str(getattr(error, "sqlstate", None) or type(error).__name__)


async def finish_despite_cancel(work: Coroutine[Any, Any, T]) -> T:
    """Wait for `work`; if we are cancelled meanwhile it still ends first, within the time a stop may take."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=STOP_SECONDS)
        if not task.done():
            task.cancel()
        raise
