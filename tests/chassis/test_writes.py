"""The writes of a transaction are sent in one round trip, atomically and in order."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.db.database import Database, OutcomeUnknown, Tx, is_transient
from chassis.db.migrate import role_of
from chassis.db.pool import Connection
from chassis.db.writes import NotWritten, Write, combine
from chassis.http.idempotency import Command, once
from chassis.ids import new_id
from contracts.refusals import Conflict, Mismatch
from contracts.values import Caller
from tests import builders

KENYAN = builders.a_caller("KEN:focal_point")
COMMAND = "INSERT INTO command (caller, acting_for, route, key, body_hash, outcome)"
NOTE = Write(parts={"noted": f"{COMMAND} VALUES ($1, 'KEN:focal_point', 'sample', $2, '', $1)"})
AGAIN = Write(parts={"noted_again": "UPDATE command SET route = $2 WHERE caller = $1"})
NEEDED = Write(
    parts={
        "tried": f"{COMMAND} VALUES ($1, 'KEN:focal_point', 'sample', $2, '', $1) ON CONFLICT DO NOTHING RETURNING 1"
    },
    needed="tried",
)
SEEN = Write(parts={"seen": "INSERT INTO watermark VALUES ($1, 'sample', '', now())"})


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    db = await Database.connect(database_url, "requests", role=role_of("requests"), pool_max=2)
    yield db
    await db.close()


async def _sent(db: Database, work: Callable[[Tx], object], *, by: Caller | None = None) -> list[str]:
    """The first word of every query that a transaction sends, including BEGIN and COMMIT."""
    queries: list[str] = []
    taken: list[Connection] = []
    acquire = db._pool.acquire

    def note(record: asyncpg.connection.LoggedQuery) -> None:
        queries.append(record.query.split()[0].rstrip(";"))

    async def listened_to(**given: Any) -> Connection:
        connection = await acquire(**given)
        connection.add_query_logger(note)
        taken.append(connection)
        return connection

    db._pool.acquire = listened_to
    try:
        async with db.transaction(by=by) as tx:
            await work(tx)
    finally:
        db._pool.acquire = acquire
    # A logger is called in the next turn of the event loop.
    await asyncio.sleep(0)
    for connection in taken:
        connection.remove_query_logger(note)
    return queries


async def _carry_out(db: Database, *writes: tuple[Write, tuple[object, ...]], before: str | None = None) -> None:
    async with db.transaction() as tx:
        if before:
            await tx.execute(before)
        for write, args in writes:
            await tx.queue(write, *args)


async def _routes(db: Database) -> list[str]:
    async with db.transaction() as tx:
        return [row["route"] for row in await tx.fetch("SELECT route FROM command ORDER BY key")]


async def test_writes_without_reads_are_one_statement_without_a_transaction(db: Database) -> None:
    async def work(tx: Tx) -> None:
        await tx.queue(NOTE, new_id(), "first")
        await tx.queue(SEEN, str(new_id()))

    assert await _sent(db, work, by=KENYAN) == ["WITH"]
    assert await _sent(db, work) == ["BEGIN", "WITH", "COMMIT"], "the service's own work sets its role"
    assert await _routes(db) == ["sample", "sample"]


async def test_read_sees_earlier_writes(db: Database) -> None:
    seen: list[int] = []

    async def work(tx: Tx) -> None:
        await tx.queue(NOTE, new_id(), "first")
        seen.append(await tx.fetchval("SELECT count(*) FROM command"))
        await tx.queue(NOTE, new_id(), "second")

    assert await _sent(db, work) == ["BEGIN", "WITH", "SELECT", "WITH", "COMMIT"]
    assert seen == [1]
    assert await _routes(db) == ["sample", "sample"]


async def test_empty_transaction_sends_nothing(db: Database) -> None:
    async def work(tx: Tx) -> None: ...

    assert await _sent(db, work) == []


async def test_two_writes_to_one_table_are_executed_in_order(db: Database) -> None:
    person = new_id()

    await _carry_out(db, (NOTE, (person, "first")), (AGAIN, (person, "changed")), (AGAIN, (person, "changed again")))

    assert await _routes(db) == ["changed again"]


async def test_required_write_without_rows_undoes_all(db: Database) -> None:
    person = new_id()
    await _carry_out(db, (NEEDED, (person, "first")))
    with pytest.raises(NotWritten):
        await _carry_out(db, (NEEDED, (person, "first")), (SEEN, ("sample",)))
    with pytest.raises(NotWritten):
        await _carry_out(db, (NEEDED, (person, "first")), before="UPDATE command SET body_hash = 'undone'")

    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT body_hash FROM command") == b""
        assert await tx.fetchval("SELECT count(*) FROM watermark") == 0


async def test_failure_after_a_write_leaves_no_effect(db: Database) -> None:
    async def fail(tx: Tx) -> None:
        await tx.queue(NOTE, new_id(), "first")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await _sent(db, fail)

    assert await _routes(db) == []


async def test_connection_lost_during_the_only_statement_leaves_the_outcome_unknown(
    db: Database, database_url: str
) -> None:
    async def killed() -> None:
        async with db.transaction(by=KENYAN) as tx:
            await tx.queue(
                Write(parts={"slept": f"{COMMAND} SELECT $1, '', '', '', '', $1 FROM pg_sleep(30)"}), new_id()
            )

    task = asyncio.create_task(killed())
    administrator = await asyncpg.connect(database_url)
    try:
        async with asyncio.timeout(10):
            while not await administrator.fetchval(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE query LIKE 'WITH caller%' AND datname = current_database()"
            ):
                await asyncio.sleep(0.01)
    finally:
        await administrator.close()

    with pytest.raises(OutcomeUnknown):
        await task


async def test_statement_rejected_by_postgresql_is_undone_and_keeps_the_connection(db: Database) -> None:
    async with db.transaction() as tx:
        before = await tx.fetchval("SELECT pg_backend_pid()")

    for _ in range(2):
        with pytest.raises(asyncpg.NotNullViolationError):
            await _carry_out(db, (NOTE, (new_id(), None)), (SEEN, ("sample",)))

    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT pg_backend_pid()") == before
        assert await tx.fetchval("SELECT count(*) FROM watermark") == 0


async def test_changed_cached_plan_is_retryable(db: Database, database_url: str) -> None:
    async def read() -> None:
        async with db.transaction() as tx:
            await tx.fetch("SELECT * FROM command")

    await read()
    administrator = await asyncpg.connect(database_url)
    try:
        await administrator.execute("ALTER TABLE requests.command ADD COLUMN added integer")
    finally:
        await administrator.close()

    with pytest.raises(asyncpg.InvalidCachedStatementError) as error:
        await read()
    assert is_transient(error.value)
    await read()


def test_parameters_of_joined_statements_are_renumbered() -> None:
    first = Write(parts={"a": "INSERT INTO one VALUES ($1, $2)", "b": "INSERT INTO two VALUES ($2, $12)"})
    second = Write(parts={"c": "INSERT INTO three VALUES ($1, $1)"}, needed="c")

    assert combine((first, second)) == (
        "WITH a AS (INSERT INTO one VALUES ($1, $2)), b AS (INSERT INTO two VALUES ($2, $12)),"
        " c AS (INSERT INTO three VALUES ($13, $13)) SELECT require_row((SELECT count(*) FROM c))"
    )


def _command(body: bytes = b"same") -> Command:
    return Command(caller=KENYAN, route="POST /v1/samples", key="sample-key", body_hash=body)


async def _make(db: Database, command: Command, *, pause: float = 0.0) -> tuple[str, UUID]:
    async def first(tx: Tx, outcome: UUID) -> tuple[str, UUID]:
        if pause:
            await tx.fetchval("SELECT pg_sleep($1)", pause)
        return "first", outcome

    async def again(tx: Tx, outcome: UUID) -> tuple[str, UUID]:
        return "again", outcome

    return await once(db, command, first=first, again=again)


@pytest.mark.parametrize(
    ("planned_once", "mode"), [(None, "auto"), (True, "force_generic_plan"), (False, "force_custom_plan")]
)
async def test_transaction_says_whether_its_statements_are_planned_once(
    db: Database, planned_once: bool | None, mode: str
) -> None:
    async with db.transaction(by=KENYAN, planned_once=planned_once) as tx:
        assert await tx.fetchval("SHOW plan_cache_mode") == mode
    async with db.transaction(by=KENYAN) as tx:
        assert await tx.fetchval("SHOW plan_cache_mode") == "auto", "the setting must not remain on the connection"


async def test_repeated_command_returns_the_record_of_the_first(db: Database) -> None:
    made, record = await _make(db, _command())

    assert made == "first"
    assert await _make(db, _command()) == ("again", record)
    with pytest.raises(Mismatch):
        await _make(db, _command(b"other"))


async def test_concurrent_equal_commands_have_one_effect(db: Database) -> None:
    answers = await asyncio.gather(*(_make(db, _command(), pause=0.05) for _ in range(8)), return_exceptions=True)

    assert [answer[0] for answer in answers if isinstance(answer, tuple)].count("first") == 1
    assert len({answer[1] for answer in answers if isinstance(answer, tuple)}) == 1
    assert all(isinstance(answer, tuple | Conflict) for answer in answers)
