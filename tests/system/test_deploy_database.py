"""PostgreSQL as configured in deploy/: settings, roles, and a restore that loses no event."""

import asyncio
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import asyncpg
import httpx
import pytest

from chassis.audit.sealing import seal
from chassis.audit.tampering import find_tampering
from chassis.auth.callers import Callers
from chassis.db.database import Database
from chassis.db.migrate import migrate, own_role_of, role_of
from chassis.doctor import examine
from chassis.embedded import Postgres
from chassis.http.application import application
from chassis.journal.bus import Bus
from chassis.journal.cursors import StreamCursors
from chassis.journal.outbox import JournalPosition, Relay, read
from chassis.journal.peers import Peers
from chassis.runtime import prepare, verifier
from chassis.service import Running
from chassis.settings import Settings
from contracts.refusals import Invalid
from services.composition import NAMES, SERVICES, all_services
from services.notifications.wiring import SERVICE as NOTIFICATIONS
from tests import builders
from tests.personas import ISSUER, with_test_appointments
from tests.system.deployment import DEPLOY, environment, folder, replaced
from tests.system.steps import PASSWORDS, address, execute, login, program, psql

TRANSACTIONS = 20_000
"""Number of transactions, more than a restore takes, so that a new cluster counts from far below."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    """A cluster with the settings and access rules of deploy/, and access for the superuser of this test."""
    with folder() as place:
        # The wheel's PostgreSQL has no TLS; tests/system/test_tls.py uses Debian's.
        superuser = {"local   all       postgres ": "host all entraide samenet scram-sha-256\nlocal all postgres "}
        hba = replaced((DEPLOY / "pg_hba.conf").read_text(), {**superuser, "hostssl": "host   "})
        conf = replaced((DEPLOY / "postgresql.conf").read_text(), {"ssl = on": "ssl = off"})
        for name, text in {"pg_hba.conf": hba, "postgresql.conf": conf}.items():
            (place / name).write_text(text)
            (place / name).chmod(0o644)
        given = {"config_file": str(place / "postgresql.conf"), "hba_file": str(place / "pg_hba.conf")}
        with Postgres(place / "postgres", settings=given) as postgres:
            yield postgres


@pytest.fixture(scope="module")
def deployed(cluster: Postgres) -> str:
    """The superuser's address of a database made as the operators' guide says: roles, then migrations."""
    url = cluster.dsn("entraide")
    asyncio.run(execute(cluster.dsn(), "CREATE DATABASE entraide"))
    made = psql(url, "postgres-roles.sql")
    assert (0, "") == (made.returncode, made.stderr)
    settings = Settings(state=cluster.state, database_url=address(url, "entraide_migrator"))
    assert asyncio.run(prepare(settings, all_services()))
    return url


@pytest.fixture
def with_keys(tmp_path: Path) -> Settings:
    assert builders.issuer is not None
    builders.issuer.publish_keys(tmp_path / "keys.json")
    return Settings(state=tmp_path, issuer=ISSUER, keys=str(tmp_path / "keys.json"))


async def file_requests(db: Database, settings: Settings) -> None:
    """File three requests over HTTP, through the requests service on this pool, without a broker."""
    service = SERVICES["requests"]()
    bus = Bus("nats://127.0.0.1:1", "requests")
    peers = Peers({}, lambda: "")
    callers = with_test_appointments(Callers(db, peers))
    running = Running(service, settings, db, bus, Relay(db, bus), peers, callers)
    app = application([running], verifier(settings, callers))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for _ in range(3):
            response = await client.post("/v1/requests", json=builders.a_request(), headers=builders.headers())
            assert response.status_code == 201, response.text
        listed = await client.get("/v1/requests", headers=builders.headers())
        assert listed.status_code == 200
    await peers.close()


# -- settings ---------------------------------------------------------------------------------------------------------


async def test_postgresql_accepts_every_setting_and_rule(cluster: Postgres) -> None:
    connection = await asyncpg.connect(cluster.dsn())
    try:
        # A few settings are the test's own, given on the command line, which the file does not override.
        wrong = "SELECT name, error FROM pg_file_settings WHERE error <> 'setting could not be applied'"
        assert [] == await connection.fetch(wrong)
        assert [] == await connection.fetch("SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL")
        assert await connection.fetchval("SELECT count(*) FROM pg_file_settings WHERE applied") > 20
    finally:
        await connection.close()


def test_deployment_files_name_every_service() -> None:
    for file in ("postgres-roles.sql", "after-restore.sql"):
        text = (DEPLOY / file).read_text()
        found = re.search(r"ARRAY\[(.+?)\]", text)
        assert found is not None
        assert list(NAMES) == re.findall(r"'(\w+)'", found[1])
    hba = (DEPLOY / "pg_hba.conf").read_text()
    assert {f"entraide_{name}_login" for name in NAMES} | {"entraide_migrator"} == set(re.findall(r"entraide_\w+", hba))


async def test_doctor_finds_no_fault_in_the_database(deployed: str) -> None:
    settings = Settings(
        state=Path(),
        database_url=address(deployed, "entraide_migrator"),
        database_urls={name: login(deployed, name) for name in NAMES},
    )

    findings = await examine(settings, all_services())

    assert [] == [finding for finding in findings if not finding.ok]
    assert 2 * len(NAMES) == len([finding for finding in findings if finding.part.startswith("schema ")])


# -- roles ------------------------------------------------------------------------------------------------------------


async def test_roles_script_is_repeatable(deployed: str) -> None:
    again = psql(deployed, "postgres-roles.sql")

    assert (0, "") == (again.returncode, again.stderr)
    assert [] == await prepare(
        Settings(state=Path(), database_url=address(deployed, "entraide_migrator")), all_services()
    )


def test_role_without_a_password_is_not_created(cluster: Postgres) -> None:
    missing = {name: value for name, value in PASSWORDS.items() if name != "POSTGRES_PASSWORD_PLEDGES"}

    assert psql(cluster.dsn(), "postgres-roles.sql", missing).returncode != 0


@pytest.mark.parametrize("service", NAMES)
async def test_service_has_access_to_its_own_schema_only(deployed: str, service: str) -> None:
    db = await Database.connect(login(deployed, service), service)
    other = next(name for name in NAMES if name != service)
    refused = [
        f"SELECT * FROM {other}.journal",
        f"INSERT INTO {other}.pending (event_id, position, claimed_until) VALUES (gen_random_uuid(), 1, now())",
        f"SET ROLE entraide_{other}",
        "SET ROLE entraide_migrator",
        "UPDATE journal SET version = 2",
        "DELETE FROM journal",
        "TRUNCATE journal",
        "UPDATE audit SET role = NULL",
        "DELETE FROM seal",
        "DROP TABLE journal",
        "ALTER TABLE inbox ADD COLUMN more text",
        "INSERT INTO migration (part, number, name, checksum) VALUES ('chassis', 99, 'x', 'x')",
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "CREATE SCHEMA mine",
        f"ALTER ROLE entraide_{service}_login SUPERUSER",
        "SELECT rolpassword FROM pg_authid",
        "COPY journal TO PROGRAM 'true'",
        "SELECT pg_read_file('postgresql.conf')",
    ]
    try:
        for caller, role in ((builders.a_caller("KEN:focal_point"), role_of(service)), (None, own_role_of(service))):
            async with db.transaction(by=caller) as tx:
                assert (role, f"entraide_{service}_login") == tuple(
                    await tx.fetchrow("SELECT current_user::text, session_user::text") or ()
                )
        async with db.transaction() as tx:
            assert service == await tx.fetchval("SHOW search_path")
            assert await tx.fetchval("SELECT count(*) FROM journal") is not None
        for statement in refused:
            for caller in (builders.a_caller("KEN:focal_point"), None):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    async with db.transaction(by=caller) as tx:
                        await tx.execute(statement)
        # The login itself, without the role that it sets, has no rights.
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.transaction() as tx:
                await tx.execute(f"SET LOCAL ROLE NONE; SELECT * FROM {service}.journal")
    finally:
        await db.close()


async def test_request_is_filed_by_the_login_of_its_service(deployed: str, with_keys: Settings) -> None:
    db = await Database.connect(login(deployed, "requests"), "requests")
    try:
        async with db.transaction() as tx:
            before = await tx.fetchval("SELECT count(*) FROM request")
        await file_requests(db, with_keys)
        async with db.transaction() as tx:
            assert before + 3 == await tx.fetchval("SELECT count(*) FROM request")
    finally:
        await db.close()


async def test_roles_can_be_created_after_the_migrations(database_url: str, with_keys: Settings) -> None:
    made = psql(database_url, "postgres-roles.sql")
    assert (0, "") == (made.returncode, made.stderr)
    db = await Database.connect(login(database_url, "requests"), "requests")
    try:
        await file_requests(db, with_keys)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.transaction() as tx:
                await tx.fetch("SELECT * FROM matching.offering")
    finally:
        await db.close()


async def test_operator_acts_in_the_role_of_a_service(deployed: str) -> None:
    """The operator acts as `entraide parked` does with the migrator's address."""
    db = await Database.connect(address(deployed, "entraide_migrator"), "pledges", role=role_of("pledges"))
    try:
        async with db.transaction() as tx:
            assert 0 == await tx.fetchval("SELECT count(*) FROM inbox WHERE status = 'parked'")
    finally:
        await db.close()


