"""The list of work, `GET /v1/work`, compared with the bare SQL of the same page, for 10,000 and for 100,000 requests.

SQL makes the rows from one filed request. Each page is read over HTTP with everything on, and by turns only its clocks
are read by SQL, with the same filter and order, in a role exempt from row-level security. Both sizes, and all pages,
take turns in each round; otherwise other load on the machine would count as growth, or against one page.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

import asyncpg

from tests.bench.client import Call, Connection, connect
from tests.bench.figures import Aim, Comparison, Row, percentile
from tests.bench.filing import sample_request
from tests.bench.servers import Servers, run_child, serving
from tests.personas import persona_id

DATABASE = "bench_desk"
SIZES = (10_000, 100_000)
COORDINATOR = "UNODC:coordinator"
CALLS_MIN, WARM_UP = 200, 2
"""Calls per page. Of 200, p95 is the tenth slowest; fewer would say little on a machine with other work."""

RATIO_MAX = 5.0
FLAT_MAX = 2.0

Say = Callable[[str], None]
Times = tuple[list[float], list[float]]
"""Seconds of our pages, and of the bare SQL."""

PAGES: Mapping[str, tuple[str, str, str]] = {
    "due": ("", "true", "due_at"),
    "since": ("sort=since", "true", "since"),
    "priority": ("sort=priority", "true", "requests.rank(c.priority), due_at"),
    "status": ("status=registered", "r.status = 'registered'", "due_at"),
    "state": ("state=ALB", "c.state = 'ALB'", "due_at"),
    "region": ("region=weog", "c.state IN ('ESP', 'NOR')", "due_at"),
    "kind": ("kind=witness_protection", "r.kinds && '{witness_protection}'", "due_at"),
    "topic": (
        "topic=electronic_evidence",
        "EXISTS (SELECT FROM requests.request_line l WHERE l.request_id = c.request_id AND l.topics && '{electronic_evidence}')",
        "due_at",
    ),
    "priority of one": ("priority=urgent", "c.priority = 'urgent'", "due_at"),
    "step": ("step=triage", "c.step = 'triage'", "due_at"),
    "assignee": ("assignee=me", "r.assignee = '{me}'", "due_at"),
    "overdue": ("overdue=true", "due_at <= now()", "due_at"),
}
"""Maps each page's name to its query, and to the condition and order of the bare SQL."""

COPY = """
    WITH copied AS (
        SELECT gen_random_uuid() AS request_id, n,
            (ARRAY['KEN', 'SEN', 'ALB', 'PER', 'NPL', 'UGA', 'ESP', 'NOR'])[1 + n % 8] AS state,
            (ARRAY['submitted', 'registered', 'open'])[1 + n % 3] AS status,
            (ARRAY[NULL, NULL, 'low', 'normal', 'high', 'urgent'])[1 + n % 6] AS priority,
            (ARRAY['mla_training', 'witness_protection', 'sherloc_training', 'case_management'])[1 + n % 4] AS kind,
            CASE WHEN n % 20 = 0 THEN '{me}'::uuid END AS assignee
        FROM generate_series({first}, {last}) AS n
    ), requests AS (
        INSERT INTO requests.request
        SELECT made.*
        FROM copied AS c, requests.request AS r
            CROSS JOIN LATERAL jsonb_populate_record(r, jsonb_build_object('request_id', c.request_id, 'state', c.state,
                'status', c.status, 'priority', c.priority, 'kinds', ARRAY[c.kind], 'assignee', c.assignee,
                'reference', 'TA-' || n)) AS made
        WHERE r.request_id = '{of}'
    ), texts AS (
        INSERT INTO requests.request_text
        SELECT c.request_id, c.state, t.salt, t.title, t.need, false
        FROM copied AS c, requests.request_text AS t WHERE t.request_id = '{of}'
    ), lines AS (
        INSERT INTO requests.request_line
        SELECT made.*
        FROM copied AS c, requests.request_line AS l
            CROSS JOIN LATERAL jsonb_populate_record(l, jsonb_build_object('line_id', gen_random_uuid(),
                'request_id', c.request_id, 'state', c.state, 'kind', c.kind,
                'topics', CASE WHEN n % 10 = 0 THEN ARRAY['electronic_evidence']
                    ELSE ARRAY['mutual_legal_assistance'] END)) AS made
        WHERE l.line_id = (SELECT line_id FROM requests.request_line WHERE request_id = '{of}' LIMIT 1)
    )
    INSERT INTO requests.clock (clock_id, step, request_id, state, organization, role, since, due_at, revision, priority)
    SELECT gen_random_uuid(), (ARRAY['triage', 'propose', 'follow_up'])[1 + n % 3], request_id, state, 'UNODC',
        'coordinator', now() - n % 100 * interval '1 day', now() + (n * 7919 % 2000 - 200) * interval '1 hour', 1,
        priority
    FROM copied
"""


