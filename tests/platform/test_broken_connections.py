"""A broken connection to PostgreSQL is answered with 503 and `Retry-After`, in every service, at every point."""

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import asyncpg
import httpx
import pytest
from structlog.testing import capture_logs

from chassis.db import database
from chassis.db.database import Database
from chassis.db.migrate import role_of
from chassis.embedded import Postgres
from chassis.http.application import application
from chassis.runtime import prepare, verifier
from chassis.settings import Settings
from services.composition import all_services
from tests.builders import a_request, headers
from tests.conftest import Servers, running_of, settings_of

Sessions = tuple[asyncpg.Connection, asyncpg.Connection]

SECONDS = 20.0
READS = {
    "requests": ("KEN:focal_point", "/v1/requests", "requests.request"),
    "matching": ("UNODC:coordinator", "/v1/matches", "matching.match"),
    "pledges": ("NOR:donor_officer", "/v1/pledges", "pledges.pledge"),
    "notifications": ("KEN:focal_point", "/v1/notifications", "notifications.notification"),
    "directory": ("UNODC:administrator", "/v1/people", "directory.person"),
}


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    """A server of this module's own, since all its sessions end when the first backend is killed.

    It is durable, because it recovers then: a server that is not durable may lose the last commits, such as the tables'
    privileges.
    """
    folder = Path(tempfile.mkdtemp(prefix="entraide-broken-", dir="/var/tmp"))
    folder.chmod(0o711)
    with Postgres(folder / "postgres", durable=True) as server:
        asyncio.run(_prepared(folder, server.dsn()))
        yield server
    shutil.rmtree(folder, ignore_errors=True)


async def _prepared(folder: Path, dsn: str) -> None:
    await prepare(Settings(state=folder, database_url=dsn), all_services())


@pytest.fixture
async def databases(own_postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Mapping[str, Database]]:
    # All wait for a lock at once, which takes a while on a busy machine.
    monkeypatch.setitem(database.SESSION_LIMITS, "lock_timeout", "60s")
    monkeypatch.setattr(database, "COMMAND_SECONDS", 60.0)
    pools = {name: await Database.connect(own_postgres.dsn(), name, role=role_of(name)) for name in READS}
    yield pools
    for pool in pools.values():
        await pool.close()


@pytest.fixture
async def api(
    servers: Servers, own_postgres: Postgres, databases: Mapping[str, Database]
) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_of(servers, own_postgres.dsn())
    running = running_of(settings, databases, *READS)
    app = application(running, verifier(settings, running[0].callers), settings=settings)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.fixture
async def sessions(own_postgres: Postgres) -> AsyncIterator[Sessions]:
    """One session that holds what others wait for, and one that observes."""
    made = await asyncpg.connect(own_postgres.dsn()), await asyncpg.connect(own_postgres.dsn())
    yield made
    for session in made:
        session.terminate()


