"""Run services: pools, broker connections, loops and one HTTP listener, until a stop signal."""

import asyncio
import contextlib
import gc
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import asyncpg
import structlog
import uvicorn
from litestar.types import ControllerRouterHandler

from chassis import retention
from chassis.audit.checkpoint import CheckpointWriter
from chassis.audit.sealing import seal_continuously
from chassis.auth.callers import DIRECTORY, Callers
from chassis.auth.tokens import Directory, Issuer, ServiceClient, TrustedIssuer, Verifier, embedded_service
from chassis.db.database import Database
from chassis.db.migrate import migrate, role_of
from chassis.http.application import application
from chassis.http.asgi import Application
from chassis.http.connections import ConnectionLimits, LimitedProtocol, OpenConnections, connections_possible
from chassis.http.event_streams import EventStreams
from chassis.http.idempotency import FORGET_MAX, forget_old
from chassis.http.internal_api import events
from chassis.journal.bus import Bus, BusError, Consumer
from chassis.journal.outbox import Relay
from chassis.journal.peers import Peers
from chassis.journal.streams import check_connection, ensure_streams
from chassis.keys.issuer import JWKS, Keys
from chassis.rate_limiter import Network
from chassis.service import Running, Service
from chassis.settings import Settings, SettingsError
from chassis.supervise import Loop, every, supervised

STREAMS_SECONDS = 10.0
FORGET_SECONDS = 3600.0
GRACE_SECONDS = 5
UNREAD_MILLISECONDS = 30_000
BACKLOG = 256

log = structlog.get_logger()


def service_tokens(settings: Settings) -> Callable[[str], Callable[[], str]]:
    """Return the source of each service's token: the embedded issuer, or the file that a setting names."""
    if settings.keys is not None:
        return partial(_token_from_file, settings)
    return Issuer.load(settings.state / "issuer.jwk", settings.issuer).service_token


def _token_from_file(settings: Settings, _service: str) -> Callable[[], str]:
    def token() -> str:
        if settings.service_token_file is None:
            raise SettingsError("with ENTRAIDE_ISSUER a service needs its token in ENTRAIDE_SERVICE_TOKEN_FILE")
        return settings.service_token_file.read_text(encoding="utf-8").strip()

    return token


def verifier(settings: Settings, directory: Directory, *, address: str | None = None) -> Verifier:
    """Return the verifier of callers' tokens.

    Without `ENTRAIDE_ISSUER` it trusts the embedded issuer, whose key is in the state folder. The directory issues the
    tokens of API clients: its keys are fetched from `address`; without it no API client is accepted.
    """
    source = settings.keys
    named = {subject: ServiceClient(name, settings.clients[name]) for name, subject in settings.subjects.items()}

    def service_of(subject: str) -> ServiceClient | None:
        return named.get(subject) if settings.keys else embedded_service(subject)

    if source is None:
        source = str(settings.state / "issuer.jwks.json")
        Issuer.load(settings.state / "issuer.jwk", settings.issuer).publish_keys(Path(source))
    people = TrustedIssuer(settings.issuer, Keys(source, settings.issuer), settings.algorithm)
    name = settings.api_client_issuer
    clients = TrustedIssuer(name, Keys(address + JWKS, name, may_have_none=True)) if address else None
    return Verifier(people, directory, service_of=service_of, strengths=settings.strengths, clients=clients)


def service_urls(settings: Settings, ports: Mapping[str, int]) -> dict[str, str]:
    """The URL of each service for the others: from a setting, otherwise its port on this machine."""
    return {name: settings.peers.get(name, f"http://127.0.0.1:{port}") for name, port in ports.items()}


async def prepare(settings: Settings, services: Sequence[Service]) -> list[str]:
    """Migrate every service's schema; return the applied migrations. Raises MigrationError or errors of asyncpg."""
    applied: list[str] = []
    for service in services:
        dsn = settings.database_url or settings.database_urls[service.name]
        applied += await migrate(dsn, service.name, service.folder)
    return applied


async def check_parts(settings: Settings, name: str) -> list[str]:
    """Check the parts of one service before it starts; return warnings, one per line.

    PostgreSQL is required: raises errors of asyncpg. Without the broker requests are still accepted. Raises
    SettingsError if an address is not set.
    """
    dsn = settings.database_urls.get(name) or settings.database_url
    nats_url = settings.nats_urls.get(name) or settings.nats_url
    if dsn is None or nats_url is None:
        raise SettingsError(f"{name} needs DATABASE_URL and NATS_URL, or those of its own")
    await (await asyncpg.connect(dsn, timeout=5)).close()
    try:
        await check_connection(nats_url)
    except BusError as error:
        return [f"{error}; requests are accepted, but the service is not ready until the broker is reached"]
    return []


