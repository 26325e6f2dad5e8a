"""Time from a submission's 201 to the committed suggestion, compared with the least for two services and a broker."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import msgspec

from chassis.journal.streams import watch
from services.demo.people import Api
from services.demo.samples import shift_to_today
from tests.bench.app import SUGGESTED
from tests.bench.figures import Aim, Comparison, Row, cpu_seconds, family_cpu_seconds, percentile
from tests.bench.filing import sample_request, token
from tests.bench.many_offerings import load
from tests.bench.servers import ADMINISTRATOR, Child, ChildError, Servers, run_child, serving
from tests.personas import persona_id

RATE = 50.0
"""Arrivals a second, at random times: far below what either can do, so that the path is measured and not a queue.

Each arrival is six transactions here, one of them a suggestion for two lines, and five facts published and received.
"""

SETTLE_SECONDS = 30.0
COORDINATOR = "UNODC:coordinator"
DATABASE = "bench_suggestion"

Say = Callable[[str], None]
Times = Mapping[str, Sequence[float]]
"""Seconds of each request, by the step that was timed."""
Cpu = tuple[float, float]
"""CPU of the application and of PostgreSQL."""


async def compare(servers: Servers, *, rounds: int, seconds: float, say: Say, many: int = 0) -> Comparison:
    """Compare with the 40 offerings of the sample world, or with `many` made-up ones."""
    await servers.make_database(DATABASE)
    if many:
        await _load_many(servers, many if seconds > 1 else many // 100)
    await servers.execute("postgres", "CREATE DATABASE bench_floor")
    notes = servers.folder / "suggestions"
    taken: dict[str, list[Times]] = {"path": [], "floor": []}
    cpu: list[Cpu] = []
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(serving("app", **_app_task(servers, notes)))
        count = many or await _load_offerings(servers, app)
        say(f"{count:,} offerings loaded")
        # Until the offerings are in memory, PostgreSQL is asked, which is another path.
        await asyncio.sleep(seconds * 5 if many else 0)
        for number in range(1, rounds + 1):
            # The first requests of a process find cold caches and new connections: they are sent before the
            # measurement.
            if number == 1:
                await _path(servers, app, notes, seconds=1.0, seed=0)
            before = _cpu(servers, app)
            taken["path"].append(await _path(servers, app, notes, seconds=seconds * 2, seed=number))
            cpu.append(_cpu_since(before, _cpu(servers, app), len(taken["path"][-1]["POST → 201"])))
            taken["floor"].append(await _floor(servers, seconds=seconds * 2, seed=number))
            for name, times in ((name, rounds_[-1]) for name, rounds_ in taken.items()):
                figures = ", ".join(f"{what} {percentile(ts, 0.5) * 1000:.2f}" for what, ts in times.items())
                say(f"round {number}/{rounds}, {name:6} p50 ms: {figures}")
            say(f"round {number}/{rounds}, CPU ms: application {cpu[-1][0]:.2f}, PostgreSQL {cpu[-1][1]:.2f}")
    return _comparison(taken["path"], taken["floor"], cpu, count)


def _cpu(servers: Servers, app: Child) -> Cpu:
    return cpu_seconds(app.pid), family_cpu_seconds(servers.postgres.pid)


def _cpu_since(before: Cpu, after: Cpu, submissions: int) -> Cpu:
    """Return the milliseconds per submission."""
    app, postgres = ((end - begin) / submissions * 1000 for begin, end in zip(before, after, strict=True))
    return app, postgres


async def _load_many(servers: Servers, count: int) -> None:
    connection = await asyncpg.connect(servers.postgres.dsn(DATABASE))
    try:
        await load(connection, 0, count)
    finally:
        await connection.close()


def _app_task(servers: Servers, notes: Path) -> dict[str, Any]:
    settings = servers.settings(DATABASE)
    return {
        "state": str(settings.state),
        "database_url": settings.database_url,
        "nats_url": settings.nats_url,
        "nats_urls": dict(settings.nats_urls),
        "services": ["requests", "matching"],
        "notes": str(notes),
    }


async def _load_offerings(servers: Servers, app: Child) -> int:
    """Load the offerings of the sample world and approve them; return their number."""
    api = Api({name: f"http://127.0.0.1:{app.port}" for name in ("requests", "matching")}, servers.issuer)
    samples = msgspec.json.decode(shift_to_today("offerings.json", today=datetime.now(UTC).date()))
    try:
        for number, sample in enumerate(samples):
            body = {**sample["body"], "submit": True}
            who, step = persona_id(sample["as"]), str(number)
            offering = await api.post(sample["as"], "/v1/offerings", body, step=step, person=who)
            path, revision = f"/v1/offerings/{offering['offering_id']}/approve", offering["revision"]
            await api.post(COORDINATOR, path, {}, step=step, person=persona_id(COORDINATOR), revision=revision)
    finally:
        await api.close()
    return len(samples)


async def _path(servers: Servers, app: Child, notes: Path, *, seconds: float, seed: int) -> Times:
    """Return the application's times, counted from the moment at which the client had its 201."""
    async with watch(servers.nats.url(ADMINISTRATOR)) as events:
        seen: dict[str, float] = {}
        watching = asyncio.create_task(_watch(events, seen))
        said = await run_child(
            "client",
            port=app.port,
            path="/v1/requests",
            token=token(servers),
            body=sample_request(),
            rate=RATE,
            seconds=seconds,
            seed=seed,
        )
        assert not said["refused"], f"only 201 counts: {said['refused'][:5]}"
        answers: Mapping[str, tuple[float, float]] = said["answers"]
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                while not answers.keys() <= seen.keys():
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            missing = len(answers.keys() - seen.keys())
            raise ChildError(f"{missing} of {len(answers)} submissions have no suggestion yet") from error
        finally:
            watching.cancel()
    committed = dict(line.split() for line in notes.read_text().splitlines())
    return {
        "POST → 201": [answered - sent for sent, answered in answers.values()],
        "201 → suggestion committed": [float(committed[name]) - answered for name, (_, answered) in answers.items()],
        "201 → seen on the stream": [seen[name] - answered for name, (_, answered) in answers.items()],
    }


