"""Steps for tests of event streams: services that listen at a port, and a client that reads the stream."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx
from msgspec import Struct
from msgspec.structs import replace

from chassis import clock, runtime
from chassis.db.database import Database
from chassis.embedded import free_port
from chassis.http.application import application
from chassis.http.event_streams import EventStreams
from chassis.service import Running
from chassis.settings import Settings
from chassis.supervise import cancel, supervised
from contracts.callers import CallerChanges
from tests.builders import a_request, headers
from tests.conftest import running_of
from tests.personas import persona_id

SECONDS_MAX = 10.0


class ReceivedEvent(Struct, frozen=True):
    """An event that a listener has received."""

    id: str
    data: dict[str, Any]


class Listener:
    """A client that reads a stream line by line, as the standard says."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.retry: int | None = None
        self.last_id = ""
        self.comments = 0
        self._received: asyncio.Queue[ReceivedEvent | None] = asyncio.Queue()
        self._begun = asyncio.Event()

    async def read(self) -> None:
        """Read until the stream ends."""
        data: list[str] = []
        with contextlib.suppress(httpx.RemoteProtocolError):
            async for line in self.answer.aiter_lines():
                name, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if name == "id":
                    self.last_id = value
                elif name == "retry":
                    self.retry = int(value)
                elif name == "data":
                    data.append(value)
                elif line:
                    self.comments += 1
                else:
                    self._begun.set()
                    if data:
                        self._received.put_nowait(ReceivedEvent(self.last_id, json.loads("\n".join(data))))
                        data = []
        self._received.put_nowait(None)

    async def begun(self) -> None:
        """Wait for the first block, which has no event: from then on no event is missed."""
        await asyncio.wait_for(self._begun.wait(), SECONDS_MAX)

    async def next(self, seconds: float = SECONDS_MAX) -> ReceivedEvent:
        """Return the next event; fail if there is none in this time."""
        event = await asyncio.wait_for(self._received.get(), seconds)
        assert event is not None, "the stream has ended"
        return event

    async def rest(self, seconds: float = SECONDS_MAX) -> list[ReceivedEvent]:
        """Return all events until the stream ends; fail if it does not end in this time."""
        found: list[ReceivedEvent] = []
        async with asyncio.timeout(seconds):
            while (event := await self._received.get()) is not None:
                found.append(event)
        return found

    async def nothing(self, seconds: float = 1.5) -> None:
        """Fail if an event arrives in this time, or the stream ends."""
        with contextlib.suppress(TimeoutError):
            event = await asyncio.wait_for(self._received.get(), seconds)
            raise AssertionError(event or "it has ended")


class RunningServices:
    """Services that listen at a port, as one process."""

    def __init__(self, port: int, client: httpx.AsyncClient, running: Sequence[Running]) -> None:
        self.port = port
        self.client = client
        self.running = running

    @contextlib.asynccontextmanager
    async def listen(
        self, path: str, appointment: str = "KEN:focal_point", after: str | None = None, **more: str
    ) -> AsyncIterator[Listener]:
        sent = headers(appointment) | more | ({"Last-Event-ID": after} if after is not None else {})
        async with self.client.stream("GET", path, headers=sent) as answer:
            assert answer.status_code == 200, await answer.aread()
            listener = Listener(answer)
            reading = asyncio.create_task(listener.read())
            try:
                await listener.begun()
                yield listener
            finally:
                await cancel({reading})

    def end(self, appointment: str) -> None:
        """Apply the end of an appointment, as if received from the directory."""
        (held,) = self.running[0].callers.in_force(persona_id(appointment), clock.now())
        ended = replace(held, ended=True, version=held.version + 1)
        self.running[0].callers.apply(
            CallerChanges(holdings=[ended], people=[], after="0.0", more=False), asked_at=float("inf")
        )

    async def refused(self, path: str, appointment: str = "KEN:focal_point", **more: str) -> tuple[int, str]:
        """Return the status and the slug of an answer that is not a stream."""
        answer = await self.client.get(path, headers=headers(appointment) | more)
        return answer.status_code, answer.json()["slug"]


@contextlib.asynccontextmanager
async def serve_at_a_port(
    settings: Settings, databases: Mapping[str, Database], *names: str
) -> AsyncIterator[RunningServices]:
    running = running_of(settings, databases, *names)
    verifier = runtime.verifier(settings, running[0].callers)
    streams = EventStreams.of(settings, verifier)
    app = application(running, verifier, settings=settings, event_streams=streams)
    server, port = runtime.http_server(app, "127.0.0.1", 0), free_port()
    loops = {f"{one.name} look": one.event_feed.keep_polling for one in running} | {"callers": streams.keep_checking}
    async with supervised(loops):
        serving = asyncio.create_task(server.serve(sockets=[runtime.listener("127.0.0.1", port)]))
        try:
            while not server.started:
                await asyncio.sleep(0.01)
            address, limits = f"http://127.0.0.1:{port}", httpx.Limits(max_connections=1000)
            async with httpx.AsyncClient(base_url=address, trust_env=False, limits=limits, timeout=60) as client:
                yield RunningServices(port, client, running)
        finally:
            streams.close()
            server.should_exit = True
            await serving


async def filed(services: RunningServices, appointment: str = "KEN:focal_point", **changes: Any) -> dict[str, Any]:
    answer = await services.client.post("/v1/requests", json=a_request(**changes), headers=headers(appointment))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
