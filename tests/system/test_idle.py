"""An idle platform commits few transactions and uses almost no CPU."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from chassis.activity import ACTIVE_SECONDS
from chassis.embedded import Nats
from tests.conftest import Servers
from tests.system.platform import running

SETTLING_SECONDS = ACTIVE_SECONDS + 2
"""Seconds after readiness: for so long, loops go on at their ordinary pace after the last change."""

TRANSACTIONS_MAX = 2.0
CPU_SHARE_MAX = 0.01
MEASURED_SECONDS = 118
"""Duration of the measurement: below twice the minute of idle loops, most of which would poll 2 or 3 times in 120 s."""


def cpu_seconds(pid: int) -> float:
    """Return the user and system time of a process (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def committed(looking: asyncpg.Connection, database: str) -> int:
    return int(await looking.fetchval("SELECT xact_commit FROM pg_stat_database WHERE datname = $1", database))


@contextlib.asynccontextmanager
async def without_autovacuum(superuser: asyncpg.Connection) -> AsyncIterator[None]:
    """Switch autovacuum off for a block: its transactions would be counted with those of the platform."""
    await superuser.execute("ALTER SYSTEM SET autovacuum = off")
    await superuser.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        await superuser.execute("ALTER SYSTEM RESET autovacuum")
        await superuser.execute("SELECT pg_reload_conf()")


@pytest.mark.soak
async def test_idle_platform_commits_little_and_uses_no_cpu(
    servers: Servers, database_url: str, own_broker: Nats, state: Path
) -> None:
    database = database_url.rpartition("/")[2]
    looking = await asyncpg.connect(servers.postgres.dsn())
    async with without_autovacuum(looking):
        with running(
            "together", database_url=database_url, nats=own_broker, smtp_url="smtp://127.0.0.1:9", state=state,
            ENTRAIDE_CATCH_UP_SECONDS="60",
        ) as platform:  # fmt: skip
            pid = platform.processes["up"].pid
            await asyncio.sleep(SETTLING_SECONDS)
            began, transactions, used = time.monotonic(), await committed(looking, database), cpu_seconds(pid)
            await asyncio.sleep(MEASURED_SECONDS)
            seconds = time.monotonic() - began
            per_second = (await committed(looking, database) - transactions) / seconds
            share = (cpu_seconds(pid) - used) / seconds
    await looking.close()

    said = f"{per_second:.2f} transactions a second, {share:.2%} of a processor"
    assert per_second <= TRANSACTIONS_MAX, said
    assert share <= CPU_SHARE_MAX, said
