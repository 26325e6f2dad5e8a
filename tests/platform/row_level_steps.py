"""Steps for tests of row-level security: the rows that a caller finds."""

from uuid import UUID

from chassis.db.database import Database
from contracts.values import Caller


async def ids_of(db: Database, table: str, caller: Caller | None, key: str) -> set[UUID]:
    async with db.transaction(by=caller) as tx:
        return {row[key] for row in await tx.fetch(f"SELECT {key} FROM {table}")}


async def agree(db: Database, table: str, callers: list[Caller], seen: str) -> None:
    """Check that callers find without a WHERE what `seen` allows, and that they do not all find equally many."""
    found = {}
    for caller in callers:
        async with db.transaction() as tx:
            rows = await tx.fetch(
                f"SELECT {table}_id AS id FROM {table} WHERE {seen} AND $1::text IS NOT NULL",
                caller.organization,
                caller.role,
            )
        found[caller] = await ids_of(db, table, caller, f"{table}_id")
        assert {row["id"] for row in rows} == found[caller], (table, caller)
    assert len({len(ids) for ids in found.values()}) > 1, "all callers find equally many rows"
