"""The list of work, `GET /v1/work`, beside the bare SQL of the same page; with 10,000 requests, then with 100,000.

The rows are made by SQL from one request that was filed. Each page is read over HTTP with everything on, and by turns
its clocks alone, with the same filter and order, by a role that row-level security does not concern.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from statistics import median
from typing import Any

import asyncpg

from tests.bench.client import Call, Connection, connect
from tests.bench.figures import Aim, Comparison, Row, percentile
from tests.bench.filing import sample_request
from tests.bench.ground import Ground, carried_out, serving
from tests.personas import persona_id

DATABASE = "bench_desk"
SIZES = (10_000, 100_000)
COORDINATOR = "UNODC:coordinator"
CALLS_MIN = 40
RATIO_MAX = 5.0
FLAT_MAX = 2.0

Say = Callable[[str], None]

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
"""Name → query, and the condition and order of the bare SQL."""

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
                'reference', NULL)) AS made
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


async def compare(ground: Ground, *, rounds: int, seconds: float, say: Say) -> Comparison:
    await ground.make_database(DATABASE)
    settings = ground.settings(DATABASE)
    task = {
        "state": str(settings.state),
        "database_url": settings.database_url,
        "nats_url": settings.nats_url,
        "nats_urls": dict(settings.nats_urls),
        "services": ["requests"],
        "notes": None,
    }
    times: dict[str, dict[int, tuple[list[float], list[float]]]] = {name: {} for name in PAGES}
    async with serving("app", **task) as app:
        await carried_out(
            "client",
            port=app.port,
            path="/v1/requests",
            token=ground.issuer.token(persona_id("ALB:focal_point")),
            body=sample_request(),
            clients=1,
            seconds=2.0,
            warm_up_seconds=0.0,
        )
        await ground.drained(DATABASE, "requests")
        of = await ground.execute(DATABASE, "SELECT request_id::text FROM requests.request LIMIT 1")
        bare, token = await asyncpg.connect(settings.database_url), ground.issuer.token
        first = 1
        for size in SIZES:
            say(f"making requests up to {size:,}")
            values = {"first": str(first), "last": str(size), "of": of, "me": str(persona_id(COORDINATOR))}
            await ground.execute(DATABASE, filled(COPY, values))
            await ground.execute(DATABASE, "VACUUM ANALYZE")
            first = size + 1
            # Only now: the server closes connections that are idle for as long as the rows take.
            http = await connect(app.port)
            for name, (query, condition, order) in PAGES.items():
                ours, floor = times[name].setdefault(size, ([], []))
                call = Call(
                    {
                        "body": None,
                        "path": f"/v1/work?{query}",
                        "port": app.port,
                        "token": token(persona_id(COORDINATOR)),
                    }
                )
                statement = _bare(condition, order, values["me"])
                for number in range(rounds * max(CALLS_MIN // rounds, 1)):
                    asked = ours if number >= 2 else []
                    await _timed(asked, lambda http=http, call=call, number=number: _answer(http, call, str(number)))  # type: ignore[misc]
                    await _timed(floor if number >= 2 else [], lambda statement=statement: bare.fetch(statement))  # type: ignore[misc]
                say(f"{size:,}, {name:16} {_ratio(ours, floor):5.2f}")
            http.close()
        await bare.close()
    return _comparison(times)


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


async def _answer(connection: Connection, call: Call, name: str) -> None:
    answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    connection.answered = lambda status: None if answered.done() else answered.set_result(status)
    connection.send(call.to_bytes(name))
    status = await answered
    assert status == 200, f"only 200 counts: {status}"


def _ratio(ours: list[float], floor: list[float]) -> float:
    return percentile(ours, 0.95) / percentile(floor, 0.95)


def _comparison(times: Mapping[str, Mapping[int, tuple[list[float], list[float]]]]) -> Comparison:
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
