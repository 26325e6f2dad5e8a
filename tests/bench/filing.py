"""Filing a request, `POST /v1/requests`, compared with the least possible cost and with a common implementation."""

import pickle
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from statistics import median
from typing import Any
from uuid import uuid4

import msgspec

from chassis.db.migrate import role_of
from services.demo.samples import shift_to_today
from tests.bench.figures import Aim, Comparison, Row, Run, cpu_seconds, family_cpu_seconds, resident_mb
from tests.bench.recording import record_filing
from tests.bench.servers import Child, Servers, run_child, serving
from tests.personas import persona_id

FILER = "KEN:focal_point"
CLIENTS = 32
ALONE = 1
WARM_UP_SECONDS = 0.5
APP, SAME, INSERT, PEER = "the application", "the same statements", "one insert", "the peer"
ROUTE = "a bare route"
FIGURES = ("rate", "p50_ms", "p99_ms", "app_us", "postgres_us", "resident_mb")
BENCH_ROW = "CREATE TABLE requests.bench_row (id uuid PRIMARY KEY, body json NOT NULL)"

Say = Callable[[str], None]


def sample_request() -> dict[str, Any]:
    """Return a request of the sample world with two lines, marked as fictitious."""
    first: dict[str, Any] = msgspec.json.decode(shift_to_today("requests.json", today=datetime.now(UTC).date()))[0]
    assert first["as"] == FILER, "FILER files this request in the sample world"
    return dict(first["body"])


def token(servers: Servers) -> str:
    return servers.issuer.token(persona_id(FILER))


async def compare(servers: Servers, *, rounds: int, seconds: float, say: Say) -> Comparison:
    """Run every variant once in each round, so that other load on the machine affects all of them."""
    bench = await _Bench.prepare(servers)
    runs: dict[tuple[str, int], list[Run]] = {}
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(serving("app", **bench.app_task()))
        peer = await stack.enter_async_context(serving("peer", **bench.peer_task()))
        route = await stack.enter_async_context(serving("route", **bench.route_task()))
        variants: Mapping[str, Callable[[int, float], Any]] = {
            APP: lambda clients, s: bench.over_http(app, "bench_app", clients, s),
            ROUTE: lambda clients, s: bench.over_http(route, None, clients, s),
            SAME: lambda clients, s: bench.bare("same", clients, s),
            INSERT: lambda clients, s: bench.bare("insert", clients, s),
            PEER: lambda clients, s: bench.over_http(peer, None, clients, s),
        }
        for number in range(1, rounds + 1):
            for clients, share in ((CLIENTS, 1.0), (ALONE, 0.5)):
                for name, variant in variants.items():
                    run: Run = await variant(clients, seconds * share)
                    runs.setdefault((name, clients), []).append(run)
                    say(
                        f"round {number}/{rounds}, {clients:>2} clients, {name:19} {run.rate:7.0f}/s  "
                        f"p50 {run.p50_ms:6.2f}  p99 {run.p99_ms:6.2f} ms"
                    )
    return _comparison(runs)


