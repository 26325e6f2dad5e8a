"""All connections are encrypted: to Debian's PostgreSQL (the wheel's has no TLS) and to nats-server."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import yaml

from chassis.db.database import Database
from chassis.embedded import Postgres, postgres
from chassis.embedded.account import unprivileged_account
from chassis.http.readiness import clock_offset_seconds
from chassis.journal.bus import BusError
from chassis.journal.streams import check_connection
from chassis.runtime import prepare
from chassis.settings import Settings
from contracts.refusals import Unavailable
from services.composition import NAMES, all_services
from tests.conftest import Servers
from tests.receiver import certify
from tests.system.deployed_broker import LEAVING_CONNECTIONS, Broker, connected, deployed
from tests.system.deployment import DEPLOY, folder, replaced, unpacked
from tests.system.steps import address, execute, login, psql

pytestmark = LEAVING_CONNECTIONS

MAJOR = 17
PASSED_ON = "secret-of-requests"


@pytest.fixture
def other_authority(tmp_path: Path) -> Path:
    """An authority that has signed nothing here."""
    certify(tmp_path, ["localhost"])
    return tmp_path / "authority.pem"


@asynccontextmanager
async def server_without_tls(greeting: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Run a server that speaks without TLS and records what it receives; yield its port and the record."""
    heard: list[bytes] = []
    writers: list[asyncio.StreamWriter] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(greeting)
        heard.append(await reader.read(65_536))

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)


async def received_bytes(heard: list[bytes]) -> bytes:
    async with asyncio.timeout(5):
        while not heard:
            await asyncio.sleep(0.01)
    return b"".join(heard)


# -- the broker -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with deployed() as made:
        yield made


async def test_service_connects_only_to_a_verified_broker(broker: Broker, other_authority: Path) -> None:
    url = broker.url("requests")
    wrong = {
        "another authority's": url.replace(str(broker.authority), str(other_authority)),
        "of this machine's authorities": url.partition("?")[0],
        "for another name": url.replace("127.0.0.1", "localhost"),
        "in clear": url.replace("tls://", "nats://"),
        "no authority there": url + ".missing",
    }

    await check_connection(url)
    async with connected(url, "requests") as bus:
        assert bus.connected
    for what, there in wrong.items():
        assert await refuses(there), f"a certificate {what}, and it came in"


async def refuses(url: str) -> bool:
    try:
        await check_connection(url)
    except BusError:
        return True
    return False


async def test_password_is_not_sent_to_a_broker_without_tls() -> None:
    greeting = b'INFO {"server_id":"x","version":"2.15.0","proto":1,"max_payload":65536,"auth_required":true}\r\n'
    async with server_without_tls(greeting) as (port, heard):
        assert await refuses(f"tls://requests:{PASSED_ON}@127.0.0.1:{port}")
        assert PASSED_ON.encode() not in await received_bytes(heard)

        heard.clear()
        await refuses(f"nats://requests:{PASSED_ON}@127.0.0.1:{port}")
        assert PASSED_ON.encode() in await received_bytes(heard), "without TLS the password is readable"


# -- PostgreSQL -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(servers: Servers) -> Iterator[tuple[str, Path]]:
    """Debian's PostgreSQL with the files of deploy/.

    Yields its superuser's address (in clear, for this test alone), and the authority that signed its certificate.
    """
    # `servers` first: started during the patch, the other tests' server would run the program that is removed here.
    with folder() as place, pytest.MonkeyPatch.context() as patch:
        program = unpacked(f"postgresql-{MAJOR}", f"usr/lib/postgresql/{MAJOR}/bin/postgres", place / "debian")
        patch.setattr(postgres, "installations", lambda: [program.parent])
        certify(place, ["localhost"])
        account = unprivileged_account(place, place / "postgres" / "data")
        account.own(place / "server.pem")
        (place / "server.pem").chmod(0o600)
        of_the_test = {"local   all       postgres ": "host all entraide samenet scram-sha-256\nlocal all postgres "}
        pem = {f"/run/secrets/postgres.{what}": str(place / "server.pem") for what in ("pem", "key")}
        for name, changes in (("pg_hba.conf", of_the_test), ("postgresql.conf", pem)):
            (place / name).write_text(replaced((DEPLOY / name).read_text(), changes))
            (place / name).chmod(0o644)
        given = {"config_file": str(place / "postgresql.conf"), "hba_file": str(place / "pg_hba.conf")}
        with Postgres(place / "postgres", settings=given) as running:
            url = running.dsn("entraide")
            asyncio.run(execute(running.dsn(), "CREATE DATABASE entraide"))
            assert psql(url, "postgres-roles.sql").returncode == 0
            yield url, place / "authority.pem"


