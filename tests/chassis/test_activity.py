"""Idle pauses end at the next deadline, at a write of the process, or at the idle interval."""

import asyncio
import time
from collections.abc import Awaitable
from itertools import pairwise

import pytest

from chassis.activity import PAUSE_SECONDS_MIN, Activity
from chassis.supervise import while_active

SLACK_SECONDS = 5.0
"""Tolerance of delays, less than the intervals that are excluded. A busy machine is late, never early."""


async def seconds_of(pause: Awaitable[None]) -> float:
    began = time.monotonic()
    await pause
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("due_in", "idle_seconds", "expected"),
    [
        (0.3, 50.0, 0.3),
        (0.02, 50.0, PAUSE_SECONDS_MIN),
        (-60.0, 50.0, PAUSE_SECONDS_MIN),
        (60.0, 0.6, 0.6),
        (None, 0.6, 0.6),
    ],
)
async def test_idle_pause_ends_at_the_deadline_or_the_idle_interval(
    due_in: float | None, idle_seconds: float, expected: float
) -> None:
    idle = Activity(active_seconds=0)

    took = await seconds_of(idle.pause(0.1, idle_seconds=idle_seconds, due_in_seconds=due_in))

    assert expected <= took + 0.01
    assert took < expected + SLACK_SECONDS


async def test_pause_of_an_active_process_ends_at_the_deadline() -> None:
    took = await seconds_of(Activity().pause(10, due_in_seconds=0.2))

    assert 0.2 <= took + 0.01
    assert took < 0.2 + SLACK_SECONDS


async def test_write_ends_an_idle_pause() -> None:
    idle = Activity(active_seconds=0)
    asyncio.get_running_loop().call_later(0.3, idle.record)

    assert await seconds_of(idle.pause(0.1, due_in_seconds=50)) < 0.3 + SLACK_SECONDS


async def test_wait_ends_at_a_write_before_or_during_it() -> None:
    activity = Activity()
    began = time.monotonic()
    assert 0.3 <= await seconds_of(activity.wait(since=began, seconds=0.3)) + 0.01

    activity.record()
    assert await seconds_of(activity.wait(since=began, seconds=50)) < SLACK_SECONDS

    asyncio.get_running_loop().call_later(0.3, activity.record)
    assert await seconds_of(activity.wait(since=time.monotonic(), seconds=50)) < 0.3 + SLACK_SECONDS


async def test_work_runs_again_after_the_delay_it_returns() -> None:
    done: list[float] = []

    async def work() -> float | None:
        done.append(time.monotonic())
        return 0.2 if len(done) < 3 else None

    loop = asyncio.create_task(while_active(Activity(active_seconds=0), 0.1, work))
    async with asyncio.timeout(30):
        while len(done) < 3:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.5)
    loop.cancel()

    assert 3 == len(done)
    assert all(0.19 <= later - earlier < 0.2 + SLACK_SECONDS for earlier, later in pairwise(done))