class _Bench:
    def __init__(self, servers: Servers, statements: str) -> None:
        self._servers = servers
        self._statements = statements

    @classmethod
    async def prepare(cls, servers: Servers) -> "_Bench":
        """Create a database per variant, so that none reads another's rows; record the statements of a real call."""
        for name in ("bench_app", "bench_bare"):
            await servers.make_database(name)
        await servers.execute("postgres", "CREATE DATABASE bench_peer")
        await servers.execute("bench_bare", BENCH_ROW)
        await servers.execute("bench_bare", f"GRANT INSERT ON requests.bench_row TO {role_of('requests')}")
        headers = {"Authorization": f"Bearer {token(servers)}", "Idempotency-Key": str(uuid4())}
        statements = await record_filing(servers.settings("bench_bare"), headers, sample_request())
        file = servers.folder / "statements.pickle"
        file.write_bytes(pickle.dumps(statements))
        return cls(servers, str(file))

    def app_task(self) -> dict[str, Any]:
        settings = self._servers.settings("bench_app")
        return {
            "state": str(settings.state),
            "database_url": settings.database_url,
            "nats_url": settings.nats_url,
            "nats_urls": dict(settings.nats_urls),
            "services": ["requests"],
            "notes": None,
        }

    def peer_task(self) -> dict[str, Any]:
        return {
            "database_url": self._servers.postgres.dsn("bench_peer"),
            "keys": str(self._servers.folder / "issuer.jwks.json"),
        }

    def route_task(self) -> dict[str, Any]:
        return {
            "database_url": self._servers.postgres.dsn("bench_bare"),
            "nats_url": self._servers.nats.url("requests"),
            "statements": self._statements,
        }

    async def over_http(self, server: Child, drained: str | None, clients: int, seconds: float) -> Run:
        before = cpu_seconds(server.pid), family_cpu_seconds(self._servers.postgres.pid)
        said = await run_child(
            "client",
            port=server.port,
            path="/v1/requests",
            token=token(self._servers),
            body=sample_request(),
            clients=clients,
            seconds=seconds,
            warm_up_seconds=WARM_UP_SECONDS,
        )
        assert set(said["statuses"]) == {"201"}, f"only 201 counts: {said['statuses']}"
        if drained:  # the relay's work counts as the application's
            await self._servers.drained(drained, "requests")
        after = cpu_seconds(server.pid), family_cpu_seconds(self._servers.postgres.pid)
        return Run(
            done=said["done"],
            seconds=said["seconds"],
            p50_ms=said["p50_ms"],
            p99_ms=said["p99_ms"],
            app_us=(after[0] - before[0]) / said["sent"] * 1e6,
            postgres_us=(after[1] - before[1]) / said["sent"] * 1e6,
            resident_mb=resident_mb(server.pid),
        )

    async def bare(self, variant: str, clients: int, seconds: float) -> Run:
        before = family_cpu_seconds(self._servers.postgres.pid)
        said = await run_child(
            "bare",
            variant=variant,
            database_url=self._servers.postgres.dsn("bench_bare"),
            statements=self._statements,
            clients=clients,
            seconds=seconds,
            warm_up_seconds=WARM_UP_SECONDS,
        )
        return Run(
            done=said["done"],
            seconds=said["seconds"],
            p50_ms=said["p50_ms"],
            p99_ms=said["p99_ms"],
            app_us=said["cpu_seconds"] / said["sent"] * 1e6,
            postgres_us=(family_cpu_seconds(self._servers.postgres.pid) - before) / said["sent"] * 1e6,
            resident_mb=said["resident_mb"],
        )


def _comparison(runs: Mapping[tuple[str, int], list[Run]]) -> Comparison:
    def ratio(figure: str, above: str, below: str, clients: int = CLIENTS) -> float:
        """Return the median of the ratios within each round, since a disturbance of a round affects both sides."""
        pairs = zip(runs[above, clients], runs[below, clients], strict=True)
        return median(getattr(one, figure) / getattr(other, figure) for one, other in pairs)

    rows: list[Row] = [("", ("/s", "p50 ms", "p99 ms", "app µs", "PG µs", "MB"))]
    for (name, clients), of_rounds in runs.items():
        figures = [median(getattr(run, figure) for run in of_rounds) for figure in FIGURES]
        cells = [f"{value:.{digits}f}" for value, digits in zip(figures, (0, 2, 2, 0, 0, 0), strict=True)]
        rows.append((f"{name}, {clients} clients" if clients > 1 else f"{name}, one client", tuple(cells)))
    return Comparison(
        title="Filing a request: POST /v1/requests, two lines, durable, everything on",
        figures=rows,
        aims=[
            Aim(what="rate : the same statements by bare asyncpg", ratio=ratio("rate", APP, SAME), at_least=0.7),
            # The part that HTTP and the broker take on these processors before the application does anything.
            Aim(what="rate : the same statements behind a bare route", ratio=ratio("rate", APP, ROUTE)),
            Aim(what="that bare route's rate : the same statements by bare asyncpg", ratio=ratio("rate", ROUTE, SAME)),
            # If the processors are the limit, as here with few of them, the rate cannot be above this.
            Aim(what="CPU per request, the same statements by bare asyncpg : ours", ratio=ratio("cpu_us", SAME, APP)),
            Aim(what="rate : one insert by bare asyncpg", ratio=ratio("rate", APP, INSERT)),
            Aim(what="rate : the FastAPI + SQLAlchemy peer's", ratio=ratio("rate", APP, PEER), at_least=3.0),
            Aim(what="CPU per request, app and PostgreSQL : the peer's", ratio=ratio("cpu_us", APP, PEER), at_most=0.2),
            Aim(what="p99 : the peer's", ratio=ratio("p99_ms", APP, PEER), at_most=0.2),
            Aim(what="p99 : bare asyncpg's", ratio=ratio("p99_ms", APP, SAME), at_most=5.0),
            Aim(what="one client, p50 : bare asyncpg's", ratio=ratio("p50_ms", APP, SAME, ALONE), at_most=2.5),
            Aim(what="memory of the process : the peer's", ratio=ratio("resident_mb", APP, PEER), at_most=1.0),
        ],
    )
