"""The real application in a process of its own: uvicorn's socket, token, policy, idempotency, journal, relay."""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from chassis.event_loop import run
from chassis.runtime import serve
from chassis.service import Running
from chassis.settings import Settings
from chassis.telemetry import configure_logs
from contracts.facts import Event
from services.console.client import ApiClient
from services.requests import policy
from tests.bench.servers import READY, SERVICES, only_between
from tests.builders import UNHURRIED
from tests.personas import ISSUER

STREAMS = 1000
SUGGESTED = "matching.line.ranked.v1"


def note_suggestions(running: Sequence[Running], notes: Path) -> None:
    """Record the time at which the COMMIT of each suggestion returned, by its correlation."""
    matching = next(one for one in running if one.name == "matching")
    file = notes.open("a", buffering=1, encoding="ascii")
    pass_on = matching.db.on_commit

    def note(events: Sequence[Event]) -> None:
        now = time.monotonic()
        for correlation in {event.correlationid for event in events if event.type == SUGGESTED}:
            file.write(f"{correlation} {now}\n")
        pass_on(events)

    matching.db.on_commit = note


def note_calls(notes: Path) -> None:
    """Record the calls of the API that the pages make, and when each began and ended."""
    file = notes.open("a", buffering=1, encoding="ascii")
    send = ApiClient._send

    async def noted(self: ApiClient, method: str, path: str, *rest: Any) -> httpx.Response:
        began = time.monotonic()
        try:
            return await send(self, method, path, *rest)
        finally:
            file.write(json.dumps({"path": path, "began": began, "ended": time.monotonic()}) + "\n")

    ApiClient._send = noted


async def say_ready(running: Sequence[Running]) -> None:
    """Print READY once every service knows which callers may act; until then each answers 503."""
    while any(one.callers.stale() for one in running):
        await asyncio.sleep(0.01)
    print(READY, flush=True)


def let_everybody_see_everything() -> None:
    """Let the same handlers run without a policy; their database then has no policy in SQL either."""
    policy.decide = lambda *_: policy._WHOLE


async def main(task: dict[str, Any]) -> None:
    configure_logs(level="warning")
    if task.get("open"):
        let_everybody_see_everything()
    if task.get("calls"):
        note_calls(Path(task["calls"]))
    settings = Settings(
        state=Path(task["state"]),
        database_url=task["database_url"],
        # A service with a database address of its own connects as its user: here as one exempt from row-level security.
        database_urls={"requests": task["database_url"]} if task.get("open") else {},
        nats_url=task["nats_url"],
        nats_urls=task["nats_urls"],
        issuer=ISSUER,
        port=task["port"],
        catch_up_seconds=3600,
        # One caller files as fast as possible.
        writes=UNHURRIED,
        reads=UNHURRIED,
        # One reader opens as many pages as all readers together may.
        event_streams_each=STREAMS,
        event_streams_organization=STREAMS,
        event_streams_all=STREAMS,
    )
    # The directory is always needed, since it states which callers may act.
    services = only_between([SERVICES[name] for name in (*task["services"], "directory")])

    def on_ready(running: list[Running]) -> asyncio.Task[None]:
        if task["notes"]:
            note_suggestions(running, Path(task["notes"]))
        return asyncio.create_task(say_ready(running))

    await serve(settings, services, ports={s.name: settings.port for s in services}, on_ready=on_ready)


if __name__ == "__main__":
    run(main(json.load(sys.stdin)))