async def waiting_backends(looking: asyncpg.Connection, count: int) -> list[int]:
    """Return the backends that wait for a lock, once there are `count` of them."""
    deadline = time.monotonic() + SECONDS
    while True:
        rows = await looking.fetch("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        if len(rows) == count:
            return [row["pid"] for row in rows]
        assert time.monotonic() < deadline, f"{len(rows)} instead of {count} wait for a lock"
        await asyncio.sleep(0.01)


def check(answer: httpx.Response, slug: str) -> None:
    assert (503, slug) == (answer.status_code, answer.json()["slug"]), answer.text
    assert "2" == answer.headers["Retry-After"]


async def test_reads_answer_503_when_a_backend_is_killed(sessions: Sessions, api: httpx.AsyncClient) -> None:
    locking, looking = sessions
    await locking.execute(
        f"BEGIN; LOCK TABLE {', '.join(table for _, _, table in READS.values())} IN ACCESS EXCLUSIVE MODE"
    )
    reading = [asyncio.create_task(api.get(path, headers=headers(who))) for who, path, _ in READS.values()]
    os.kill((await waiting_backends(looking, len(READS)))[0], signal.SIGKILL)

    for answer in await asyncio.gather(*reading):
        check(answer, "database-unavailable")

    deadline = time.monotonic() + SECONDS
    for who, path, _ in READS.values():
        while (answer := await api.get(path, headers=headers(who))).status_code != 200:
            check(answer, "database-unavailable")
            assert time.monotonic() < deadline, "the server is back"
            await asyncio.sleep(0.1)


async def test_reads_answer_503_when_the_server_ends_the_session(sessions: Sessions, api: httpx.AsyncClient) -> None:
    locking, looking = sessions
    await locking.execute(
        f"BEGIN; LOCK TABLE {', '.join(table for _, _, table in READS.values())} IN ACCESS EXCLUSIVE MODE"
    )
    reading = [asyncio.create_task(api.get(path, headers=headers(who))) for who, path, _ in READS.values()]
    with capture_logs() as logged:
        for backend in await waiting_backends(looking, len(READS)):
            await looking.execute("SELECT pg_terminate_backend($1)", backend)
        answers = await asyncio.gather(*reading)

    for answer in answers:
        check(answer, "database-unavailable")
    warnings = [one for one in logged if (one["event"], one["log_level"]) == ("refused", "warning")]
    assert len(READS) == len(warnings), "operators see each call that was not answered"
    assert {"database-unavailable"} == {one["slug"] for one in warnings if one["error"]}


def break_connections(db: Database) -> None:
    """Close the sockets on this side; the backends continue."""
    for connection in db._pool._open:
        cast(Any, connection)._transport.abort()


@pytest.mark.parametrize("table", ["request", "command", "journal", "audit"])
@pytest.mark.parametrize(("submit", "slug"), [(False, "outcome-unknown"), (True, "database-unavailable")])
async def test_interrupted_write_has_one_effect_under_its_key(
    sessions: Sessions,
    api: httpx.AsyncClient,
    databases: Mapping[str, Database],
    table: str,
    submit: bool,
    slug: str,
) -> None:
    """The connection breaks while PostgreSQL carries out the write.

    A draft is a single statement, which PostgreSQL finishes unseen, or not. A submission reads first and is therefore a
    transaction, which is rolled back before its COMMIT is sent.
    """
    locking, looking = sessions
    before = await looking.fetchval("SELECT count(*) FROM requests.request")
    await locking.execute(f"BEGIN; LOCK TABLE requests.{table} IN SHARE MODE")
    given = headers()
    body = a_request(submit=submit)
    filing = asyncio.create_task(api.post("/v1/requests", json=body, headers=given))
    await waiting_backends(looking, 1)
    break_connections(databases["requests"])

    check(await filing, slug)

    await locking.execute("ROLLBACK")
    assert 201 == (await repeated(api, "/v1/requests", body, given)).status_code
    assert before + 1 == await looking.fetchval("SELECT count(*) FROM requests.request")


async def repeated(
    api: httpx.AsyncClient, path: str, body: Mapping[str, object], given: Mapping[str, str]
) -> httpx.Response:
    """Repeat a command and return its answer once the first attempt has ended."""
    deadline = time.monotonic() + SECONDS
    while (answer := await api.post(path, json=body, headers=given)).status_code == 409:
        assert time.monotonic() < deadline, answer.text
        await asyncio.sleep(0.05)
    return answer


WAIT_AT_COMMIT = """
    CREATE FUNCTION public.wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER wait_at_commit AFTER INSERT ON requests.audit
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.wait_at_commit()
"""


async def test_interrupted_commit_leaves_a_write_unknown_and_a_read_retryable(
    sessions: Sessions, api: httpx.AsyncClient, databases: Mapping[str, Database]
) -> None:
    locking, looking = sessions
    draft = (await api.post("/v1/requests", json=a_request(submit=False), headers=headers())).json()
    path = f"/v1/requests/{draft['request_id']}"
    await looking.execute(WAIT_AT_COMMIT)
    try:
        await locking.execute("SELECT pg_advisory_lock(4711)")
        given = headers(revision=draft["revision"])
        submitting = asyncio.create_task(api.post(f"{path}/submit", json={}, headers=given))
        await waiting_backends(looking, 1)
        break_connections(databases["requests"])
        check(await submitting, "outcome-unknown")
        await locking.execute("SELECT pg_advisory_unlock(4711)")
        assert 200 == (await repeated(api, f"{path}/submit", {}, given)).status_code

        await locking.execute("SELECT pg_advisory_lock(4711)")
        reading = asyncio.create_task(api.get(path, headers=headers("UNODC:coordinator")))  # the audit records it
        await waiting_backends(looking, 1)
        break_connections(databases["requests"])
        check(await reading, "database-unavailable")
    finally:
        await locking.execute("SELECT pg_advisory_unlock_all()")
        await looking.execute("DROP FUNCTION public.wait_at_commit CASCADE")
