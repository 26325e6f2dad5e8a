"""A reusable broker and database for a platform that may be killed."""

import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import nats
from nats.aio.client import Client

from chassis.db.database import Database
from chassis.db.migrate import role_of
from chassis.embedded import Nats
from services.composition import NAMES
from tests.conftest import Servers
from tests.personas import ISSUER, appoint_in_directory
from tests.system.consistency import BROKER_SECONDS, delete_streams, truncate_tables
from tests.system.crash_child import ChildSettings, Forker, child_settings_for, forker
from tests.system.main_workflow import COORDINATOR, DONOR, FINANCE, PROVIDER, STATE
from tests.system.platform import broker

HTTP_SECONDS = 30


@dataclass
class Environment:
    """A broker and a database for the platform. `connection` and `client` let the test observe what it did."""

    name: str
    folder: Path
    issuer: Path
    database_url: str
    nats: Nats
    connection: asyncpg.Connection
    forker: Forker
    client: httpx.AsyncClient
    runs: int = 0

    async def empty(self) -> Path:
        """Delete the data of the previous run and appoint everybody; return a folder for the next run."""
        self.runs += 1
        await truncate_tables(self.connection)
        db = await Database.connect(self.database_url, "directory", role=role_of("directory"), pool_max=1)
        await appoint_in_directory(db, (STATE, COORDINATOR, PROVIDER, FINANCE, DONOR))
        await db.close()
        async with self.broker() as client:
            await delete_streams(client)
        folder = self.folder / f"run-{self.runs}"
        folder.mkdir()
        (folder / "issuer.jwk").hardlink_to(self.issuer)
        return folder

    @contextlib.asynccontextmanager
    async def broker(self) -> AsyncIterator[Client]:
        """Connect as the administrator of the streams for a block."""
        client = await nats.connect(
            self.nats.url("streams"),
            inbox_prefix="_INBOX_admin",
            allow_reconnect=False,
            connect_timeout=BROKER_SECONDS,
        )
        try:
            yield client
        finally:
            await client.close()

    def child_settings(self, folder: Path, **more: Any) -> ChildSettings:
        given = {
            "database_url": self.database_url,
            "nats_url": self.nats.url("streams"),
            "nats_urls": {name: self.nats.url(name) for name in NAMES},
            "state": str(folder),
            "issuer": ISSUER,
        }
        return child_settings_for(folder, "platform", **given, **more)


@contextlib.asynccontextmanager
async def environment(servers: Servers, template: str, name: str) -> AsyncIterator[Environment]:
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=servers.folder))
    async with contextlib.AsyncExitStack() as stack:
        nats_server = stack.enter_context(broker(folder / "nats"))
        postgres = await asyncpg.connect(servers.postgres.dsn())
        stack.push_async_callback(postgres.close)
        await postgres.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        stack.push_async_callback(postgres.execute, f"DROP DATABASE {name} WITH (FORCE)")
        connection = await asyncpg.connect(servers.postgres.dsn(name))
        stack.push_async_callback(connection.close)
        client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=HTTP_SECONDS))
        yield Environment(
            name=name,
            folder=folder,
            issuer=servers.folder / "issuer.jwk",
            database_url=servers.postgres.dsn(name),
            nats=nats_server,
            connection=connection,
            forker=await stack.enter_async_context(forker()),
            client=client,
        )
