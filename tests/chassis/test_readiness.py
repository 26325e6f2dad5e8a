"""A process whose clock is wrong, by which it refuses tokens of the others, is not ready."""

from collections.abc import Mapping
from datetime import timedelta

import httpx
import pytest

from chassis import clock
from chassis.clock import use_clock


async def parts(api: httpx.AsyncClient) -> tuple[int, Mapping[str, bool]]:
    answer = await api.get("/health/ready")
    return answer.status_code, answer.json()["parts"]


@pytest.mark.parametrize("ahead", [timedelta(hours=2), timedelta(hours=-2), timedelta(seconds=40)])
async def test_clock_that_differs_from_the_database_is_named(api: httpx.AsyncClient, ahead: timedelta) -> None:
    assert (await parts(api))[1]["requests: clock"]
    right = clock.now()
    with use_clock(lambda: right + ahead):
        status, said = await parts(api)

    assert status == 503
    assert {"requests: database": True, "requests: clock": False}.items() <= said.items()
