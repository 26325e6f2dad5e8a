"""Steps that run services as separate processes would run them."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

import httpx

from chassis.http.application import application
from chassis.runtime import serve, started_services, verifier
from chassis.service import Running
from chassis.settings import Settings
from services.composition import all_services
from tests.builders import headers
from tests.event_streams import RunningServices

KNOWN_SECONDS = 5.0
"""Time in which a change of an appointment is known everywhere."""

STARTED_SECONDS = 60.0
PATH = "/v1/requests"
Client = httpx.AsyncClient


@contextlib.asynccontextmanager
async def directory(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Run the directory at its port, as a process of its own would."""
    service = next(one for one in all_services() if one.name == "directory")
    stop = asyncio.Event()
    ready: asyncio.Future[list[Running]] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(
        serve(
            settings,
            [service],
            ports={"directory": settings.port},
            on_ready=ready.set_result,
            stop=stop,
        )
    )
    [running] = await asyncio.wait_for(ready, STARTED_SECONDS)
    try:
        await until(lambda: not running.callers.stale(), STARTED_SECONDS)
        address = f"http://127.0.0.1:{settings.port}"
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=60) as client:
            yield client
    finally:
        stop.set()
        await serving


async def until(true: Callable[[], bool], within_seconds: float) -> float:
    """Wait until the condition is true and return the seconds it took; fail if it takes longer than allowed."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within_seconds, "it took too long"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


@contextlib.asynccontextmanager
async def served(settings: Settings, *names: str) -> AsyncIterator[RunningServices]:
    """Run services as a process of its own would, until the end of the block or a signal."""
    services = [one for one in all_services() if one.name in names]
    stop = asyncio.Event()
    ready: asyncio.Future[list[Running]] = asyncio.get_running_loop().create_future()
    ports = dict.fromkeys(names, settings.port)
    serving = asyncio.create_task(serve(settings, services, ports=ports, on_ready=ready.set_result, stop=stop))
    try:
        running = await asyncio.wait_for(ready, STARTED_SECONDS)
        address = f"http://127.0.0.1:{settings.port}"
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=60) as client:
            yield RunningServices(settings.port, client, running)
    finally:
        stop.set()
        await serving


@contextlib.asynccontextmanager
async def requests(settings: Settings, directory_port: int) -> AsyncIterator[Client]:
    """Run requests as a process of its own would, with the directory at that port."""
    [service] = [one for one in all_services() if one.name == "requests"]
    async with started_services(settings, [service], ports={"directory": directory_port, "requests": 0}) as [running]:
        app = application([running], verifier(settings, running.callers), settings=settings)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


async def until_answered(client: Client, who: str, status: int, within_seconds: float) -> httpx.Response:
    began = time.monotonic()
    while (answer := await client.get(PATH, headers=headers(who))).status_code != status:
        assert time.monotonic() - began < within_seconds, f"{who}: still {answer.status_code} {answer.text}"
        await asyncio.sleep(0.05)
    return answer
