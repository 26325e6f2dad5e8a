"""Database access of commands: the services' schemas, each with its own role."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from chassis.db.database import Database, Tx
from chassis.db.migrate import MigrationError, role_of
from chassis.embedded import EmbeddedError
from chassis.event_loop import run
from chassis.journal.bus import BusError
from chassis.parts import running_parts
from chassis.settings import SettingsError
from contracts.refusals import Unavailable
from services.cli.options import fail
from services.cli.settings import read_settings
from services.composition import NAMES

NO_DATABASE = "no PostgreSQL to ask: set DATABASE_URL, or name with --state where `entraide up` runs its own"

WAIT_SECONDS = 30.0
"""Longer than a request waits for a connection, because PostgreSQL may be busy when an operator needs a command."""

T = TypeVar("T")
Work = Callable[[Tx], Coroutine[Any, Any, T]]


def run_or_fail(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine that needs PostgreSQL or the broker; report its errors as one line, not a traceback."""
    try:
        return run(work())
    except (EmbeddedError, SettingsError, MigrationError, BusError) as error:
        fail(str(error))
    except (OSError, Unavailable, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        fail(f"PostgreSQL cannot be reached at DATABASE_URL ({type(error).__name__}); see `entraide doctor`")


@asynccontextmanager
async def connected(dsn: str, service: str, *, role: str | None = None, owner: bool = False) -> AsyncIterator[Database]:
    """Provide the database of a service over one connection."""
    db = await Database.connect(dsn, service, role=role, owner=owner, pool_max=1, wait_seconds=WAIT_SECONDS)
    try:
        yield db
    finally:
        await db.close()


def in_each_schema(state: Path | None, work: Work[T]) -> list[T]:
    """Do the same work in each service's schema, each in its own transaction."""
    return [in_tx(state, service, work) for service in NAMES]


def in_tx(state: Path | None, service: str, work: Work[T]) -> T:
    """Do work in a transaction of a service."""

    async def within(db: Database) -> T:
        async with db.transaction() as tx:
            return await work(tx)

    return in_database(state, service, within)


def in_database(state: Path | None, service: str, work: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
    """Do work on a connection to a service's schema."""
    own = running_parts(read_settings(state))
    url = own.database_urls.get(service)

    async def within() -> T:
        if (dsn := url or own.database_url) is None:
            raise SettingsError(NO_DATABASE)
        async with connected(dsn, service, role=None if url else role_of(service)) as db:
            return await work(db)

    return run_or_fail(within)
