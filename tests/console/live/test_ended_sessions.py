"""A page that follows changes is told of none after its session has ended."""

import asyncio
from typing import Any, cast

from services.console.live.following import ChangeStream


async def test_change_after_the_end_of_the_session_is_not_told() -> None:
    told: list[str] = []

    async def send(message: Any) -> None:
        told.append(message["body"].decode())

    async def goes_on() -> bool:
        return False

    stream = ChangeStream(cast(Any, None), (), (), cast(Any, None), goes_on, missed=False)
    changed = asyncio.Event()
    changed.set()
    reading = asyncio.create_task(asyncio.Event().wait())
    async with asyncio.timeout(10):
        await stream._notify([cast(Any, reading)], changed, cast(Any, send))
    reading.cancel()

    assert ["event: ended\ndata: 1\n\n"] == told
