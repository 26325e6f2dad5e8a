"""Real servers for all tests, and an empty database for each: a clone of a migrated template, used repeatedly."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import asyncpg
import httpx
import pytest
import structlog
import uvloop
from hypothesis import HealthCheck
from hypothesis import settings as settings_of_examples

from chassis.auth.callers import Callers
from chassis.auth.tokens import Issuer
from chassis.db.database import Database
from chassis.db.migrate import role_of
from chassis.embedded import Nats, Permissions, Postgres, free_port
from chassis.garbage import collect_rarely
from chassis.http.application import application
from chassis.http.edge import Edge
from chassis.journal.bus import Bus
from chassis.journal.outbox import Relay
from chassis.journal.peers import Peers
from chassis.runtime import service_tokens, verifier
from chassis.service import Running
from chassis.settings import Settings
from services.composition import all_services
from tests import builders
from tests.databases import Clones, make_template, narrow, new_database
from tests.personas import ISSUER, with_test_appointments
from tests.soak import cases

collect_rarely()

# The event loop that services run on (chassis/event_loop.py).
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())

pytest_plugins = ("tests.schedule", "tests.sample_world")

# Log JSON as services do: columns with coloured tracebacks would take a twentieth of the processor time.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ]
)

# Show values in failed assertions of steps and builders, as in those of tests.
pytest.register_assert_rewrite(*(f"tests.{one.parent.name}" for one in Path(__file__).parent.glob("*/__init__.py")))

# No deadline: on a busy processor examples are drawn slowly, and each takes longer.
settings_of_examples.register_profile(
    "suite", deadline=None, max_examples=cases(12, soak=200), suppress_health_check=[HealthCheck.too_slow]
)
settings_of_examples.load_profile("suite")

MEMORY = Path("/dev/shm")
DATABASES = "entraide-databases-"
ROOM_BYTES = 3 * 1024**3
TEMPLATE = "entraide_template"
CONNECTIONS = {"max_connections": "400"}
"""Connections that one test opens at once: two hundred workers, the successors of killed workers, and observers."""

PROGRAMS = "PYTEST_POSTGRESQL"
"""Environment variable with the folder of the PostgreSQL programs to test with; by default those of the wheel."""

SCHEMAS = {
    "chassis": ("requests", "matching", "directory"),
    "delivery": ("requests", "delivery"),
    "directory": ("requests", "directory"),
    "matching": ("requests", "matching"),
    "notifications": ("notifications",),
    "pledges": ("requests", "pledges"),
    "requests": ("requests", "directory"),
    "sherloc": ("sherloc",),
}
"""Maps a folder of tests to the services whose schemas and pools its tests have.

