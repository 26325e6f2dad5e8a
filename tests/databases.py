"""Databases of tests: the templates they are clones of, and a service's inside a block."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from chassis.db.database import Database
from chassis.runtime import prepare
from chassis.settings import Settings
from services.composition import all_services


@contextlib.asynccontextmanager
async def connected(address: str, service: str, **settings: Any) -> AsyncIterator[Database]:
    database = await Database.connect(address, service, **settings)
    try:
        yield database
    finally:
        await database.close()


async def make_template(folder: Path, dsn: str, name: str) -> None:
    """A database with every service's schema, on the server at `dsn`."""
    login = urlsplit(dsn)
    async with connection(dsn) as server:
        await server.execute(f"CREATE DATABASE {name}")
        # A password stored with the usual 4,096 iterations costs each of many thousand connections a millisecond.
        await server.execute("SET scram_iterations = 1")
        await server.execute(f"ALTER ROLE {login.username} PASSWORD '{login.password}'")
    await prepare(Settings(state=folder, database_url=_of(dsn, name)), all_services())
    async with connection(_of(dsn, name)) as made:
        # No loop reads consents in a test of one service: the last reading counts as new.
        await made.execute("UPDATE matching.consent_reading SET heard_at = 'infinity'")


async def narrow(dsn: str, template: str, name: str, services: Sequence[str]) -> None:
    """A clone of a template that keeps the schemas of these services only."""
    async with connection(dsn) as server:
        await server.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    others = [service.name for service in all_services() if service.name not in services]
    async with connection(_of(dsn, name)) as made:
        await made.execute(f"DROP SCHEMA {', '.join(others)} CASCADE")


def _of(dsn: str, name: str) -> str:
    """The address of another database on the same server."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


@contextlib.asynccontextmanager
async def connection(dsn: str) -> AsyncIterator[Any]:
    made = await asyncpg.connect(dsn)
    try:
        yield made
    finally:
        await made.close()