REFUSED_LOGINS: Mapping[str, Callable[[str], str]] = {
    "a wrong password": lambda url: address(url, "entraide_requests_login", "wrong"),
    "a role that is for rights alone": lambda url: address(url, "entraide_requests", "wrong"),
    "another database": lambda url: address(url, "entraide_requests_login", database="postgres"),
    "the superuser over the network": lambda url: address(url, "postgres", "any"),
}


@pytest.mark.parametrize("who", REFUSED_LOGINS)
async def test_other_logins_are_rejected(deployed: str, who: str) -> None:
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(REFUSED_LOGINS[who](deployed))


# -- an upgrade -------------------------------------------------------------------------------------------------------


async def test_migrator_sees_all_rows_despite_row_level_security(tmp_path: Path) -> None:
    """Row-level security is also forced on the migrator, which is not a superuser."""
    with folder() as place, Postgres(place / "filled", durable=False) as postgres:
        url = postgres.dsn("entraide")
        await execute(postgres.dsn(), "CREATE DATABASE entraide")
        made = psql(url, "postgres-roles.sql")
        assert (0, "") == (made.returncode, made.stderr)
        migrator = address(url, "entraide_migrator")
        await migrate(migrator, NOTIFICATIONS.name, NOTIFICATIONS.folder)
        await execute(
            url,
            "INSERT INTO notifications.known_circulation (request_id, circulation) VALUES (gen_random_uuid(), 'none')",
        )
        shutil.copytree(NOTIFICATIONS.folder / "migrations", tmp_path / "migrations")
        (tmp_path / "migrations" / "0002_later.sql").write_text(
            "UPDATE known_circulation SET circulation = 'granted';\n"
        )

        assert await migrate(migrator, NOTIFICATIONS.name, tmp_path) == ["notifications: notifications 0002 later"]

        connection = await asyncpg.connect(url)
        try:
            assert await connection.fetchval("SELECT circulation FROM notifications.known_circulation") == "granted"
        finally:
            await connection.close()