A database with fewer tables is created faster. Tests that need more are marked `all_schemas`.
"""


# -- servers and databases --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Servers:
    """The PostgreSQL and nats-server of this test run; fast, not durable."""

    folder: Path
    postgres: Postgres
    nats: Nats


@pytest.fixture(scope="session")
def run_folder() -> Iterator[Path]:
    """The folder of this test run. Not pytest's tmp_path: under root, PostgreSQL runs as a user who could not enter it."""
    folder = Path(tempfile.mkdtemp(prefix="entraide-test-", dir="/var/tmp"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def servers(run_folder: Path) -> Iterator[Servers]:
    databases = _folder_for_databases()
    users = {"streams": Permissions(publish=(">",), subscribe=(">",))}
    for service in all_services():
        publish, subscribe = service.grants()
        users[service.name] = Permissions(publish=tuple(publish), subscribe=tuple(subscribe))
    try:
        with (
            _programs_named(),
            Postgres(databases / "postgres", durable=False, settings=CONNECTIONS) as postgres,
            Nats(run_folder / "nats", users=users, durable=False) as nats,
        ):
            yield Servers(run_folder, postgres, nats)
    finally:
        shutil.rmtree(databases, ignore_errors=True)


@contextmanager
def _programs_named() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        if PROGRAMS in os.environ:
            patch.setattr("chassis.embedded.postgres.installations", lambda: [Path(os.environ[PROGRAMS])])
        yield


def _folder_for_databases() -> Path:
    """Create the folder for databases, in memory if there is room.

    A test's own database is some thousand files, which take half a second on a disk. Folders that killed runs left in
    memory are removed, since they occupy memory.
    """
    for left in MEMORY.glob(f"{DATABASES}*"):
        if not (Path("/proc") / left.name.split("-")[-2]).exists():
            shutil.rmtree(left, ignore_errors=True)
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    parent = MEMORY if roomy else Path("/var/tmp")
    folder = Path(tempfile.mkdtemp(prefix=f"{DATABASES}{os.getpid()}-", dir=parent))
    folder.chmod(0o711)
    return folder


@pytest.fixture(scope="session")
def template(servers: Servers) -> str:
    """The name of a database with every service's schema."""
    asyncio.run(make_template(servers.folder, servers.postgres.dsn(), TEMPLATE))
    return TEMPLATE


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let many writers wait for connection, lock and their group's commit as long as it takes on busy processors."""
    monkeypatch.setattr("chassis.db.database.ACQUIRE_SECONDS", 60.0)
    monkeypatch.setattr("chassis.db.database.LOCK_SECONDS_MAX", 60.0)
    monkeypatch.setattr("chassis.db.keyed_locks.WAIT_SECONDS_MAX", 60.0)
    monkeypatch.setattr("chassis.db.group_commit.WAIT_SECONDS", 60.0)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, servers: Servers) -> str:
    """The migrator's address of the test's own database, or of its module's if the test is marked `writes_nothing`."""
    unchanged = request.node.get_closest_marker("writes_nothing")
    address: str = request.getfixturevalue("module_database_url" if unchanged else "own_database_url")
    return address


@pytest.fixture(scope="session")
def template_of(servers: Servers, template: str) -> Callable[..., str]:
    """A function: `template_of("requests")` is the name of a database with the schemas of these services only."""

    @cache
    def named(*services: str) -> str:
        name = "_".join((TEMPLATE, *services))
        asyncio.run(narrow(servers.postgres.dsn(), template, name, services))
        return name

    return named


@pytest.fixture
def fitting_template(request: pytest.FixtureRequest, template: str) -> str:
    """The name of the template of which a test's database is a clone."""
    if (services := fitting_services(request)) is None:
        return template
    made: str = request.getfixturevalue("template_of")(*services)
    return made


def fitting_services(request: pytest.FixtureRequest) -> Sequence[str] | None:
    """List the services in SCHEMAS for a test; None for all."""
    if request.node.get_closest_marker("all_schemas"):
        return None
    return SCHEMAS.get(request.node.nodeid.split("/")[1])


@pytest.fixture(scope="session")
async def clones(servers: Servers) -> AsyncIterator[Clones]:
    made = Clones(servers.postgres.dsn())
    yield made
    made.disconnect()


@pytest.fixture
async def own_database_url(
    request: pytest.FixtureRequest, servers: Servers, clones: Clones, fitting_template: str
) -> AsyncIterator[str]:
    new = request.node.get_closest_marker("new_database") is not None
    async with (
        new_database(servers.postgres.dsn(), fitting_template) if new else clones.one(fitting_template) as address
    ):
        yield address


@pytest.fixture(scope="module")
def module_database_url(servers: Servers, template: str) -> Iterator[str]:
    """The address of a database in which no fact may be recorded."""
    with asyncio.Runner() as runner:
        database = new_database(servers.postgres.dsn(), template)
        address = runner.run(database.__aenter__())
        yield address
        written = runner.run(_facts(address))
        runner.run(database.__aexit__(None, None, None))
    assert not written, "a test marked writes_nothing has recorded a fact"


async def _facts(address: str) -> int:
    connection = await asyncpg.connect(address)
    try:
        journals = " UNION ALL ".join(f"SELECT FROM {one.name}.journal" for one in all_services())
        return int(await connection.fetchval(f"SELECT count(*) FROM ({journals}) AS fact"))
    finally:
        await connection.close()


@pytest.fixture
async def databases(
    request: pytest.FixtureRequest, clones: Clones, database_url: str
) -> AsyncIterator[Mapping[str, Database]]:
    """The pool of each service, in the service's own role."""
    names = fitting_services(request) or [service.name for service in all_services()]
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(clones.pool(database_url, name, role_of(name))) for name in names}


