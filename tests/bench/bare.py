"""The statements of a real call by bare asyncpg on the same database, over ten connections, by a number of workers."""

import asyncio
import json
import pickle
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from chassis.db.database import POOL_MAX
from chassis.db.migrate import role_of
from chassis.ids import new_id
from tests.bench.figures import cpu_seconds, percentile, resident_mb
from tests.bench.recording import Repetition, Statement

Work = Callable[[asyncpg.Connection], Awaitable[None]]


def same_statements(statements: list[Statement]) -> Work:
    """Return work that runs the statements of the real call, including those that begin and commit its transaction."""
    repetition = Repetition(statements)

    async def work(connection: asyncpg.Connection) -> None:
        for method, query, args in repetition.again():
            await getattr(connection, method)(query, *args)

    return work


def one_insert(statements: list[Statement]) -> Work:
    """Return work that inserts one row of the event's size in a statement of its own: the least that is durable."""
    event = event_of(statements)

    async def work(connection: asyncpg.Connection) -> None:
        await connection.execute("INSERT INTO bench_row (id, body) VALUES ($1, $2::text::json)", new_id(), event)

    return work


def event_of(statements: list[Statement]) -> str:
    """Return the event: the longest text among the arguments, which may be lists."""
    texts = (one for s in statements for arg in s.args for one in (arg if isinstance(arg, list) else [arg]))
    return max((text for text in texts if isinstance(text, str)), key=len)


async def connections(database_url: str) -> "asyncio.LifoQueue[asyncpg.Connection]":
    """Open as many connections as the application has, in its role."""
    settings = {"search_path": "requests", "role": role_of("requests")}
    idle: asyncio.LifoQueue[asyncpg.Connection] = asyncio.LifoQueue()
    for _ in range(POOL_MAX):
        idle.put_nowait(await asyncpg.connect(database_url, server_settings=settings))
    return idle


async def run(task: dict[str, Any]) -> dict[str, Any]:
    statements: list[Statement] = pickle.loads(Path(task["statements"]).read_bytes())
    work = {"same": same_statements, "insert": one_insert}[task["variant"]](statements)
    idle = await connections(task["database_url"])
    times: list[tuple[float, float]] = []
    cpu_before = cpu_seconds("self")
    begin = time.perf_counter() + task["warm_up_seconds"]
    end = begin + task["seconds"]

    async def worker() -> None:
        now = 0.0
        while now < end:
            asked = time.perf_counter()
            connection = await idle.get()
            try:
                await work(connection)
            finally:
                idle.put_nowait(connection)
            now = time.perf_counter()
            times.append((now, now - asked))

    await asyncio.gather(*(worker() for _ in range(task["clients"])))
    cpu = cpu_seconds("self") - cpu_before
    resident = resident_mb("self")
    while not idle.empty():
        await idle.get_nowait().close()
    taken = [seconds for at, seconds in times if begin <= at < end]
    return {
        "sent": len(times),
        "done": len(taken),
        "seconds": task["seconds"],
        "p50_ms": percentile(taken, 0.5) * 1000,
        "p99_ms": percentile(taken, 0.99) * 1000,
        "cpu_seconds": cpu,
        "resident_mb": resident,
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(json.load(sys.stdin)))))
