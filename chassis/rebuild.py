"""Rebuild tables from the journal, to verify that it contains everything except the texts."""

from asyncpg import Record

from chassis.db.database import Database, Tx
from chassis.nouns import actions
from chassis.service import Service
from contracts.facts import decode_event

PAGE = 1000


class _Undo(Exception):
    pass


async def verify(db: Database, service: Service) -> list[str]:
    """Rebuild the service's tables in a transaction that is rolled back; return the differences, one per line.

    `db` is the owner's connection, which may delete. Nothing else should write in the meantime.
    """
    differences: list[str] = []
    try:
        async with db.transaction() as tx:
            await tx.execute("SET LOCAL statement_timeout = '600s'")
            # Row-level security is also forced on the owner.
            await tx.execute("SET LOCAL entraide.role = 'owner'")
            before = {table: await contents(tx, table) for table in service.tables}
            await rebuild(tx, service)
            for table in service.tables:
                after = await contents(tx, table)
                if before[table] != after:
                    missing, extra = len(before[table] - after), len(after - before[table])
                    differences.append(f"{table}: {missing} rows are not in the journal, {extra} are only there")
            raise _Undo
    except _Undo:
        return differences


async def rebuild(tx: Tx, service: Service) -> None:
    """Empty the service's tables and fold its journal into them, in order."""
    if service.rebuild is None:
        return
    await tx.execute("SET CONSTRAINTS ALL DEFERRED")
    for table in service.tables:
        await tx.execute(f"DELETE FROM {table}")
    declared = {one.aggregate: one for one in service.nouns}
    # Start at the lowest possible position, so that an event inserted before the first one is included.
    start = -(2**63)
    while True:
        rows = await tx.fetch(
            """
            SELECT position, event FROM journal
            WHERE position >= $1 ORDER BY position LIMIT $2
            """,
            start,
            PAGE,
        )
        for row in rows:
            event = decode_event(row["event"])
            if noun := declared.get(event.aggregate):
                await actions.rebuild(tx, noun, event)
            else:
                await service.rebuild(tx, event)
        if len(rows) < PAGE:
            return
        start = rows[-1]["position"] + 1


async def contents(tx: Tx, table: str) -> set[str]:
    """The rows of a table as text, for comparison."""
    rows: list[Record] = await tx.fetch(f"SELECT t::text AS row FROM {table} AS t")
    return {str(row["row"]) for row in rows}