@pytest.fixture
def settings(servers: Servers, database_url: str) -> Settings:
    return settings_of(servers, database_url)


def settings_of(servers: Servers, database_url: str) -> Settings:
    """Return settings for services in this process, with a database that only they use."""
    nats_urls = {service.name: servers.nats.url(service.name) for service in all_services()}
    return Settings(
        state=servers.folder,
        database_url=database_url,
        nats_url=servers.nats.url("streams"),
        nats_urls=nats_urls,
        issuer=ISSUER,
        catch_up_seconds=2,
        scanner="none",
        writes=builders.UNHURRIED,
        reads=builders.UNHURRIED,
        # An idle stream must not delay a test that calls all routes.
        event_stream_seconds=1,
    )


@pytest.fixture(autouse=True, scope="session")
def issuer(run_folder: Path) -> Issuer:
    """The issuer of the tokens that `builders.token` makes; servers start only for tests that use them."""
    builders.issuer = Issuer.load(run_folder / "issuer.jwk", ISSUER)
    return builders.issuer


class Within(httpx.AsyncBaseTransport):
    """A transport to the services of this process, by which they call each other; `app` is set once it exists."""

    app: Edge | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert self.app is not None, "no request comes before there is an application"
        return await httpx.ASGITransport(self.app).handle_async_request(request)


def running_of(
    settings: Settings, databases: Mapping[str, Database], *names: str, within: Within | None = None
) -> list[Running]:
    """Return services with their databases, without a broker; through `within`, if given, they call each other."""
    addresses = dict.fromkeys(names, "http://test") if within else {}
    token_of = service_tokens(settings)
    services = {service.name: service for service in all_services()}
    running = []
    for name in names:
        db, bus = databases[name], Bus(settings.nats_urls[name], name)
        peers = Peers(addresses, token_of(name), within or Within())
        callers = with_test_appointments(Callers(db, peers))
        running.append(Running(services[name], settings, db, bus, Relay(db, bus), peers, callers))
    return running


@pytest.fixture
async def client_of(
    settings: Settings, databases: Mapping[str, Database]
) -> AsyncIterator[Callable[..., Awaitable[httpx.AsyncClient]]]:
    """A function: `await client_of("requests")` is a client of that service in this process, without a broker."""
    clients: list[httpx.AsyncClient] = []

    async def client(*names: str) -> httpx.AsyncClient:
        within = Within()
        running = running_of(settings, databases, *names, within=within)
        app = within.app = application(running, verifier(settings, running[0].callers), settings=settings)
        made = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url="http://test",
        )
        clients.append(made)
        return made

    yield client
    for made in clients:
        await made.aclose()


def folder_of_shared_data() -> Path:
    """Return the path of the reference data, which need not exist."""
    return Path(os.environ.get("ENTRAIDE_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture
def shared_data() -> Path:
    """The folder of reference data to compare with; without it the test is skipped with a message."""
    folder = folder_of_shared_data()
    if not folder.is_dir():
        pytest.skip("no reference data beside the project: not compared")
    return folder


@pytest.fixture
def without_a_broker(settings: Settings) -> Settings:
    nowhere = f"nats://127.0.0.1:{free_port()}"
    return replace(settings, port=free_port(), nats_url=nowhere, nats_urls=dict.fromkeys(settings.nats_urls, nowhere))
