"""The cost of the policy and of row-level security, measured on the handlers of the list and the detail.

The application is compared with one that hides nothing: its role bypasses row-level security, its `seen` in SQL shows
everything, and its policy in Python allows everything. Both read the same rows in the same transaction with the same
statements. Also measures how long the application takes to answer that there is no such request, if it is another
State's and if it does not exist.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from statistics import mean, median
from typing import Any
from uuid import uuid4

from tests.bench.figures import Aim, Comparison, Row, Run, median_between
from tests.bench.filing import sample_request
from tests.bench.servers import Servers, run_child, serving
from tests.personas import persona_id

PROTECTED, OPEN = "bench_protected", "bench_open"
STATES = ("KEN", "UGA", "PER", "NPL", "ALB")
FILED_BY_EACH = 1000
CLIENTS = 16
ALONE = 1
WARM_UP_SECONDS = 0.5
TURN_SECONDS = 0.2
TURN_WARM_UP_SECONDS = 0.05
COST_MAX = 0.2
HIDDEN = "time of another State's id : time of a random id"

SEEN_BY_ALL = """
    CREATE OR REPLACE FUNCTION requests.seen(id uuid, r requests.request, organization text, role text)
    RETURNS TABLE (words boolean, institution boolean) LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC SELECT true, true; END
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

OTHERS = "KEN:focal_point"
"""Focal point of a State that has not filed the newest request."""

Say = Callable[[str], None]
Turn = tuple[Run, Run]
"""Runs of the application and of the one that hides nothing; or for another State's request and for an absent one."""


async def compare(servers: Servers, *, rounds: int, seconds: float, say: Say) -> Comparison:
    await servers.make_database(PROTECTED)
    say(f"filing {FILED_BY_EACH} requests for each of {len(STATES)} States")
    await _file(servers)
    await servers.execute(PROTECTED, CIRCULATED)
    await servers.execute("postgres", f"CREATE DATABASE {OPEN} TEMPLATE {PROTECTED}")
    await servers.execute(OPEN, SEEN_BY_ALL)
    for database in (PROTECTED, OPEN):
        await servers.execute(database, "ANALYZE")
    newest = await servers.execute(PROTECTED, NEWEST)
    turns: dict[str, list[Turn]] = {}
    absent: list[Turn] = []
    async with AsyncExitStack() as stack:
        walled, open_ = [
            await stack.enter_async_context(serving("app", **_app_task(servers, name))) for name in (PROTECTED, OPEN)
        ]
        for number in range(1, rounds + 1):
            for read, (appointment, path) in READS.items():
                calls = [
                    {"port": server.port, "pid": server.pid, "path": path.format(newest=newest)}
                    for server in (walled, open_)
                ]
                those = await _by_turns(servers, appointment, *calls, seconds=seconds)
                turns.setdefault(read, []).extend(those)
                say(
                    f"round {number}/{rounds}, {read:18} {median(_costs(those)):6.2f} of {median(o.rate for _, o in those):.0f}/s"
                )
            ids = (newest, str(uuid4()))
            calls = [{"port": walled.port, "pid": walled.pid, "path": f"/v1/requests/{one}"} for one in ids]
            absent += await _by_turns(servers, OTHERS, *calls, seconds=seconds, clients=ALONE, status=404)
    return _comparison(turns, absent)


def _app_task(servers: Servers, database: str) -> dict[str, Any]:
    settings = servers.settings(database)
    return {
        "state": str(settings.state),
        "database_url": settings.database_url,
        "nats_url": settings.nats_url,
        "nats_urls": dict(settings.nats_urls),
        "services": ["requests"],
        "notes": None,
        "open": database == OPEN,
    }


async def _file(servers: Servers) -> None:
    """File requests of one State after another, so that those of the first States are far from the newest."""
    async with serving("app", **_app_task(servers, PROTECTED)) as app:
        for state in STATES:
            filed = 0
            while filed < FILED_BY_EACH:
                said = await run_child(
                    "client",
                    port=app.port,
                    path="/v1/requests",
                    token=_token(servers, f"{state}:focal_point"),
                    body=sample_request(),
                    clients=CLIENTS,
                    seconds=0.5,
                    warm_up_seconds=WARM_UP_SECONDS,
                )
                assert set(said["statuses"]) == {"201"}, f"only 201 counts: {said['statuses']}"
                filed += said["sent"]
        await servers.drained(PROTECTED, "requests")


