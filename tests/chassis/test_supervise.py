"""A stop ends every loop, including one that swallowed its cancellation; background work yields."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import pytest

from chassis import supervise
from chassis.activity import Activity
from chassis.supervise import every, supervised, while_active, yield_cpu

TIMER_SECONDS = 0.001
"""Resolution of uvloop's timers: a sleep may end so much early."""


async def test_cancelled_error_lost_by_a_loop_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "CANCEL_AGAIN_SECONDS", 0.2)
    lost = 0

    async def swallow_cancel() -> None:
        nonlocal lost
        while True:
            if lost:
                await asyncio.sleep(60)
            # Like `asyncio.wait_for` before Python 3.12, if the awaited task fails at the same moment.
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
            lost += 1

    began = time.monotonic()
    async with asyncio.timeout(10):
        async with supervised({"loses it": swallow_cancel}):
            await asyncio.sleep(0)

    assert 1 == lost
    assert 0.2 - TIMER_SECONDS <= time.monotonic() - began


async def test_loop_that_ended_by_losing_its_cancellation_is_not_started_again() -> None:
    starts = 0

    async def swallow_cancel() -> None:
        nonlocal starts
        starts += 1
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)

    async with asyncio.timeout(5), supervised({"loses it": swallow_cancel}):
        await asyncio.sleep(0)

    assert 1 == starts


@pytest.mark.parametrize("repeated", [partial(every, 60), partial(while_active, Activity(), 60)])
async def test_work_that_lost_its_cancellation_is_not_repeated(
    repeated: Callable[[Callable[[], Awaitable[None]]], Awaitable[None]],
) -> None:
    runs = 0

    async def swallow_cancel() -> None:
        nonlocal runs
        runs += 1
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)

    began = time.monotonic()
    async with supervised({"loses it": partial(repeated, swallow_cancel)}):
        await asyncio.sleep(0)

    assert 1 == runs
    assert time.monotonic() - began < supervise.CANCEL_AGAIN_SECONDS, "it does not wait for a second cancellation"


async def test_yielding_pause_grows_with_load() -> None:
    async def rested() -> float:
        began = time.monotonic()
        await yield_cpu(0.02)
        return time.monotonic() - began

    async def works() -> None:
        while True:
            until = time.monotonic() + 0.01
            while time.monotonic() < until:
                pass
            await asyncio.sleep(0.001)

    idle = min([await rested() for _ in range(5)])
    busy = asyncio.create_task(works())
    rest = min([await rested() for _ in range(3)])
    busy.cancel()

    assert 0.02 - TIMER_SECONDS <= idle < 1.0
    assert rest > 2 * idle
    assert rest < 3 * supervise.REST_SECONDS_MAX
