"""External parts: PostgreSQL and nats-server, used where an address is set, otherwise started from their wheels."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from chassis.embedded import Child, EmbeddedError, Nats, Permissions, Postgres, running_nats, running_postgres
from chassis.service import Service
from chassis.settings import Settings

ADMINISTRATOR = "streams"
"""The only broker user that creates and repairs streams and consumers."""

WATCH_SECONDS = 0.5
ATTEMPTS_MAX = 5
PAUSE_SECONDS = 1.0
"""The pause before the second attempt to start a server again; it doubles with each."""

Say = Callable[[str], None]


class LostPartError(EmbeddedError):
    """A server that ended, and could not be started again."""


@contextlib.contextmanager
def parts(
    settings: Settings, services: Sequence[Service], *, say: Say = lambda _line: None
) -> Iterator[tuple[Settings, list[Child]]]:
    """Start the parts that have no address; yield settings in which each part has one, and the started servers.

    The started parts are stopped at the end of the block. Call it from the main thread: the servers end with the thread
    that started them. Raises EmbeddedError.
    """
    started: list[Child] = []
    with contextlib.ExitStack() as stack:
        if settings.database_url is None and len(settings.database_urls) < len(services):
            say("starting PostgreSQL")
            postgres = stack.enter_context(Postgres(settings.state / "postgres"))
            settings = replace(settings, database_url=postgres.dsn())
            started.append(postgres)
        if settings.nats_url is None and len(settings.nats_urls) < len(services):
            say("starting nats-server")
            users = {ADMINISTRATOR: Permissions(publish=(">",), subscribe=(">",))}
            for service in services:
                publish, subscribe = service.grants()
                users[service.name] = Permissions(publish=tuple(publish), subscribe=tuple(subscribe))
            nats = stack.enter_context(Nats(settings.state / "nats", users=users))
            started.append(nats)
            settings = replace(
                settings,
                nats_url=nats.url(ADMINISTRATOR),
                nats_urls={service.name: nats.url(service.name) for service in services},
            )
        yield settings, started


async def keep_running(servers: Sequence[Child], stop: asyncio.Event, *, say: Say) -> None:
    """Start servers again that end, until `stop`. Raises LostPartError when one cannot be started."""
    while not stop.is_set():
        await asyncio.sleep(WATCH_SECONDS)
        for server in servers:
            if not server.running and not stop.is_set():
                say(f"{server.title} ended: starting it again")
                await _start_again(server)


async def _start_again(server: Child) -> None:
    for attempt in range(ATTEMPTS_MAX):
        if attempt:
            await asyncio.sleep(PAUSE_SECONDS * 2 ** (attempt - 1))
        try:
            return await server.start_again()
        except EmbeddedError as error:
            last = error
    raise LostPartError(f"{server.title} cannot be started again, tried {ATTEMPTS_MAX} times: {last}")


def running_parts(settings: Settings) -> Settings:
    """Fill in the addresses of the parts that `entraide up` or `demo` runs on the same state folder."""
    return replace(
        settings,
        database_url=settings.database_url or running_postgres(settings.state / "postgres"),
        nats_url=settings.nats_url or running_nats(settings.state / "nats", ADMINISTRATOR),
    )
