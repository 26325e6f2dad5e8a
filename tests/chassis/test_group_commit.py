"""Concurrent writes are committed in groups, and each caller gets only its own outcome."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from chassis.db.database import Database, OutcomeUnknown
from chassis.db.migrate import own_role_of, role_of
from chassis.db.writes import NotWritten, Write
from chassis.ids import new_id
from contracts.values import Caller
from tests import builders

pytestmark = pytest.mark.usefixtures("patient")

KENYAN = builders.a_caller("KEN:focal_point")
PERUVIAN = builders.a_caller("PER:focal_point")
CALLERS = 60

COMMAND = "INSERT INTO command (caller, acting_for, route, key, body_hash, outcome)"
# Stores the transaction id and the caller setting, so that a test can read them.
NOTE = Write(
    parts={
        "noted": f"""
            {COMMAND} SELECT $1::uuid, 'sample', $2::text, pg_current_xact_id()::text,
                convert_to(current_setting('entraide.organization'), 'UTF8'), $1
            FROM pg_sleep(0.02) WHERE $3::integer IS NOT NULL
        """
    }
)
NEEDED = Write(
    parts={"tried": f"{COMMAND} VALUES ($1, 'sample', '', $2, '', $1) ON CONFLICT DO NOTHING RETURNING 1"},
    needed="tried",
)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    db = await Database.connect(database_url, "requests", role=role_of("requests"), pool_max=4)
    yield db
    await db.close()


async def _note(db: Database, caller: Caller, route: str | None = "sample", number: int = 1) -> UUID:
    written = new_id()
    async with db.transaction(by=caller) as tx:
        await tx.queue(NOTE, written, route, number)
    return written


async def _rows(db: Database) -> list[asyncpg.Record]:
    async with db.transaction() as tx:
        return await tx.fetch("SELECT caller, key AS transaction, convert_from(body_hash, 'UTF8') AS by FROM command")


async def test_concurrent_writes_are_committed_in_few_transactions_each_as_its_caller(db: Database) -> None:
    callers = [KENYAN, PERUVIAN] * (CALLERS // 2)

    async def come(number: int, caller: Caller) -> UUID:
        await asyncio.sleep(number / 1000)
        return await _note(db, caller)

    written = await asyncio.gather(*(come(number, caller) for number, caller in enumerate(callers)))

    rows = await _rows(db)
    assert {row["caller"]: row["by"] for row in rows} == {
        one: caller.organization for one, caller in zip(written, callers, strict=True)
    }
    assert len({row["transaction"] for row in rows}) < CALLERS / 2


async def test_single_write_is_committed_without_waiting(db: Database) -> None:
    for _ in range(3):
        await _note(db, KENYAN)

    assert len({row["transaction"] for row in await _rows(db)}) == 3


async def test_rejected_write_gets_its_error_and_the_others_are_committed(db: Database) -> None:
    routes = [None if number % 7 == 0 else "sample" for number in range(CALLERS)]

    answers = await asyncio.gather(*(_note(db, KENYAN, route) for route in routes), return_exceptions=True)

    for route, answer in zip(routes, answers, strict=True):
        assert isinstance(answer, UUID if route else asyncpg.NotNullViolationError)
    assert {row["caller"] for row in await _rows(db)} == {one for one in answers if isinstance(one, UUID)}


async def test_write_that_cannot_be_sent_leaves_nothing_and_the_others_are_committed(db: Database) -> None:
    numbers = [2**40 if number == CALLERS // 2 else 1 for number in range(CALLERS)]

    answers = await asyncio.gather(*(_note(db, KENYAN, number=one) for one in numbers), return_exceptions=True)

    assert [isinstance(answer, asyncpg.DataError) for answer in answers] == [number > 1 for number in numbers]
    assert {row["caller"] for row in await _rows(db)} == {one for one in answers if isinstance(one, UUID)}


async def test_required_write_without_rows_undoes_only_its_own_caller(db: Database) -> None:
    person = new_id()

    async def try_to(key: str) -> None:
        async with db.transaction(by=KENYAN) as tx:
            await tx.queue(NEEDED, person, key)

    answers = await asyncio.gather(
        *(try_to(str(number % (CALLERS // 2))) for number in range(CALLERS)), return_exceptions=True
    )

    assert sum(isinstance(answer, NotWritten) for answer in answers) == CALLERS // 2
    assert sum(answer is None for answer in answers) == CALLERS // 2
    assert len(await _rows(db)) == CALLERS // 2


async def test_writes_of_the_service_are_grouped_in_its_own_role(db: Database) -> None:
    role = Write(
        parts={
            "noted": f"""
                {COMMAND} SELECT $1::uuid, 'sample', 'sample', pg_current_xact_id()::text,
                    convert_to(current_user, 'UTF8'), $1
            """
        }
    )

    async def work() -> None:
        async with db.transaction() as tx:
            await tx.queue(role, new_id())

    await asyncio.gather(*(work() for _ in range(CALLERS)), _note(db, KENYAN))

    rows = await _rows(db)
    assert CALLERS == sum(row["by"] == own_role_of("requests") for row in rows)
    assert CALLERS + 1 == len(rows)
    assert len({row["transaction"] for row in rows}) <= 7


async def test_rejected_write_of_the_service_undoes_only_itself(db: Database) -> None:
    person = new_id()

    async def work(key: str) -> None:
        async with db.transaction() as tx:
            await tx.queue(NEEDED, person, key)

    answers = await asyncio.gather(*(work(str(number % 20)) for number in range(CALLERS)), return_exceptions=True)

    assert 20 == sum(answer is None for answer in answers)
    assert CALLERS - 20 == sum(isinstance(answer, NotWritten) for answer in answers)
    await _note(db, KENYAN)
    assert 21 == len(await _rows(db))


async def test_cancelled_caller_does_not_cancel_the_group(db: Database) -> None:
    tasks = [asyncio.create_task(_note(db, KENYAN)) for _ in range(CALLERS)]
    await asyncio.sleep(0.01)
    for task in tasks[::2]:
        task.cancel()

    answers = await asyncio.gather(*tasks, return_exceptions=True)

    assert all(isinstance(answer, UUID) for answer in answers[1::2])
    assert {row["caller"] for row in await _rows(db)} >= set(answers[1::2])


async def test_lost_connection_leaves_the_outcome_of_its_group_unknown(db: Database, database_url: str) -> None:
    slow = Write(parts={"slept": f"{COMMAND} SELECT $1::uuid, '', '', $1::text, '', $1 FROM pg_sleep(30)"})

    async def killed() -> None:
        async with db.transaction(by=KENYAN) as tx:
            await tx.queue(slow, new_id())

    tasks = [asyncio.create_task(killed()) for _ in range(CALLERS)]
    administrator = await asyncpg.connect(database_url)
    try:
        async with asyncio.timeout(10):
            while not all(task.done() for task in tasks):
                await administrator.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE query LIKE 'WITH caller%' AND datname = current_database()"
                )
                await asyncio.sleep(0.01)
    finally:
        await administrator.close()

    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(answer, OutcomeUnknown) for answer in answers)
    assert await _rows(db) == []


async def test_simultaneous_writes_are_committed_together(db: Database) -> None:
    """The first write of a burst waits for the others."""
    await asyncio.gather(*(_note(db, KENYAN) for _ in range(10)))

    assert len({row["transaction"] for row in await _rows(db)}) == 1