@dataclass(frozen=True)
class Side:
    """An application with a number of requests, and a connection to its database exempt from row-level security."""

    http: Connection
    bare: asyncpg.Connection
    port: int

    async def read(self, name: str, token: str, into: Times) -> None:
        """Read one page over HTTP and by the bare SQL, and record both times."""
        query, condition, order = PAGES[name]
        call = Call({"body": None, "path": f"/v1/work?{query}", "port": self.port, "token": token})
        ours, floor = into
        await _timed(ours, partial(_answer, self.http, call))
        await _timed(floor, partial(self.bare.fetch, _bare(condition, order, str(persona_id(COORDINATOR)))))


async def compare(servers: Servers, *, rounds: int, seconds: float, say: Say) -> Comparison:
    times: dict[str, dict[int, Times]] = {name: {size: ([], []) for size in SIZES} for name in PAGES}
    async with contextlib.AsyncExitStack() as stack:
        ports = {size: await stack.enter_async_context(_application(servers, size, say)) for size in SIZES}
        # Connect only now: the server closes connections that are idle for as long as the rows take.
        sides = {size: await stack.enter_async_context(_side(servers, size, port)) for size, port in ports.items()}
        for number in range(rounds):
            for name, of_size in times.items():
                token = servers.issuer.token(persona_id(COORDINATOR))
                for call in range(-WARM_UP, max(CALLS_MIN // rounds, 1)):
                    for size, side in sides.items():
                        await side.read(name, token, of_size[size] if call >= 0 else ([], []))
            say(f"round {number + 1} of {rounds}")
    return _comparison(times)


@contextlib.asynccontextmanager
async def _application(servers: Servers, size: int, say: Say) -> AsyncIterator[int]:
    """Yield the port of an application whose database has `size` requests."""
    database = f"{DATABASE}_{size}"
    await servers.make_database(database)
    settings = servers.settings(database)
    task = {
        "state": str(settings.state),
        "database_url": settings.database_url,
        "nats_url": settings.nats_url,
        "nats_urls": dict(settings.nats_urls),
        "services": ["requests"],
        "notes": None,
    }
    async with serving("app", **task) as app:
        await run_child(
            "client",
            port=app.port,
            path="/v1/requests",
            token=servers.issuer.token(persona_id("ALB:focal_point")),
            body=sample_request(),
            clients=1,
            seconds=2.0,
            warm_up_seconds=0.0,
        )
        await servers.drained(database, "requests")
        of = await servers.execute(database, "SELECT request_id::text FROM requests.request LIMIT 1")
        say(f"making {size:,} requests")
        values = {"first": "1", "last": str(size), "of": of, "me": str(persona_id(COORDINATOR))}
        await servers.execute(database, filled(COPY, values))
        await servers.execute(database, "VACUUM ANALYZE")
        yield app.port


@contextlib.asynccontextmanager
async def _side(servers: Servers, size: int, port: int) -> AsyncIterator[Side]:
    http = await connect(port)
    bare = await asyncpg.connect(servers.settings(f"{DATABASE}_{size}").database_url)
    try:
        yield Side(http, bare, port)
    finally:
        http.close()
        await bare.close()


def filled(statement: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        statement = statement.replace(f"{{{name}}}", value)
    return statement


def _bare(condition: str, order: str, me: str) -> str:
    return f"""
        SELECT c.*, r.reference, r.status, r.kinds, r.assignee, t.title
        FROM requests.clock AS c JOIN requests.request AS r USING (request_id)
            JOIN requests.request_text AS t USING (request_id)
        WHERE c.stopped_at IS NULL AND c.paused_at IS NULL AND c.organization = 'UNODC'
            AND {filled(condition, {"me": me})}
        ORDER BY {order}, clock_id LIMIT 51
    """


async def _timed(into: list[float], work: Callable[[], Awaitable[Any]]) -> None:
    began = time.perf_counter()
    await work()
    into.append(time.perf_counter() - began)


async def _answer(connection: Connection, call: Call) -> None:
    answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    connection.answered = lambda status: None if answered.done() else answered.set_result(status)
    connection.send(call.to_bytes("desk"))
    status = await answered
    assert status == 200, f"only 200 counts: {status}"


def _ratio(ours: list[float], floor: list[float]) -> float:
    return percentile(ours, 0.95) / percentile(floor, 0.95)


def _comparison(times: Mapping[str, Mapping[int, Times]]) -> Comparison:
    rows: list[Row] = [("p50 and p95 in ms", ("ours", "", "bare SQL", ""))]
    aims: list[Aim] = []
    small, large = SIZES
    for name, of_size in times.items():
        for size, (ours, floor) in of_size.items():
            cells = [f"{percentile(of, q) * 1000:.2f}" for of in (ours, floor) for q in (0.5, 0.95)]
            rows.append((f"{name}, {size:,}", tuple(cells)))
        aims.append(Aim(what=f"p95 : p95 of the bare SQL, {name}", ratio=_ratio(*of_size[large]), at_most=RATIO_MAX))
        flat = median(of_size[large][0]) / median(of_size[small][0])
        aims.append(Aim(what=f"  p50 at {large:,} : at {small:,}", ratio=flat, at_most=FLAT_MAX))
    return Comparison(title="The list of work: GET /v1/work, 50 of 100,000", figures=rows, aims=aims)