async def _watch(events: asyncio.Queue[Any], seen: dict[str, float]) -> None:
    while True:
        event = await events.get()
        if event.type == SUGGESTED:
            seen.setdefault(event.correlationid, time.monotonic())


async def _floor(servers: Servers, *, seconds: float, seed: int) -> Times:
    said: Times = await run_child(
        "floor",
        database_url=servers.postgres.dsn("bench_floor"),
        nats_url=servers.nats.url(ADMINISTRATOR),
        rate=RATE,
        seconds=seconds,
        seed=seed,
    )
    return said


def _comparison(path: Sequence[Times], floor: Sequence[Times], cpu: Sequence[Cpu], offerings: int) -> Comparison:
    def figure(rounds: Sequence[Times], what: str, part: float) -> float:
        return median(percentile(times[what], part) * 1000 for times in rounds)

    whole, sum_of_p99s = "whole", sum(figure(floor, what, 0.99) for what in floor[0] if what != "whole")
    committed, stream = "201 → suggestion committed", "201 → seen on the stream"
    rows: list[Row] = [("milliseconds", ("p50", "p99"))]
    for title, rounds in (("", path), ("floor: ", floor)):
        for what in rounds[0]:
            rows.append((title + what, (f"{figure(rounds, what, 0.5):.2f}", f"{figure(rounds, what, 0.99):.2f}")))
    app_ms, postgres_ms = (median(figures) for figures in zip(*cpu, strict=True))
    rows.append(("CPU milliseconds of a submission", ("application", "PostgreSQL", "both")))
    rows.append(("", (f"{app_ms:.2f}", f"{postgres_ms:.2f}", f"{app_ms + postgres_ms:.2f}")))
    return Comparison(
        title=f"From the 201 of a submission to its suggestion: {RATE:g} submissions a second, {offerings:,} offerings",
        figures=rows,
        aims=[
            Aim(
                what="201 → suggestion committed, p50 : the floor's p50",
                ratio=figure(path, committed, 0.5) / figure(floor, whole, 0.5),
                at_most=3.0,
            ),
            Aim(
                what="201 → suggestion committed, p99 : sum of the floor's p99s",
                ratio=figure(path, committed, 0.99) / sum_of_p99s,
                at_most=6.0,
            ),
            Aim(
                what="201 → suggestion on the stream, p50 : the floor's p50",
                ratio=figure(path, stream, 0.5) / figure(floor, whole, 0.5),
            ),
        ],
    )
