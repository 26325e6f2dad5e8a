"""What policy and row-level security cost: the same list and detail handlers, beside a database that hides nothing.

Both read the same rows in the same transaction with the same words to PostgreSQL. Beside the application stands one
whose role passes row-level security by, whose `may_see` is `true` in SQL, and whose policy says yes in Python.
"""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from statistics import median
from typing import Any

from chassis.auth import persona_id
from tests.bench.figures import Aim, Comparison, Row, Run, cpu_seconds, family_cpu_seconds, resident_mb
from tests.bench.filing import sample_request
from tests.bench.ground import Child, Ground, carried_out, serving

WALLED, OPEN = "bench_walled", "bench_open"
STATES = ("KEN", "UGA", "PER", "NPL", "ALB")
FILED_BY_EACH = 1000
CLIENTS = 16
WARM_UP_SECONDS = 0.5
COST_MAX = 0.2

SEEN_BY_ALL = """
    CREATE OR REPLACE FUNCTION requests.may_see(r requests.request, organization text, role text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE RETURN true
"""
CIRCULATED = "UPDATE requests.request SET status = 'open'"
NEWEST = "SELECT request_id::text FROM requests.request ORDER BY request_id DESC LIMIT 1"
READS: Mapping[str, tuple[str, str]] = {
    "own list": ("ALB:focal_point", "/v1/requests"),
    "coordinator's list": ("UNODC:coordinator", "/v1/requests"),
    "provider's list": ("NOR:provider_officer", "/v1/requests"),
    "own detail": ("ALB:focal_point", "/v1/requests/{newest}"),
    "provider's detail": ("NOR:provider_officer", "/v1/requests/{newest}"),
}

Say = Callable[[str], None]


async def compare(ground: Ground, *, rounds: int, seconds: float, say: Say) -> Comparison:
    await ground.make_database(WALLED)
    say(f"filing {FILED_BY_EACH} requests for each of {len(STATES)} States")
    await _file(ground)
    await ground.execute(WALLED, CIRCULATED)
    await ground.execute("postgres", f"CREATE DATABASE {OPEN} TEMPLATE {WALLED}")
    await ground.execute(OPEN, SEEN_BY_ALL)
    for database in (WALLED, OPEN):
        await ground.execute(database, "ANALYZE")
    newest = await ground.execute(WALLED, NEWEST)
    runs: dict[tuple[str, str], list[Run]] = {}
    async with AsyncExitStack() as stack:
        servers = {
            name: await stack.enter_async_context(serving("app", **_app_task(ground, name))) for name in (WALLED, OPEN)
        }
        for number in range(1, rounds + 1):
            for read, (appointment, path) in READS.items():
                for name, server in servers.items():
                    run = await _run(ground, server, appointment, path.format(newest=newest), seconds)
                    runs.setdefault((read, name), []).append(run)
                    say(f"round {number}/{rounds}, {read:18} {name.removeprefix('bench_'):6} {run.rate:7.0f}/s")
    return _comparison(runs)


def _app_task(ground: Ground, database: str) -> dict[str, Any]:
    settings = ground.settings(database)
    return {
        "state": str(settings.state),
        "database_url": settings.database_url,
        "nats_url": settings.nats_url,
        "nats_urls": dict(settings.nats_urls),
        "services": ["requests"],
        "notes": None,
        "open": database == OPEN,
    }


async def _file(ground: Ground) -> None:
    """One State after the other, so that the first ones' requests are far from the newest."""
    async with serving("app", **_app_task(ground, WALLED)) as app:
        for state in STATES:
            filed = 0
            while filed < FILED_BY_EACH:
                said = await _asked(ground, app, f"{state}:focal_point", "/v1/requests", sample_request(), 0.5)
                assert set(said["statuses"]) == {"201"}, f"only 201 counts: {said['statuses']}"
                filed += said["sent"]
        await ground.drained(WALLED, "requests")


async def _asked(
    ground: Ground, server: Child, appointment: str, path: str, body: dict[str, Any] | None, seconds: float
) -> dict[str, Any]:
    said: dict[str, Any] = await carried_out(
        "client",
        port=server.port,
        path=path,
        token=ground.issuer.token(persona_id(appointment), [appointment]),
        body=body,
        clients=CLIENTS,
        seconds=seconds,
        warm_up_seconds=WARM_UP_SECONDS,
    )
    return said


async def _run(ground: Ground, server: Child, appointment: str, path: str, seconds: float) -> Run:
    before = cpu_seconds(server.pid), family_cpu_seconds(ground.postgres.pid)
    said = await _asked(ground, server, appointment, path, None, seconds)
    assert set(said["statuses"]) == {"200"}, f"only 200 counts: {said['statuses']}"
    after = cpu_seconds(server.pid), family_cpu_seconds(ground.postgres.pid)
    return Run(
        done=said["done"],
        seconds=said["seconds"],
        p50_ms=said["p50_ms"],
        p99_ms=said["p99_ms"],
        app_us=(after[0] - before[0]) / said["sent"] * 1e6,
        postgres_us=(after[1] - before[1]) / said["sent"] * 1e6,
        resident_mb=resident_mb(server.pid),
    )


def _comparison(runs: Mapping[tuple[str, str], list[Run]]) -> Comparison:
    rows: list[Row] = [("", ("/s", "p50 ms", "p99 ms", "app µs", "PG µs"))]
    for (read, name), of_rounds in runs.items():
        figures = [
            median(getattr(run, figure) for run in of_rounds)
            for figure in ("rate", "p50_ms", "p99_ms", "app_us", "postgres_us")
        ]
        cells = tuple(f"{value:.{digits}f}" for value, digits in zip(figures, (0, 2, 2, 0, 0), strict=True))
        rows.append((f"{read}, {'nothing hidden' if name == OPEN else 'the application'}", cells))

    def cost(read: str) -> float:
        pairs = zip(runs[read, WALLED], runs[read, OPEN], strict=True)
        return 1 - median(walled.rate / open_.rate for walled, open_ in pairs)

    return Comparison(
        title=f"Reading requests, of {len(STATES)} States with {FILED_BY_EACH} and more each: what hiding costs",
        figures=rows,
        aims=[
            Aim(what=f"part of the rate that hiding costs: {read}", ratio=cost(read), at_most=COST_MAX)
            for read in READS
        ],
    )
