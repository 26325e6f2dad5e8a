"""Pages of the console compared with the API calls that they make, on a desk with 10,000 requests.

Pages and calls take turns on one process. A program makes the calls that the page was seen to make, at the same time
where the page makes them at the same time. Also measures the process's memory for open pages that follow changes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import httpx
import msgspec

from chassis import clock
from chassis.db.database import Database
from chassis.db.migrate import role_of
from chassis.ids import new_id
from chassis.keys.file import read_or_create
from services.console.sessions.model import Appointment, Held, HeldTokens
from services.console.sessions.sealing import Sealer, new_cookie
from services.console.sessions.store import Sessions
from services.console.translations import LANGUAGES
from tests.bench.client import Connection, connect
from tests.bench.desk import COORDINATOR, COPY, filled
from tests.bench.figures import Aim, Comparison, Row, percentile, resident_mb
from tests.bench.filing import sample_request
from tests.bench.servers import SERVICES, Child, Servers, run_child, serving
from tests.personas import ISSUER, persona_id

DATABASE = "bench_console"
WITH = ("requests", "matching", "pledges", "notifications", "console")
REQUESTS = 10_000
TURNS = 60
FOLLOWING = 500
FOLLOWED = "/en/live?feed=requests&feed=matching"
SETTLED_SECONDS = 3.0
RATIO_MAX = 1.5
CALLS_MAX = 3
FOCAL_POINT = "ALB:focal_point"
FINANCE = "UNODC:finance_officer"
FUND = {
    "code": "BENCH",
    "labels": dict.fromkeys(LANGUAGES, "Fictitious sample"),
    "requirements": [{"year": 2027, "money": {"minor": 62_000_000, "currency": "USD"}}],
}

PAGES: Mapping[str, tuple[str, str]] = {
    "first page": (COORDINATOR, "/en"),
    "desk": (COORDINATOR, "/en/work"),
    "desk in Arabic": (COORDINATOR, "/ar/work"),
    "requests": (COORDINATOR, "/en/requests"),
    "request": (FOCAL_POINT, "/en/requests/{of}"),
    "funds": (FINANCE, "/en/funds"),
    "fund": (FINANCE, "/en/funds/BENCH"),
}
"""Maps the name of each page to its reader and its path."""

Say = Callable[[str], None]


class Noted(msgspec.Struct, frozen=True):
    """A call of the API that a page made, as the application notes it."""

    path: str
    began: float
    ended: float


async def compare(servers: Servers, *, rounds: int, seconds: float, say: Say) -> Comparison:
    await servers.make_database(DATABASE, *(SERVICES[name] for name in WITH[2:]))
    settings = servers.settings(DATABASE)
    notes = servers.folder / "calls"
    task = {
        "state": str(settings.state),
        "database_url": settings.database_url,
        "nats_url": settings.nats_url,
        "nats_urls": dict(settings.nats_urls),
        "services": list(WITH),
        "notes": None,
        "calls": str(notes),
    }
    figures: list[Row] = [("p50 and p95 in ms; calls; bytes", ("page", "", "its calls", "", "calls", "gzip"))]
    aims: list[Aim] = []
    async with serving("app", **task) as app:
        of = await _fill(servers, app, say)
        cookies = await _sessions(servers)
        turns = rounds * max(TURNS // rounds, 1)
        for name, (who, path) in PAGES.items():
            person = _Reader(app.port, cookies[who], servers.issuer.token(persona_id(who)), who)
            groups, size = await person.watch(path.format(of=of), notes)
            ours, floor = await person.by_turns(path.format(of=of), groups, turns)
            ratio = percentile(ours, 0.95) / percentile(floor, 0.95)
            calls = sum(map(len, groups))
            times = [f"{percentile(of, q) * 1000:.2f}" for of in (ours, floor) for q in (0.5, 0.95)]
            figures.append((name, (*times, str(calls), f"{size:,}")))
            aims.append(Aim(what=f"p95 : p95 of its calls, {name}", ratio=ratio, at_most=RATIO_MAX))
            aims.append(Aim(what="  calls", ratio=calls, at_most=CALLS_MAX))
            say(f"{name:16} {ratio:5.2f}")
        before, after = await _followed(app, cookies[COORDINATOR], say)
    figures.append((f"memory in MB: now, with {FOLLOWING} pages that follow", (f"{before:.0f}", f"{after:.0f}")))
    aims.append(Aim(what=f"memory with {FOLLOWING} pages that follow : without", ratio=after / before))
    return Comparison(title=f"Pages of the console; a desk of {REQUESTS:,} requests", figures=figures, aims=aims)


async def _fill(servers: Servers, app: Child, say: Say) -> str:
    """File a request, copy it many times, and open a fund; return the id of the first request."""
    await run_child(
        "client",
        port=app.port,
        path="/v1/requests",
        token=servers.issuer.token(persona_id(FOCAL_POINT)),
        body=sample_request(),
        clients=1,
        seconds=0.1,
        warm_up_seconds=0.0,
    )
    await servers.drained(DATABASE, "requests")
    of = await servers.execute(DATABASE, "SELECT request_id::text FROM requests.request LIMIT 1")
    say(f"making {REQUESTS:,} requests")
    values = {"first": "1", "last": str(REQUESTS), "of": of, "me": str(persona_id(COORDINATOR))}
    await servers.execute(DATABASE, filled(COPY, values))
    await servers.execute(DATABASE, "VACUUM ANALYZE")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{app.port}", trust_env=False) as client:
        headers = {"Authorization": f"Bearer {servers.issuer.token(persona_id(FINANCE))}"}
        answer = await client.post("/v1/funds", json=FUND, headers={**headers, "Idempotency-Key": str(new_id())})
        assert answer.status_code == 201, answer.text
    return str(of)


async def _sessions(servers: Servers) -> Mapping[str, str]:
    """Return the cookie of a session for each reader."""
    db = await Database.connect(servers.postgres.dsn(DATABASE), "console", role=role_of("console"), pool_max=1)
    sessions = Sessions(db, Sealer(read_or_create(servers.folder / "session.key", new_cookie)))
    cookies = {}
    for who in {who for who, _ in PAGES.values()}:
        person_id, (organization, _, role) = persona_id(who), who.partition(":")
        held = Held(
            tokens=HeldTokens(subject=str(person_id)),
            name="Fictitious sample",
            acting=who,
            appointments=(Appointment(organization=organization, role=role),),
        )
        cookies[who] = (await sessions.create(ISSUER, person_id, held, now=clock.now())).cookie
    await db.close()
    return cookies


class _Reader:
    """Requests pages as a browser does, and the calls behind them as a program does."""

    def __init__(self, port: int, cookie: str, token: str, acting: str) -> None:
        self._port = port
        self._browser = {"Cookie": f"session={cookie}; language=en", "Accept-Encoding": "gzip"}
        self._program = {"Authorization": f"Bearer {token}", "Acting-As": acting, "Accept-Language": "en"}

    async def watch(self, path: str, notes: Path) -> tuple[Sequence[Sequence[str]], int]:
        """Return the calls that a page makes, with simultaneous ones in one group, and the size of its answer."""
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self._port}", trust_env=False) as client:
            await client.get(path, headers=self._browser)
            seen = len(notes.read_text())
            answer = await client.get(path, headers=self._browser)
            assert answer.status_code == 200, f"{path}: {answer.status_code}"
        made = [msgspec.json.decode(line, type=Noted) for line in notes.read_text()[seen:].splitlines()]
        return at_once(made), int(answer.headers["content-length"])

    async def by_turns(self, path: str, groups: Sequence[Sequence[str]], turns: int) -> tuple[list[float], list[float]]:
        connections = [await connect(self._port) for _ in range(max(map(len, groups)))]
        ours: list[float] = []
        floor: list[float] = []
        for number in range(turns):
            for into, paths, headers in (
                (ours, [[path]], self._browser),
                (floor, groups, self._program),
            ):
                began = time.perf_counter()
                for together in paths:
                    calls = zip(connections, together, strict=False)
                    await asyncio.gather(*(_answer(one, asked, headers) for one, asked in calls))
                if number >= 2:
                    into.append(time.perf_counter() - began)
        for connection in connections:
            connection.close()
        return ours, floor


def at_once(made: Sequence[Noted]) -> list[list[str]]:
    """Return the paths in groups; a group begins when all calls before it have ended."""
    groups: list[list[str]] = []
    ended = 0.0
    for one in sorted(made, key=lambda one: one.began):
        if one.began >= ended:
            groups.append([])
        groups[-1].append(one.path)
        ended = max(ended, one.ended)
    return groups


def _answer(connection: Connection, path: str, headers: Mapping[str, str]) -> Awaitable[None]:
    answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def done(status: int) -> None:
        if not answered.done():
            assert status == 200, f"only 200 counts: {status} for {path}"
            answered.set_result(None)

    connection.answered = done
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    connection.send(("\r\n".join(lines) + "\r\n\r\n").encode())
    return answered


async def _followed(app: Child, cookie: str, say: Say) -> tuple[float, float]:
    """Return the megabytes of the process before and while many pages follow changes."""
    before = resident_mb(app.pid)
    opened: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    for number in range(FOLLOWING):
        # Use several addresses, since each may have only a limited number of connections.
        here = (f"127.0.0.{1 + number % 4}", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", app.port, local_addr=here)
        head = f"GET {FOLLOWED} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: session={cookie}\r\n\r\n"
        writer.write(head.encode())
        status = await reader.readline()
        assert b" 200 " in status, status
        opened.append((reader, writer))
    await asyncio.sleep(SETTLED_SECONDS)
    after = resident_mb(app.pid)
    say(f"{FOLLOWING} pages follow: {before:.0f} MB, then {after:.0f} MB")
    for _, writer in opened:
        writer.close()
    return before, after