def topology(services: Sequence[Service]) -> tuple[list[str], list[Consumer]]:
    """The streams and durable consumers of these services."""
    consumers = [Consumer(owner, s.name, s.consumed_aggregates(owner)) for s in services for owner in s.listens_to]
    return [s.name for s in services if s.publishes], consumers


@contextlib.asynccontextmanager
async def started_services(
    settings: Settings, services: Sequence[Service], *, ports: Mapping[str, int]
) -> AsyncIterator[list[Running]]:
    """Start the services and yield them; on exit handlers finish and connections close."""
    async with connected_services(settings, services, ports=ports) as running, background_loops(running):
        yield running


@contextlib.asynccontextmanager
async def connected_services(
    settings: Settings, services: Sequence[Service], *, ports: Mapping[str, int]
) -> AsyncIterator[list[Running]]:
    """Connect the services to their databases for a block and yield them; nothing runs yet in the background."""
    token_of = service_tokens(settings)
    addresses = service_urls(settings, ports)
    running: list[Running] = []
    async with contextlib.AsyncExitStack() as stack:
        for service in services:
            running.append(await _connect(stack, settings, service, addresses, token_of(service.name)))
            # A write of one service is work for the others, so all services of a process share one activity.
            running[-1].db.activity = running[0].db.activity
        yield running


@contextlib.asynccontextmanager
async def background_loops(running: Sequence[Running]) -> AsyncIterator[None]:
    """Run the loops of a process's services for a block, with their connections to the broker."""
    loops: dict[str, Loop] = {}
    for one in running:
        loops |= loops_of(one)
    loops["callers"] = partial(running[0].callers.follow, [one.callers for one in running[1:]])
    # The broker's connections outlive the loops, which publish and acknowledge what they finish.
    brokers: dict[str, Loop] = {f"{one.name} broker": one.bus.keep_connected for one in running}
    async with supervised(brokers), supervised(loops):
        yield


async def _connect(
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    service: Service,
    addresses: Mapping[str, str],
    token: Callable[[], str],
) -> Running:
    own = settings.database_urls.get(service.name)
    dsn = own or settings.database_url
    nats_url = settings.nats_urls.get(service.name) or settings.nats_url
    if dsn is None or nats_url is None:
        raise SettingsError(f"{service.name} needs DATABASE_URL and NATS_URL, or those of its own")
    db = await Database.connect(dsn, service.name, role=None if own else role_of(service.name))
    stack.push_async_callback(db.close)
    peers = Peers(addresses, token)
    stack.push_async_callback(peers.close)
    bus = Bus(nats_url, service.name)
    return Running(
        service=service,
        settings=settings,
        db=db,
        bus=bus,
        relay=Relay(db, bus),
        peers=peers,
        callers=Callers(db, peers),
    )


def loops_of(running: Running) -> dict[str, Loop]:
    """The background loops of a service, by name, without the connection to the broker."""
    name, inbox = running.name, running.inbox
    loops: dict[str, Loop] = {
        f"{name} sealer": partial(seal_continuously, running.db, CheckpointWriter(running.settings, name)),
        f"{name} expired keys": partial(every, FORGET_SECONDS, partial(_forget, running.db)),
        f"{name} retention": partial(
            every,
            retention.RUN_SECONDS,
            partial(retention.run_job, running.db, name, running.service.retention, running.settings.retention_days),
        ),
    }
    if running.service.publishes:
        loops[f"{name} relay"] = running.relay.relay
        loops[f"{name} sweeper"] = running.relay.sweep
        loops[f"{name} event feed"] = running.event_feed.keep_polling
    for owner in inbox.owners:
        loops[f"{name} consumer of {owner}"] = partial(inbox.listen, running.bus, owner)
        loops[f"{name} catch-up from {owner}"] = partial(inbox.catch_up, running.peers, owner)
    if inbox.owners:
        loops[f"{name} gap filler"] = partial(inbox.fill_gaps, running.peers)
    own = running.service.loops(running)
    return loops | {f"{name} {loop}": work for loop, work in own.items()}