# -- a restore --------------------------------------------------------------------------------------------------------


def dump_and_restore(source: str, target: str, file: Path) -> None:
    env = environment()
    dump = [program("pg_dump"), "--format=custom", f"--file={file}", source]
    restore = [program("pg_restore"), "--exit-on-error", f"--dbname={target}", str(file)]
    for command in (dump, restore):
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr


async def test_every_event_is_read_again_after_a_logical_restore(deployed: str, with_keys: Settings) -> None:
    spend = f"DO $$ BEGIN FOR i IN 1..{TRANSACTIONS} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"
    await execute(deployed, "SET statement_timeout = 0", spend)
    old = await Database.connect(login(deployed, "requests"), "requests")
    await file_requests(old, with_keys)
    async with old.transaction() as tx:
        assert await seal(tx, "requests") >= 3
    await file_requests(old, with_keys)
    async with old.transaction() as tx:
        before = await read(tx, after="0.0")
        cursor = (await StreamCursors.load(tx)).encode(JournalPosition.parse(before.after))
    await old.close()
    assert len(before.events) >= 3

    with folder() as place, Postgres(place / "new", durable=False) as cluster:
        await execute(cluster.dsn(), "CREATE DATABASE entraide")
        url = cluster.dsn("entraide")
        assert psql(url, "postgres-roles.sql").returncode == 0
        dump_and_restore(deployed, url, place / "dump")
        await execute(url, f"INSERT INTO matching.watermark VALUES ('matching', 'requests', '{before.after}', now())")
        new = await Database.connect(login(url, "requests"), "requests")
        try:
            async with new.transaction() as tx:
                unread = [e for e in before.events if e not in (await read(tx, after="0.0")).events]
                assert before.events[-3:] == unread[-3:], "after-restore.sql is needed"
            done = psql(address(url, "entraide_migrator"), "after-restore.sql")
            assert (0, "") == (done.returncode, done.stderr)
            async with new.transaction() as tx:
                assert before.events == (await read(tx, after="0.0")).events
                with pytest.raises(Invalid, match="last-event-id-unknown"):
                    (await StreamCursors.load(tx)).decode(cursor)
            await file_requests(new, with_keys)
            async with new.transaction() as tx:
                after = (await read(tx, after="0.0")).events
            assert before.events == after[: -3 * builders.FACTS_PER_SUBMISSION]
            async with new.transaction() as tx:
                assert await seal(tx, "requests") == 6 * builders.FACTS_PER_SUBMISSION, (
                    "rows that had not been sealed, and new ones"
                )
            report = await find_tampering(new, "requests", Settings(state=place))
            assert (len(after), []) == (report.sealed, report.findings)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await execute(login(url, "requests"), "UPDATE journal SET version = 2")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await execute(address(url, "entraide_migrator"), "UPDATE requests.audit SET version = 2")
        finally:
            await new.close()
        connection = await asyncpg.connect(url)
        try:
            assert 0 == await connection.fetchval("SELECT count(*) FROM matching.watermark")
        finally:
            await connection.close()