def verified(url: str, authority: Path, host: str = "localhost") -> str:
    return f"{url.replace('127.0.0.1', host)}?sslmode=verify-full&sslrootcert={authority}"


async def test_service_works_over_tls_with_a_verified_database(server: tuple[str, Path]) -> None:
    superuser, authority = server
    migrator = verified(address(superuser, "entraide_migrator"), authority)
    assert await prepare(Settings(state=Path(), database_url=migrator), all_services())
    for name in NAMES:
        url = verified(login(superuser, name), authority)
        db = await Database.connect(url, name)
        assert await clock_offset_seconds(db) is not None
        assert {(True, "TLSv1.3")} == await connections_of(superuser, f"entraide_{name}_login")
        await db.close()


async def connections_of(superuser: str, login: str) -> set[tuple[bool, str]]:
    """Return whether the connections of a login are encrypted, and with which version of TLS."""
    connection = await asyncpg.connect(superuser)
    try:
        query = "SELECT ssl, version FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = $1"
        return {(row["ssl"], row["version"]) for row in await connection.fetch(query, login)}
    finally:
        await connection.close()


async def test_service_rejects_an_unverified_database(
    server: tuple[str, Path], other_authority: Path, servers: Servers
) -> None:
    superuser, authority = server
    requests = login(superuser, "requests")
    for url, error in (
        (verified(requests, other_authority), ssl.SSLCertVerificationError),
        (verified(requests, authority, host="127.0.0.1"), ssl.SSLCertVerificationError),
        (f"{requests}?sslmode=disable", asyncpg.InvalidAuthorizationSpecificationError),
        (f"{servers.postgres.dsn()}?sslmode=verify-full&sslrootcert={authority}", ConnectionError),
    ):
        with pytest.raises(error):
            await asyncpg.connect(url)
        db = await Database.connect(url, "requests")
        with pytest.raises(Unavailable):
            async with db.transaction() as tx:
                await tx.fetchval("SELECT 1")
        await db.close()


async def test_password_is_not_sent_to_a_database_without_tls(other_authority: Path) -> None:
    async with server_without_tls(b"N") as (port, heard):
        with pytest.raises(ConnectionError):
            await asyncpg.connect(
                verified(f"postgresql://requests:{PASSED_ON}@127.0.0.1:{port}/entraide", other_authority)
            )
        assert PASSED_ON.encode() not in await received_bytes(heard)


# -- the files of deploy/ ---------------------------------------------------------------------------------------------


def test_every_address_in_compose_requires_a_verified_server() -> None:
    containers = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"].values()
    given = {name: str(value) for one in containers for name, value in one.get("environment", {}).items()}
    brokers = [value for name, value in given.items() if name.startswith("NATS_URL")]
    databases = [value for name, value in given.items() if name.startswith("DATABASE_URL")]

    assert (len(NAMES) + 1, len(NAMES) + 1) == (len(brokers), len(databases))
    for url in brokers:
        assert re.fullmatch(r"tls://\w+:\$\{\w+:\?\}@nats:4222\?ca=/run/secrets/ca\.pem", url), url
    for url in databases:
        assert url.endswith("@postgres:5432/entraide?sslmode=verify-full&sslrootcert=/run/secrets/ca.pem"), url


def test_broker_and_database_require_tls() -> None:
    rules = re.findall(r"^(host\w*) .* (\S+)$", (DEPLOY / "pg_hba.conf").read_text(), re.MULTILINE)
    assert {"hostssl"} == {kind for kind, method in rules if method != "reject"}
    assert len(rules) == len(NAMES) + 2
    settings = dict(re.findall(r"^(\w+) = (\S+)", (DEPLOY / "postgresql.conf").read_text(), re.MULTILINE))
    assert ("on", "'TLSv1.2'") == (settings["ssl"], settings["ssl_min_protocol_version"])
    for file in ("nats.conf", "nats-cluster.conf"):
        (block,) = re.findall(r"^tls \{\n(.+?)^\}", (DEPLOY / file).read_text(), re.MULTILINE | re.DOTALL)
        said = dict(line.strip().split(": ") for line in block.splitlines())
        assert {"cert_file", "key_file", "min_version", "handshake_first"} == said.keys(), file
        assert ('"1.2"', "true") == (said["min_version"], said["handshake_first"]), file
