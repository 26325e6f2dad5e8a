"""Work that is under way at a stop finishes, publishes and acknowledges before the broker's connection closes."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest
from nats.aio.msg import Msg

from chassis.db.database import Database
from chassis.journal import bus
from chassis.runtime import started_services
from chassis.service import Running
from chassis.settings import Settings
from chassis.supervise import Loop, finish_despite_cancel
from services.composition import all_services

WORK_SECONDS = 0.3


async def test_work_finishes_before_the_broker_is_disconnected(
    settings: Settings, databases: Mapping[str, Database]
) -> None:
    connected_at_end: list[bool] = []
    begun = asyncio.Event()

    def loops(running: Running) -> dict[str, Loop]:
        async def work() -> None:
            begun.set()
            await asyncio.sleep(WORK_SECONDS)
            connected_at_end.append(running.bus.connected)

        async def loop() -> None:
            await running.bus.wait_connected()
            await finish_despite_cancel(work())

        return {"work": loop}

    [service] = [replace(one, loops=loops) for one in all_services() if one.name == "sherloc"]
    async with started_services(settings, [service], ports={"sherloc": 0, "directory": 9}):
        await asyncio.wait_for(begun.wait(), timeout=30)

    assert [True] == connected_at_end


async def test_cancellation_that_comes_with_a_message_is_not_lost() -> None:
    arriving: asyncio.Queue[Msg] = asyncio.Queue()
    waiting = asyncio.create_task(bus._arrived(arriving))
    for _ in range(3):
        await asyncio.sleep(0)

    arriving.put_nowait(Msg(_client=None))
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert 1 == arriving.qsize()
