"""External parts: PostgreSQL and nats-server, used where an address is set, otherwise started from their wheels."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from chassis.embedded import Nats, Permissions, Postgres, running_nats, running_postgres
from chassis.service import Service
from chassis.settings import Settings

ADMINISTRATOR = "streams"
"""The only broker user that creates and repairs streams and consumers."""

Say = Callable[[str], None]


@contextlib.contextmanager
def parts(settings: Settings, services: Sequence[Service], *, say: Say = lambda _line: None) -> Iterator[Settings]:
    """Start the parts that have no address; yield settings in which each part has one.

    The started parts are stopped at the end of the block. Call it from the main thread: the servers end with the thread
    that started them. Raises EmbeddedError.
    """
    with contextlib.ExitStack() as stack:
        if settings.database_url is None and len(settings.database_urls) < len(services):
            say("starting PostgreSQL")
            postgres = stack.enter_context(Postgres(settings.state / "postgres"))
            settings = replace(settings, database_url=postgres.dsn())
        if settings.nats_url is None and len(settings.nats_urls) < len(services):
            say("starting nats-server")
            users = {ADMINISTRATOR: Permissions(publish=(">",), subscribe=(">",))}
            for service in services:
                publish, subscribe = service.grants()
                users[service.name] = Permissions(publish=tuple(publish), subscribe=tuple(subscribe))
            nats = stack.enter_context(Nats(settings.state / "nats", users=users))
            settings = replace(
                settings,
                nats_url=nats.url(ADMINISTRATOR),
                nats_urls={service.name: nats.url(service.name) for service in services},
            )
        yield settings


def running_parts(settings: Settings) -> Settings:
    """Fill in the addresses of the parts that `entraide up` or `demo` runs on the same state folder."""
    return replace(
        settings,
        database_url=settings.database_url or running_postgres(settings.state / "postgres"),
        nats_url=settings.nats_url or running_nats(settings.state / "nats", ADMINISTRATOR),
    )
