"""The bare variant does what the real call does; otherwise its ratio would be meaningless."""

import asyncpg

from chassis.db.migrate import own_role_of, role_of
from chassis.settings import Settings
from tests import builders
from tests.bench.recording import Repetition, record_filing

TABLES = (
    *("request", "request_line", "request_text", "line_text", "consent"),
    *("journal", "pending", "command", "audit", "audit_origin"),
)


async def test_a_repetition_writes_the_rows_of_the_call_it_was_recorded_from(settings: Settings) -> None:
    body = builders.a_request(lines=[builders.a_line(), builders.a_line()])
    repetition = Repetition(await record_filing(settings, builders.headers(), body))
    counting, writing = [
        await asyncpg.connect(settings.database_url, server_settings={"search_path": "requests", "role": role})
        for role in (own_role_of("requests"), role_of("requests"))
    ]
    once = await _rows(counting)

    for _ in range(2):
        for method, query, args in repetition.again():
            await getattr(writing, method)(query, *args)

    assert all(once.values())
    assert {table: 3 * count for table, count in once.items()} == await _rows(counting)
    await counting.close()
    await writing.close()


async def _rows(connection: asyncpg.Connection) -> dict[str, int]:
    return {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}
