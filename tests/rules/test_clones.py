"""A clone that a test has used is empty for the next one, but for dead rows and index entries that plans show."""

import ast
from typing import Any

import asyncpg

from tests.databases import SEQUENCES, TABLES, Clones
from tests.rules.steps import ROOT


async def contents(connection: asyncpg.Connection) -> dict[str, Any]:
    """Return the rows of every table, and every sequence."""
    tables = [table for (table,) in await connection.fetch(TABLES)]
    rows = {table: await connection.fetch(f"SELECT t::text FROM {table} AS t ORDER BY 1") for table in sorted(tables)}
    return rows | {"sequences": await connection.fetch(f"{SEQUENCES} ORDER BY 1")}


async def test_a_clone_is_empty_again_for_the_next_test(clones: Clones, template: str) -> None:
    async with clones.one(template) as address:
        connection = await asyncpg.connect(address)
        before = await contents(connection)
        await connection.execute("SELECT nextval('requests.journal_position_seq')")
        await connection.execute("DELETE FROM requests.bookmark_key")
        await connection.execute("UPDATE matching.consent_reading SET heard_at = now()")
        assert before != await contents(connection)
        # The connection is left open, as by a test that fails.

    async with clones.one(template) as again:
        assert address == again, "the clone is used again"
        assert connection.is_closed()
        connection = await asyncpg.connect(again)
        assert before == await contents(connection)
        await connection.close()


async def test_a_clone_with_another_schema_is_not_used_again(clones: Clones, template: str) -> None:
    async with clones.one(template) as address:
        connection = await asyncpg.connect(address)
        await connection.execute("ALTER TABLE requests.request ADD COLUMN planted text")
        await connection.close()

    async with clones.one(template) as other:
        assert address != other


def test_tests_that_explain_a_plan_have_a_new_database() -> None:
    """A plan is costed by the pages of dead rows, and a bitmap scan counts dead index entries as rows."""
    found = [
        f"{path.relative_to(ROOT)}::{node.name}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if "EXPLAIN" in (text := path.read_text(encoding="utf-8")) and path.parent.name not in {"bench", "rules"}
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_")
        if "EXPLAIN" in ast.unparse(node) and "new_database" not in map(_last_name, node.decorator_list)
    ]

    assert not found, "mark each new_database"


def _last_name(decorator: ast.expr) -> str:
    return ast.unparse(decorator).rpartition(".")[2]
