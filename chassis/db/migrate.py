"""Forward-only migrations: numbered SQL files, one transaction each, one schema and its roles per service.

Until the first release the chassis and each service have one file, `0001_schema.sql`; later changes have the next
numbers. A file is applied once and never changed after its release. Its first lines may name append-only tables (`--
append-only: journal`), which the service may only read and insert into.
"""

import asyncio
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import asyncpg

LOCK = 0x656E7472
LOCK_POLL_SECONDS = 0.1
LOCK_SECONDS_MAX = 120
CHASSIS_MIGRATIONS = Path(__file__).parent / "migrations"


class MigrationError(Exception):
    """The schema cannot be migrated; the message is one line."""


@dataclass(frozen=True)
class Migration:
    part: str
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def append_only(self) -> list[str]:
        return [name for names in re.findall(r"^-- append-only: (.+)$", self.sql, re.M) for name in names.split(", ")]


def role_of(service: str) -> str:
    """The PostgreSQL role in which a service acts for its callers; row-level security limits its rows."""
    return f"entraide_{service}"


def own_role_of(service: str) -> str:
    """The PostgreSQL role of a service's own work, with all rows of its schema."""
    return f"entraide_{service}_own"


def read_migrations(part: str, folder: Path) -> list[Migration]:
    """Read the migrations of a folder. Raises MigrationError for a wrong file name or a gap in the numbers."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        named = re.fullmatch(r"(\d{4})_([a-z0-9_]+)\.sql", path.name)
        if named is None:
            raise MigrationError(f"{path.name}: name it NNNN_name.sql")
        found.append(Migration(part, int(named[1]), named[2], path.read_text(encoding="utf-8")))
    if [m.number for m in found] != list(range(1, len(found) + 1)):
        raise MigrationError(f"the migrations of {part} are not numbered from 0001 without a gap")
    return found


async def migrate(dsn: str, service: str, folder: Path) -> list[str]:
    """Migrate a service's schema; return the applied migrations. Of concurrent calls one works, the others wait.

    Raises MigrationError, or the error of asyncpg if the server is unreachable.
    """
    wanted = [*read_migrations("chassis", CHASSIS_MIGRATIONS), *read_migrations(service, folder / "migrations")]
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        await _lock(connection)
        await _prepare(connection, service)
        applied = await _apply(connection, service, wanted)
        await _grant(connection, service, [table for migration in wanted for table in migration.append_only])
        return applied
    finally:
        await connection.close()


async def _lock(connection: asyncpg.Connection) -> None:
    # Polled, because a session waiting in pg_advisory_lock() would hold a snapshot.
    for _ in range(int(LOCK_SECONDS_MAX / LOCK_POLL_SECONDS)):
        if await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
            return
        await asyncio.sleep(LOCK_POLL_SECONDS)
    raise MigrationError(f"another migration has been under way for {LOCK_SECONDS_MAX} s")


async def _prepare(connection: asyncpg.Connection, service: str) -> None:
    if await connection.fetchval("SELECT current_setting('server_version_num')::int < 160000"):
        raise MigrationError("PostgreSQL 16 or newer is needed")
    async with connection.transaction():
        await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {service}")
        for role in (role_of(service), own_role_of(service)):
            if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
                await connection.execute(f"CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT")
            if not await connection.fetchval("SELECT pg_has_role(current_user, $1, 'SET')", role):
                await connection.execute(f"GRANT {role} TO CURRENT_USER")
            await connection.execute(f"GRANT USAGE ON SCHEMA {service} TO {role}")
        await connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        await connection.execute(
            f"""
            CREATE TABLE IF NOT EXISTS {service}.migration (
                part text NOT NULL, number integer NOT NULL, name text NOT NULL, checksum text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (part, number))
            """
        )


async def _apply(connection: asyncpg.Connection, service: str, wanted: list[Migration]) -> list[str]:
    rows = await connection.fetch(f"SELECT part, number, name, checksum FROM {service}.migration")
    held = {(row["part"], row["number"]): row for row in rows}
    labels = {(m.part, m.number): f"{service}: {m.part} {m.number:04} {m.name}" for m in wanted}
    for migration in wanted:
        row = held.get((migration.part, migration.number))
        if row is not None and row["checksum"] != migration.checksum:
            raise MigrationError(
                f"{labels[migration.part, migration.number]} is not the file that was applied ({row['name']}):"
                " a database that an unreleased version made cannot be upgraded; make a new one"
            )
    if extra := sorted(held.keys() - labels.keys()):
        raise MigrationError(f"the database is newer than this program: {service} has {extra[0][0]} {extra[0][1]:04}")
    applied = [migration for migration in wanted if (migration.part, migration.number) not in held]
    for migration in applied:
        await _apply_one(connection, service, migration)
    return [labels[migration.part, migration.number] for migration in applied]


async def _apply_one(connection: asyncpg.Connection, service: str, migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute("SET LOCAL lock_timeout = '5s'")
        await connection.execute(f"SET LOCAL search_path = {service}")
        # Row-level security is also forced on the owner; without this setting a migration would silently change no row.
        await connection.execute("SET LOCAL entraide.role = 'owner'")
        await connection.execute(migration.sql)
        await _keep_bodies_as_strings(connection, service)
        await connection.execute(
            f"INSERT INTO {service}.migration (part, number, name, checksum) VALUES ($1, $2, $3, $4)",
            migration.part,
            migration.number,
            migration.name,
            migration.checksum,
        )


async def _keep_bodies_as_strings(connection: asyncpg.Connection, service: str) -> None:
    """Recreate each SQL function that depends on a table with its body as a string, in the current transaction.

    A body stored in parsed form (`RETURN`, `BEGIN ATOMIC`) makes its tables dependencies: the type of a column it uses
    cannot be changed, and from 17.12 on no column with a default can be added to a table whose row type it uses. A
    string has no dependencies. Both are inlined into queries.
    """
    # Names outside the search path are schema-qualified, so that the string means the same under any search path.
    await connection.execute("SET LOCAL search_path = pg_catalog")
    rows = await connection.fetch(
        """
        SELECT pg_get_functiondef(oid) AS definition, pg_get_function_sqlbody(oid) AS body FROM pg_proc
        WHERE pronamespace = $1::regnamespace AND prosqlbody IS NOT NULL AND EXISTS (
            SELECT FROM pg_depend LEFT JOIN pg_type ON refclassid = 'pg_type'::regclass AND pg_type.oid = refobjid
            WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid
              AND (refclassid = 'pg_class'::regclass OR typrelid <> 0))
        """,
        service,
    )
    for row in rows:
        head, body = row["definition"].removesuffix("\n").removesuffix(row["body"]), row["body"]
        returned = body.removeprefix("RETURN ")
        text = f"SELECT {returned}" if returned != body else body.removeprefix("BEGIN ATOMIC").removesuffix("END")
        quoted = await connection.fetchval("SELECT quote_literal($1)", text.strip())
        await connection.execute(f"{head} AS {quoted}")


async def _grant(connection: asyncpg.Connection, service: str, append_only: Iterable[str]) -> None:
    """Grant both roles their privileges on all current tables."""
    roles = f"{role_of(service)}, {own_role_of(service)}"
    async with connection.transaction():
        await connection.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {service} TO {roles}")
        await connection.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {service} TO {roles}")
        await connection.execute(f"REVOKE INSERT, UPDATE, DELETE ON {service}.migration FROM {roles}")
        for table in append_only:
            await connection.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {service}.{table} FROM {roles}")
