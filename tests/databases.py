"""Databases of tests: templates, clones that are used repeatedly, and a service's database for a block."""

import asyncio
import contextlib
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from chassis.db.database import Database
from chassis.runtime import prepare
from chassis.settings import Settings
from chassis.supervise import cancel
from services.composition import all_services


@contextlib.asynccontextmanager
async def connected(address: str, service: str, **settings: Any) -> AsyncIterator[Database]:
    database = await Database.connect(address, service, **settings)
    try:
        yield database
    finally:
        await database.close()


async def make_template(folder: Path, dsn: str, name: str) -> None:
    """Create a database with every service's schema on the server at `dsn`."""
    login = urlsplit(dsn)
    async with connection(dsn) as server:
        await server.execute(f"CREATE DATABASE {name}")
        # A password stored with the usual 4,096 iterations costs each of many thousand connections a millisecond.
        await server.execute("SET scram_iterations = 1")
        await server.execute(f"ALTER ROLE {login.username} PASSWORD '{login.password}'")
    await prepare(Settings(state=folder, database_url=_of(dsn, name)), all_services())
    async with connection(_of(dsn, name)) as made:
        # A test of one service has no loop that reads consents: make the last reading count as new.
        await made.execute("UPDATE matching.consent_reading SET heard_at = 'infinity'")


async def narrow(dsn: str, template: str, name: str, services: Sequence[str]) -> None:
    """Clone a template, keeping the schemas of these services only."""
    async with connection(dsn) as server:
        await server.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    others = [service.name for service in all_services() if service.name not in services]
    async with connection(_of(dsn, name)) as made:
        await made.execute(f"DROP SCHEMA {', '.join(others)} CASCADE")


@contextlib.asynccontextmanager
async def new_database(dsn: str, template: str) -> AsyncIterator[str]:
    """Create a clone for a block and yield the migrator's address of it; drop it afterwards."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    async with connection(dsn) as server:
        await server.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        try:
            yield _of(dsn, name)
        finally:
            await server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _of(dsn: str, name: str) -> str:
    """Return the address of another database on the same server."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


@contextlib.asynccontextmanager
async def connection(dsn: str) -> AsyncIterator[Any]:
    made = await asyncpg.connect(dsn)
    try:
        yield made
    finally:
        await made.close()


# -- reused clones ----------------------------------------------------------------------------------------------------

OURS = "relnamespace::regnamespace::text !~ '^(pg_|information_schema)'"
TABLES = f"SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND {OURS}"
OTHERS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND NOT pid = ANY ($1::int[])
"""
SEQUENCES = """
    SELECT format('%I.%I', schemaname, sequencename) AS sequence, coalesce(last_value, start_value) AS value,
        last_value IS NOT NULL AS is_called
    FROM pg_sequences
"""
CATALOGS = {
    "pg_attribute": "attrelid",
    "pg_statistic": "starelid",
    **dict.fromkeys(
        ("pg_class", "pg_constraint", "pg_namespace", "pg_policy", "pg_proc", "pg_trigger", "pg_type"), "oid"
    ),
}
FINGERPRINT = "SELECT '{0}' AS of, count(*), sum(xmin::text::bigint) FROM {0} WHERE {1}"
"""Query of the fingerprint of a table's rows; a change of the rows changes it."""

SCHEMA = " UNION ALL ".join(FINGERPRINT.format(catalog, f"{oid} >= 16384") for catalog, oid in CATALOGS.items())
"""Query of fingerprints of the catalogs, without PostgreSQL's own rows.

A change of the schema changes them, and so does ANALYZE.
"""

USES_MAX = 200
"""Number of uses after which a clone is dropped, since deleted rows remain in its files."""


@dataclass
class Clone:
    """A database that serves one test after another. Its connections stay open, with what they cached of the schema."""

    name: str
    template: str
    superuser: asyncpg.Connection
    warm: defaultdict[str, list[tuple[Any, float]]] = field(default_factory=lambda: defaultdict(list))
    """Idle connections of each service."""
    uses: int = 0

    def disconnect(self) -> None:
        for held in (self.superuser, *(one for idle in self.warm.values() for one, _ in idle)):
            held.terminate()


@dataclass
class Contents:
    """The contents of a new clone of a template."""

    schema: Sequence[Any]
    rows: Mapping[str, bytes]
    """The rows of each table that has any, as COPY writes them."""
    fingerprints: str
    """The query of the fingerprints of these tables."""
    unchanged: frozenset[Any]
    """The result of that query."""
    sequences: Sequence[tuple[str, int, bool]]


