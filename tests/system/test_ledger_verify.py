"""`entraide ledger verify` on a correct and on a tampered ledger."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.conftest import Servers
from tests.pledges.steps import FINANCE, funded, post, prepared, usd
from tests.system.platform import Platform

Client = httpx.AsyncClient


@pytest.fixture
async def operator(client_of: Callable[..., Awaitable[Client]], database_url: str, servers: Servers) -> Platform:
    """The operator of a platform with a paid pledge and an allocation."""
    client = await prepared(await client_of("pledges"))
    await funded(client, 1000)
    await post(client, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(60), work_package="maintenance")
    state = Path(servers.folder)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(state), "ENTRAIDE_STATE": str(state)}
    return Platform(environment | {"DATABASE_URL": database_url}, {})


async def _verified(operator: Platform, *options: str) -> tuple[int, str]:
    done = await asyncio.to_thread(operator.entraide, "ledger", "verify", *options)
    assert done.stderr == ""
    return done.returncode, done.stdout


async def test_verified_ledger_exits_with_0_and_one_sentence(operator: Platform) -> None:
    assert (
        0,
        "the books are right: 4 entries with 12 postings, 3 counters, 0 closings, 1 pledges, 1 allocations and "
        "0 requirements are what the journal says\n",
    ) == await _verified(operator)
    code, said = await _verified(operator, "--json")
    assert (0, 4, []) == (code, json.loads(said)["entries"], json.loads(said)["findings"])


async def test_tampered_ledger_exits_with_1_and_the_first_wrong_posting(operator: Platform, database_url: str) -> None:
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "pledges"})
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute("ALTER TABLE entry DROP CONSTRAINT entry_is_sound")
        wrong = await connection.fetchval(
            """
            UPDATE entry SET postings[3].minor = 7, postings[3].usd_minor = 7, postings[4].minor = 8
            WHERE type = 'received' RETURNING entry_id
            """
        )
        await connection.execute("UPDATE allocation SET spent_usd_minor = 60")
        allocation_id = await connection.fetchval("SELECT allocation_id FROM allocation")
    finally:
        await connection.close()

    code, said = await _verified(operator)
    first, *lines = said.splitlines()
    assert code == 1
    assert first.startswith("THE BOOKS ARE WRONG: the first that does not hold in each table, of 4 entries with ")
    assert [
        f"entry {wrong}, position 3: it does not balance: paid",
        f"allocation: {allocation_id}: spent_usd_minor",
    ] == lines

    code, said = await _verified(operator, "--json")
    found = json.loads(said)["findings"]
    assert (1, "entry", str(wrong), 3) == (code, found[0]["table"], found[0]["entry_id"], found[0]["position"])
