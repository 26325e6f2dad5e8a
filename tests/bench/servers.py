"""Servers of all variants: one durable PostgreSQL, one durable nats-server, and each variant's own process."""

import asyncio
import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from chassis.auth.tokens import Issuer
from chassis.db.database import Database
from chassis.db.migrate import role_of
from chassis.embedded import Nats, Permissions, Postgres, free_port
from chassis.journal.streams import ensure_streams
from chassis.runtime import prepare, topology
from chassis.service import Service
from chassis.settings import Settings
from services.composition import all_services
from services.demo.samples import world
from services.directory.wiring import SERVICE as DIRECTORY
from services.matching.wiring import SERVICE as MATCHING
from services.requests.wiring import SERVICE as REQUESTS
from tests.personas import ISSUER, appoint_in_directory

SERVICES: Mapping[str, Service] = {service.name: service for service in all_services()}
USUAL = (REQUESTS, MATCHING, DIRECTORY)
APPOINTED = (
    *(f"{state}:focal_point" for state in ("KEN", "UGA", "PER", "NPL", "ALB")),
    "UNODC:coordinator",
    "UNODC:finance_officer",
    *sorted({offering["as"] for offering in msgspec.json.decode(world("offerings.json"))}),
)
ADMINISTRATOR = "streams"
READY = "ready"
READY_SECONDS = 30.0
DRAIN_SECONDS = 60.0
CHECKPOINTS_APART = {"checkpoint_timeout": "30min", "max_wal_size": "8GB"}
"""Prevents checkpoints during a run, which would slow one of the variants; durability is the same."""


def only_between(services: Sequence[Service]) -> list[Service]:
    """Let services listen to each other only: absent ones have no stream, and no address to read their journal from."""
    names = {service.name for service in services}
    return [replace(one, listens_to=[owner for owner in one.listens_to if owner in names]) for one in services]


@dataclass(frozen=True)
class Servers:
    folder: Path
    postgres: Postgres
    nats: Nats
    issuer: Issuer

    def settings(self, database: str, *, port: int = 0) -> Settings:
        return Settings(
            state=self.folder,
            database_url=self.postgres.dsn(database),
            nats_url=self.nats.url(ADMINISTRATOR),
            nats_urls={name: self.nats.url(name) for name in SERVICES},
            issuer=ISSUER,
            port=port,
        )

    async def make_database(self, name: str, *others: Service) -> None:
        """Create a database with the schemas of `USUAL` and of others, empty but for appointments; and the streams."""
        services = [*USUAL, *others]
        await self.execute("postgres", f"CREATE DATABASE {name}")
        await prepare(self.settings(name), services)
        db = await Database.connect(self.postgres.dsn(name), DIRECTORY.name, role=role_of(DIRECTORY.name), pool_max=1)
        await appoint_in_directory(db, APPOINTED)
        await db.close()
        await ensure_streams(self.nats.url(ADMINISTRATOR), *topology(only_between(services)))

    async def execute(self, database: str, statement: str) -> Any:
        connection = await asyncpg.connect(self.postgres.dsn(database))
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    async def drained(self, database: str, *schemas: str) -> None:
        """Wait until every committed fact is published."""
        for schema in schemas:
            async with asyncio.timeout(DRAIN_SECONDS):
                while await self.execute(database, f"SELECT EXISTS (SELECT FROM {schema}.pending)"):
                    await asyncio.sleep(0.1)


@contextlib.contextmanager
def servers() -> Iterator[Servers]:
    # Not below a home folder: under root, PostgreSQL runs as another user, who could not enter it.
    folder = Path(tempfile.mkdtemp(prefix="entraide-bench-", dir="/var/tmp"))
    folder.chmod(0o711)
    users = {ADMINISTRATOR: Permissions(publish=(">",), subscribe=(">",))}
    for service in SERVICES.values():
        publish, subscribe = service.grants()
        users[service.name] = Permissions(publish=tuple(publish), subscribe=tuple(subscribe))
    try:
        with (
            Postgres(folder / "postgres", durable=True, settings=CHECKPOINTS_APART) as postgres,
            Nats(folder / "nats", users=users, durable=True) as nats,
        ):
            yield Servers(folder, postgres, nats, Issuer.load(folder / "issuer.jwk", ISSUER))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class ChildError(Exception):
    """Raised if a process of the bench ended, or answered, other than it should."""


@dataclass(frozen=True)
class Child:
    """A process that serves until it is stopped."""

    process: asyncio.subprocess.Process
    port: int

    @property
    def pid(self) -> int:
        return self.process.pid


@contextlib.asynccontextmanager
async def serving(module: str, **task: Any) -> AsyncIterator[Child]:
    """Run `python -m tests.bench.<module>` for a block, listening at a port of its own."""
    port = free_port()
    process = await _start(module, {**task, "port": port})
    assert process.stdout is not None, "stdout is a pipe"
    try:
        line = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
        if line.decode().strip() != READY:
            raise ChildError(f"tests.bench.{module} did not come up")
        yield Child(process, port)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 20)
        with contextlib.suppress(ProcessLookupError):
            process.kill()


async def run_child(module: str, **task: Any) -> Any:
    """Run `python -m tests.bench.<module>` with a task, and return the result, which it prints as JSON."""
    process = await _start(module, task)
    out, _ = await process.communicate()
    if process.returncode != 0:
        raise ChildError(f"tests.bench.{module} failed")
    return json.loads(out)


async def _start(module: str, task: Mapping[str, Any]) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"tests.bench.{module}", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None, "stdin is a pipe"
    process.stdin.write(json.dumps(task).encode())
    process.stdin.close()
    return process