async def _forget(db: Database) -> None:
    forgotten = FORGET_MAX
    while forgotten == FORGET_MAX:
        async with db.transaction() as tx:
            forgotten = await forget_old(tx)


async def ensure_all_streams(settings: Settings, services: Sequence[Service]) -> None:
    """Ensure the streams of the services with the administrator's broker address, if there is one; log a failure."""
    if settings.nats_url is None:
        return
    owners, consumers = topology(services)
    try:
        for line in await ensure_streams(settings.nats_url, owners, consumers, replicas=settings.replicas):
            log.info("streams", done=line)
    except BusError as error:
        log.warning("streams not ensured", reason=str(error))


class Server(uvicorn.Server):
    """uvicorn in our own loop. Its own signal handling would raise the signal again before the shutdown is complete."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def http_server(
    app: Application,
    host: str,
    port: int,
    *,
    limits: ConnectionLimits = ConnectionLimits(),  # noqa: B008 - frozen
    trusted_proxies: Sequence[Network] = (),
) -> Server:
    connections = OpenConnections(limits, trusted_proxies)
    return Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http=cast(type[LimitedProtocol], partial(LimitedProtocol, open_connections=connections)),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=limits.idle_seconds_max,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )


async def serve(
    settings: Settings,
    services: Sequence[Service],
    *,
    ports: Mapping[str, int],
    routes: Sequence[ControllerRouterHandler] = (),
    ensure: bool = False,
    on_ready: Callable[[list[Running]], Any] = lambda _running: None,
    stop: asyncio.Event | None = None,
    bound: socket.socket | None = None,
) -> None:
    """Run the services until SIGTERM, SIGINT or `stop`; then stop fetching, finish running work, and close.

    `ensure` also ensures the streams, with the administrator's broker address. `bound` is the listening socket, if the
    caller has opened it before.
    """
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, stop.set)
    async with connected_services(settings, services, ports=ports) as running:
        keeping: dict[str, Loop] = {}
        if ensure:
            # Repeatedly, to restore them after the broker lost its data.
            keeping["streams"] = partial(every, STREAMS_SECONDS, partial(ensure_all_streams, settings, services))
        identify = verifier(settings, running[0].callers, address=service_urls(settings, ports).get(DIRECTORY))
        event_streams = EventStreams.of(settings, identify)
        keeping["event streams' callers"] = event_streams.keep_checking
        app: Application = application(
            running, identify, routes=[events, *routes], settings=settings, event_streams=event_streams
        )
        for one in running:
            if one.service.pages is not None:
                elsewhere = None if len(running) == len(ports) else service_urls(settings, ports)
                app = one.service.pages(one, app, elsewhere)
        limits = ConnectionLimits(
            each_max=settings.connections_each, all_max=connections_possible(settings.connections_all)
        )
        if limits.all_max < settings.connections_all:
            log.warning("fewer HTTP connections than set: the limit of open files is lower", connections=limits.all_max)
        server = http_server(app, settings.host, settings.port, limits=limits, trusted_proxies=settings.trusted_proxies)
        # Not before: building the application takes seconds on a busy machine, and the broker disconnects a client that
        # lets it wait for two.
        async with background_loops(running), supervised(keeping):
            task = asyncio.create_task(server.serve(sockets=[bound or listener(settings.host, settings.port)]))
            await asyncio.wait({task, asyncio.create_task(_started(server))}, return_when=asyncio.FIRST_COMPLETED)
            # Objects that exist now remain, so exclude them from garbage collection.
            gc.freeze()
            ready = on_ready(running)
            waiting = asyncio.create_task(stop.wait())
            await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
            # Open streams have no end for which the listener could wait.
            event_streams.close()
            server.should_exit = True
            await task
            waiting.cancel()
            if isinstance(ready, asyncio.Task):
                ready.cancel()


async def _started(server: Server) -> None:
    while not server.started:
        await asyncio.sleep(0.01)


def listener(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises SettingsError if the port is in use, with the setting to change."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol number is given because asyncio sets TCP_NODELAY only then; otherwise an answer in two writes waits
    # 40 ms for the acknowledgement of the first.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Inherited by accepted sockets: disconnect clients that acknowledge nothing for this time.
    if sys.platform == "linux":
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MILLISECONDS)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise SettingsError(f"cannot listen on {host}:{port} ({error.strerror}): set ENTRAIDE_PORT") from error
    return bound
