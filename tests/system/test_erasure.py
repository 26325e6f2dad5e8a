"""No data in the database, the broker or the logs names a person after the erasure."""

import asyncio
import contextlib
import json
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import asyncpg
import httpx
import pytest

from chassis.embedded import Nats, free_port
from services.composition import NAMES
from services.mailbox import Mailbox
from tests.conftest import Servers
from tests.rules.steps import personal_columns
from tests.system.deployment import environment
from tests.system.erasure_steps import (
    ADMINISTRATOR,
    CANARIES,
    COORDINATOR,
    FIRST,
    HEARD_SECONDS,
    KEPT,
    PERSON,
    World,
    appoint_all,
    cause_refusals,
    check_sign_in_is_rejected,
    create_personal_data,
    erase_both,
)
from tests.system.platform import Platform, running
from tests.system.steps import program, psql


@pytest.fixture
async def world(servers: Servers, database_url: str, own_broker: Nats, state: Path) -> AsyncIterator[World]:
    mailbox = Mailbox(servers.folder / f"mailbox-{free_port()}", "127.0.0.1", free_port())
    await mailbox.start()
    given = {
        "ENTRAIDE_TRUSTED_PROXIES": "127.0.0.1",
        "ENTRAIDE_LOG_LEVEL": "debug",
        "ENTRAIDE_INTAKE_SMTP": f"127.0.0.1:{free_port()}",
    }
    with running(
        "together", database_url=database_url, nats=own_broker, smtp_url=mailbox.url, state=state, **given
    ) as platform:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            yield World(platform, client, database_url, own_broker, mailbox, state)
    await mailbox.stop()


async def planted(connection: asyncpg.Connection) -> Mapping[tuple[str, str], int]:
    """Return, for each column listed as personal, the number of rows of all services in which it names the person."""
    counts: Counter[tuple[str, str]] = Counter()
    patterns = [f"%{one}%" for one in CANARIES]
    for (service, table, column), kind in personal_columns().items():
        if kind == "personal":
            query = f"SELECT count(*) FROM {service}.{table} WHERE {column}::text ILIKE ANY ($1::text[])"
            counts[table, column] += await connection.fetchval(query, patterns)
    return counts


async def all_have_applied_erasure(connection: asyncpg.Connection) -> None:
    query = "SELECT " + " + ".join(f"(SELECT count(*) FROM {name}.erased)" for name in NAMES)
    deadline = time.monotonic() + HEARD_SECONDS
    while await connection.fetchval(query) < len(NAMES):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


def dumped(url: str) -> str:
    """Return all tables of all services, as `pg_dump` writes them."""
    return postgres("pg_dump", "--data-only", url).decode()


def postgres(name: str, *words: str) -> bytes:
    command = [program(name), *words]
    return subprocess.run(command, env=environment(), capture_output=True, timeout=120, check=True).stdout


def named_in(text: str) -> set[str]:
    """Return the canaries in a text, plain or escaped as in JSON."""
    folded = text.casefold()
    return {one for one in CANARIES if one.casefold() in folded or json.dumps(one)[1:-1].casefold() in folded}


def read_all(folder: Path, *, leave_out: Sequence[Path] = ()) -> Mapping[Path, str]:
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and not any(path.is_relative_to(out) for out in leave_out):
            with contextlib.suppress(FileNotFoundError):
                found[path] = path.read_bytes().decode(errors="replace")
    return found


@pytest.mark.soak
async def test_no_data_names_an_erased_person(world: World, servers: Servers) -> None:
    connection = await asyncpg.connect(world.database_url)
    await appoint_all(world)
    await create_personal_data(world)
    await cause_refusals(world)
    before = dumped(world.database_url)
    assert set(CANARIES) == named_in(before), "each of them was entered, and the search finds it"
    assert {} == {place: held for place, held in (await planted(connection)).items() if not held}
    backup = _backed_up(world, servers)
    assert 3 == (await world.entraide("erase", PERSON)).returncode

    await erase_both(world)
    await all_have_applied_erasure(connection)
    await check_sign_in_is_rejected(world)

    after = dumped(world.database_url)
    assert set() == named_in(after), [line for line in after.splitlines() if named_in(line)]
    assert str(PERSON) in after, "the person remains as an id"
    query = "SELECT title FROM delivery.effect JOIN delivery.effect_text USING (effect_id) WHERE recorded_by = $1"
    assert [f"Effect with a {KEPT}"] == [row["title"] for row in await connection.fetch(query, PERSON)]
    for kept in (KEPT, "keepsake-mail@ken.example", "https://keepsake.example/hook", "203.0.113.6"):
        assert kept in after.casefold()
    done = await world.entraide("erase", PERSON, "--json")
    assert 0 == done.returncode, done.stderr
    services = json.loads(done.stdout)["services"]
    # The only other row that it deletes is the key of the approval itself, which the client chose.
    assert {("directory", "command")} >= {(name, table) for name, one in services.items() for table in one["dropped"]}

    for folder, leave_out, shows in (
        (world.broker.store, (), str(PERSON)),
        (world.state, (), '"event": "refused"'),
        (servers.folder, (servers.folder / "postgres", *servers.folder.glob("mailbox-*"), backup), str(PERSON)),
    ):
        files = read_all(folder, leave_out=leave_out)
        assert {} == {path: named for path, text in files.items() if (named := named_in(text))}
        assert any(shows in text for text in files.values()), f"the search reads what is in {folder}"
    for page in (f"/v1/people/{PERSON}", "/v1/people", f"/v1/appointments?person={PERSON}", "/v1/requests"):
        who = ADMINISTRATOR if "requests" not in page else COORDINATOR
        assert set() == named_in(
            json.dumps(await world.call("GET", page, who, person=None if who == COORDINATOR else FIRST))
        )

    metrics = await world.client.get(world.platform.addresses["directory"] + "/metrics")
    assert (200, set()) == (metrics.status_code, named_in(metrics.text))

    for words in (["journal", "verify"], ["audit", "verify"], ["parked", "list"]):
        done = await world.entraide(*words)
        assert 0 == done.returncode, (words, done.stdout, done.stderr)
    await _restored(world, servers, backup)
    await connection.close()


def _backed_up(world: World, servers: Servers) -> Path:
    file = servers.folder / f"backup-{free_port()}.dump"
    postgres("pg_dump", "--format=custom", f"--file={file}", world.database_url)
    return file


async def _restored(world: World, servers: Servers, backup: Path) -> None:
    """Restore the former database into another one; the file of erasures states who has to be erased again."""
    name = f"restored_{free_port()}"
    connection = await asyncpg.connect(servers.postgres.dsn())
    await connection.execute(f"CREATE DATABASE {name}")
    url = servers.postgres.dsn(name)
    try:
        postgres("pg_restore", "--exit-on-error", f"--dbname={url}", str(backup))
        assert psql(url, "after-restore.sql").returncode == 0
        assert set(CANARIES) == named_in(dumped(url))
        restored = Platform({**world.platform.environment, "DATABASE_URL": url}, {})

        done = await asyncio.to_thread(restored.entraide, "erase", "--after-restore")

        assert (0, True) == (done.returncode, "nothing names them any more" in done.stdout), done.stderr
        assert set() == named_in(dumped(url))
        for words in (["journal", "verify"],):
            done = await asyncio.to_thread(restored.entraide, *words)
            assert 0 == done.returncode, (words, done.stdout, done.stderr)
    finally:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()