def _token(servers: Servers, appointment: str) -> str:
    return servers.issuer.token(persona_id(appointment))


async def _by_turns(
    servers: Servers,
    appointment: str,
    a: dict[str, Any],
    b: dict[str, Any],
    *,
    seconds: float,
    clients: int = CLIENTS,
    status: int = 200,
) -> list[Turn]:
    """Run two calls in short turns, `seconds` each; only answers with this status count."""
    said = await run_child(
        "client",
        token=_token(servers, appointment),
        body=None,
        clients=clients,
        expected=[status],
        postgres_pid=servers.postgres.pid,
        a=a,
        b=b,
        turns=max(1, round(seconds / TURN_SECONDS)),
        seconds=TURN_SECONDS,
        warm_up_seconds=TURN_WARM_UP_SECONDS,
    )
    assert all(set(one["statuses"]) == {str(status)} for turn in said for one in turn.values()), f"only {status} counts"
    return [(_run(turn["a"]), _run(turn["b"])) for turn in said]


def _run(said: dict[str, Any]) -> Run:
    return Run(
        done=said["done"],
        seconds=said["seconds"],
        p50_ms=said["p50_ms"],
        p99_ms=said["p99_ms"],
        app_us=said["app_seconds"] / said["sent"] * 1e6,
        postgres_us=said["postgres_seconds"] / said["sent"] * 1e6,
    )


def _costs(turns: list[Turn]) -> list[float]:
    return [1 - walled.rate / open_.rate for walled, open_ in turns]


def _comparison(turns: Mapping[str, list[Turn]], absent: list[Turn]) -> Comparison:
    rows: list[Row] = [("", ("/s", "p50 ms", "p99 ms", "app µs", "PG µs"))]
    for read, of_read in turns.items():
        for name, runs in zip(("the application", "nothing hidden"), zip(*of_read, strict=True), strict=True):
            rows.append((f"{read}, {name}", _cells(runs)))
    for name, runs in zip(("another State's id", "a random id"), zip(*absent, strict=True), strict=True):
        rows.append((f"{name}, one client", _cells(runs)))
    times = [others.p50_ms / nobodys.p50_ms for others, nobodys in absent]
    return Comparison(
        title=f"Reading requests, of {len(STATES)} States with {FILED_BY_EACH} and more each: what hiding costs",
        figures=rows,
        aims=[aim for read, of_read in turns.items() for aim in _aims(read, of_read)]
        + [Aim(what=HIDDEN, ratio=median(times), between=median_between(times))],
    )


def _aims(read: str, turns: list[Turn]) -> tuple[Aim, Aim]:
    """Return the aims of rate and CPU. On a busy machine the CPU varies less and says nearly the same."""
    costs = _costs(turns)
    walled, open_ = (mean(run.cpu_us for run in runs) for runs in zip(*turns, strict=True))
    return (
        Aim(
            what=f"part of the rate that hiding costs: {read}",
            ratio=median(costs),
            between=median_between(costs),
            at_most=COST_MAX,
        ),
        Aim(what="  of the CPU, app and PostgreSQL", ratio=1 - open_ / walled),
    )


def _cells(runs: Sequence[Run]) -> tuple[str, ...]:
    """Return medians of the turns. CPU is a mean, because it is counted in ticks, too coarse for one turn."""
    rate, p50, p99 = (median(getattr(run, figure) for run in runs) for figure in ("rate", "p50_ms", "p99_ms"))
    app, postgres = (mean(getattr(run, figure) for run in runs) for figure in ("app_us", "postgres_us"))
    return f"{rate:.0f}", f"{p50:.2f}", f"{p99:.2f}", f"{app:.0f}", f"{postgres:.0f}"
