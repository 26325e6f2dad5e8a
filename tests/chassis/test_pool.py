"""The pool limits connections and reuses only those left in a clean state."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from chassis.db.database import Database, OutcomeUnknown, is_transient
from chassis.db.migrate import role_of
from chassis.db.pool import Pool
from contracts.refusals import Unavailable


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    db = await Database.connect(database_url, "requests", role=role_of("requests"), pool_max=2)
    yield db
    await db.close()


async def _backend(db: Database) -> int:
    async with db.transaction() as tx:
        return int(await tx.fetchval("SELECT pg_backend_pid()"))


async def test_last_released_connection_is_acquired_first(db: Database) -> None:
    async with db.transaction() as outer:
        first = await outer.fetchval("SELECT pg_backend_pid()")
        inner = await _backend(db)

    assert first != inner
    assert [first, first] == [await _backend(db), await _backend(db)]


@pytest.mark.new_database
async def test_full_pool_makes_callers_wait(db: Database) -> None:
    async def hold() -> None:
        async with db.transaction() as tx:
            await tx.execute("SELECT pg_sleep(0.05)")

    await asyncio.gather(*(hold() for _ in range(8)))

    async with db.transaction() as tx:
        opened = await tx.fetchval(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE application_name = 'entraide requests' AND datname = current_database()"
        )
    assert opened <= 2


async def test_waiting_too_long_for_a_connection_raises_pool_timeout(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with db.transaction() as one, db.transaction() as other:
        await one.execute("SELECT")
        await other.execute("SELECT")
        # Only now, because connecting takes longer on a busy processor.
        with monkeypatch.context() as patch:
            patch.setattr("chassis.db.database.ACQUIRE_SECONDS", 0.05)
            with pytest.raises(Unavailable):
                await _backend(db)

    assert await _backend(db)


async def test_rolled_back_connection_is_reused(db: Database) -> None:
    before = await _backend(db)
    with pytest.raises(asyncpg.UndefinedTableError):
        async with db.transaction() as tx:
            await tx.execute("SELECT * FROM nowhere")

    assert before == await _backend(db)


async def test_cancelled_statement_leaves_no_effect(db: Database) -> None:
    async def cancelled() -> None:
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO watermark VALUES ('c', 'o', '0.0', now())")
            await tx.execute("SELECT pg_sleep(30)")

    for _ in range(4):
        task = asyncio.create_task(cancelled())
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async with db.transaction() as tx:
        assert 0 == await tx.fetchval("SELECT count(*) FROM watermark")


async def test_connection_closed_by_the_server_is_replaced(db: Database, database_url: str) -> None:
    before = await _backend(db)
    administrator = await asyncpg.connect(database_url)
    await administrator.execute("SELECT pg_terminate_backend($1, 10000)", before)
    await administrator.close()
    await asyncio.sleep(0.5)

    assert before != await _backend(db)


async def test_unanswered_commit_closes_its_connection(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    before = await _backend(db)

    execute = asyncpg.Connection.execute

    async def unanswered(connection: asyncpg.Connection, query: str, *args: object) -> str:
        if query == "COMMIT":
            raise ConnectionResetError
        return await execute(connection, query, *args)

    with monkeypatch.context() as patch:
        patch.setattr(asyncpg.Connection, "execute", unanswered)
        with pytest.raises(OutcomeUnknown):
            await _backend(db)

    assert before != await _backend(db)


async def test_expired_connections_are_not_reused(db: Database) -> None:
    async with db.transaction() as tx:
        idle, in_use = await _backend(db), await tx.fetchval("SELECT pg_backend_pid()")
        db.expire()

    assert not {idle, in_use} & {await _backend(db), await _backend(db)}


async def test_failed_connect_takes_no_slot() -> None:
    async def refused() -> asyncpg.Connection:
        raise ConnectionRefusedError

    pool = Pool(refused, 1)
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            await pool.acquire(within_seconds=0.1)


async def test_close_waits_for_acquired_connections_and_rejects_new_ones(db: Database) -> None:
    done = False

    async def work() -> None:
        nonlocal done
        async with db.transaction() as tx:
            await tx.execute("SELECT pg_sleep(0.2)")
        done = True

    task = asyncio.create_task(work())
    await asyncio.sleep(0.05)
    await db.close()

    assert done
    with pytest.raises(Unavailable):
        await _backend(db)
    await task


async def test_connection_to_a_read_only_server_is_replaced(db: Database) -> None:
    """The connections lead to the former primary after a failover; a new one leads to the current primary."""
    connection = await db._pool.acquire(within_seconds=30)
    await connection.execute("SET default_transaction_read_only = on")
    db._pool.release(connection, sound=True)

    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with db.transaction() as tx:
            await tx.execute("DELETE FROM pending")

    async with db.transaction() as tx:
        await tx.execute("DELETE FROM pending")


@pytest.mark.parametrize("turns", range(12))
async def test_cancelled_begin_leaves_no_transaction_open(database_url: str, turns: int) -> None:
    db = await Database.connect(database_url, "requests", pool_max=1)

    async def ask() -> None:
        async with db.transaction() as tx:
            await tx.fetchval("SELECT 1")

    await ask()
    asking = asyncio.create_task(ask())
    for _ in range(turns):
        await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)

    async with db.transaction() as tx:
        # PostgreSQL refuses this statement in a transaction that has executed a query before.
        await tx.execute("SET TRANSACTION READ ONLY, ISOLATION LEVEL REPEATABLE READ")
    await db.close()


async def test_transaction_ended_by_the_server_is_retryable(db: Database) -> None:
    async def work() -> None:
        async with db.transaction() as tx:
            await tx.execute("SELECT set_config(name, '50', true) FROM pg_settings WHERE name = 'transaction_timeout'")
            await tx.execute("SELECT pg_sleep(1)")
            pytest.skip("this PostgreSQL has no transaction_timeout")

    with pytest.raises(asyncpg.PostgresError) as ended:
        await work()

    assert is_transient(ended.value)