@dataclass
class Clones:
    """Clones of templates on one server.

    Emptying a clone takes a fraction of the time that creating a new one and filling its caches takes.
    """

    dsn: str
    contents: dict[str, Contents] = field(default_factory=dict)
    empty: defaultdict[str, list[Clone]] = field(default_factory=lambda: defaultdict(list))
    lent: dict[str, Clone] = field(default_factory=dict)
    """The clones in use, by address."""

    @contextlib.asynccontextmanager
    async def one(self, template: str) -> AsyncIterator[str]:
        """Lend an empty database for a block; yield the migrator's address of it."""
        clone = self.empty[template].pop() if self.empty[template] else await self._made(template)
        address, before = _of(self.dsn, clone.name), asyncio.all_tasks()
        self.lent[address] = clone
        try:
            yield address
        finally:
            del self.lent[address]
            # In the same event loop, tasks that a test left would write into the next test's database.
            await cancel(asyncio.all_tasks() - before - {asyncio.current_task()})
            await self._give_back(clone)

    @contextlib.asynccontextmanager
    async def pool(self, address: str, service: str, role: str) -> AsyncIterator[Database]:
        """Open a service's pool for a block, with the connections that its pool in an earlier test left open."""
        clone = self.lent.get(address)
        async with connected(address, service, role=role) as made:
            pool = made._pool
            if clone is not None:
                warm, clone.warm[service] = clone.warm[service], []
                pool._idle += warm
                pool._open |= {connection for connection, _ in warm}
            try:
                yield made
            finally:
                if clone is not None and not pool._closing:
                    clone.warm[service] = [one for one in pool._idle if not one[0].is_closed()]
                    pool._idle.clear()
                    pool._open -= {connection for connection, _ in clone.warm[service]}

    def disconnect(self) -> None:
        for clones in self.empty.values():
            for clone in clones:
                clone.disconnect()

    async def _made(self, template: str) -> Clone:
        name = f"t_{uuid.uuid4().hex[:12]}"
        async with connection(self.dsn) as server:
            await server.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        clone = Clone(name, template, await asyncpg.connect(_of(self.dsn, name)))
        await clone.superuser.execute("SET session_replication_role = replica")  # disables triggers and foreign keys
        if template not in self.contents:
            every = {table: await _rows(clone.superuser, table) for (table,) in await clone.superuser.fetch(TABLES)}
            rows = {table: kept for table, kept in every.items() if kept}
            fingerprints = " UNION ALL ".join(FINGERPRINT.format(table, "true") for table in rows)
            self.contents[template] = Contents(
                await clone.superuser.fetch(SCHEMA),
                rows,
                fingerprints,
                frozenset(await clone.superuser.fetch(fingerprints)),
                [tuple(row) for row in await clone.superuser.fetch(SEQUENCES)],
            )
        return clone

    async def _give_back(self, clone: Clone) -> None:
        clone.uses += 1
        try:
            if clone.uses < USES_MAX and await self._is_emptied(clone):
                self.empty[clone.template].append(clone)
                return
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            pass  # The test has closed the connection or stopped the server.
        clone.disconnect()
        async with connection(self.dsn) as server:
            await server.execute(f"DROP DATABASE {clone.name} WITH (FORCE)")

    async def _is_emptied(self, clone: Clone) -> bool:
        """Empty a clone. Return False if its schema has changed."""
        contents, superuser = self.contents[clone.template], clone.superuser
        await superuser.fetch(OTHERS, [one.get_server_pid() for idle in clone.warm.values() for one, _ in idle])
        if contents.schema != await superuser.fetch(SCHEMA):
            return False
        kept = {row["of"] for row in contents.unchanged.intersection(await superuser.fetch(contents.fingerprints))}
        filled = {table for (table,) in await superuser.fetch(f"{TABLES} AND pg_relation_size(oid) > 0")}
        if changed := filled - kept:
            await superuser.execute("; ".join(f"DELETE FROM {table}" for table in changed))
        for table in contents.rows.keys() - kept:
            schema, _, name = table.rpartition(".")
            await superuser.copy_to_table(name, schema_name=schema, source=BytesIO(contents.rows[table]))
        await superuser.executemany("SELECT setval($1::regclass, $2, $3)", contents.sequences)
        return True


async def _rows(superuser: asyncpg.Connection, table: str) -> bytes:
    schema, _, name = table.rpartition(".")
    kept = BytesIO()
    await superuser.copy_from_table(name, schema_name=schema, output=kept)
    return kept.getvalue()
