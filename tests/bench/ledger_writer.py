"""A process that writes entries as `ledger.write_many` does, over ten connections, for a number of seconds."""

import asyncio
import json
import random
import sys
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, cast
from uuid import UUID, uuid5

import asyncpg
import uvloop

from chassis.db.database import Tx
from chassis.db.keyed_locks import KeyedLocks
from chassis.db.migrate import own_role_of
from chassis.ids import new_id
from contracts.pledges import Valuation
from services.pledges.ledger import store as ledger
from services.pledges.ledger.postings import Account, Entry, EntryType, Posting
from services.pledges.money.model import PAR, USD
from tests.bench.figures import cpu_seconds, percentile, resident_mb

CONNECTIONS = 10
"""Number of connections of a service, and of clients of pgbench."""

DONOR = "NOR"
"""The donor of all incoming money."""

DAY = date(2026, 11, 26)
AT_PAR = Valuation(usd_minor=0, rate="1", rate_source=PAR, rate_date=DAY)
NAMESPACE = UUID("6d9b7c38-3a3d-4d5c-9c1b-2a0f6d1d7a10")
POSTINGS = 2
"""Number of postings of an entry; TPC-B likewise writes a row of history and one of a teller."""

OF_A_FUND = 50
"""Number of pledges, and of allocations, of a fund; an entry is of one of them."""

FUNDS_OF_A_BATCH = 20

TURN_SECONDS = 0.25
"""Duration of a turn of one sort of funds, so that a disturbance of the machine affects all sorts."""

FUNDS = """
    INSERT INTO fund (fund, fund_id, texts_hash, opened_at, revision)
    SELECT fund, gen_random_uuid(), '', now(), 1 FROM unnest($1::text[]) AS f(fund)
"""
BALANCES = """
    INSERT INTO balance (fund, available_usd_minor) SELECT fund, 1000000000 FROM unnest($1::text[]) AS f(fund)
"""
PLEDGES = """
    INSERT INTO pledge (pledge_id, donor, fund, status, revision, minor, currency, earmarking, pledged_on, pledged_at,
        usd_minor, rate, rate_source, rate_date, texts_hash, open_usd_minor, recognized_minor, receipts, received_minor,
        received_usd_minor, support_cost_usd_minor, charges_usd_minor, relieved_usd_minor, written_off_minor,
        refunded_minor, refunded_usd_minor, carried_over_usd_minor)
    SELECT pledge_id, $4, fund, 'pledged', 1, 1, 'USD', 'unearmarked', $3, now(), 1, '1', 'par', $3, '', 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0
    FROM unnest($1::text[], $2::uuid[]) AS f(fund, pledge_id)
"""
ALLOCATIONS = """
    INSERT INTO allocation (allocation_id, fund, usd_minor, status, revision, allocated_on, allocated_at, work_package)
    SELECT allocation_id, fund, 1, 'made', 1, $3, now(), 'training'
    FROM unnest($1::text[], $2::uuid[]) AS f(fund, allocation_id)
"""


async def prepare(database_url: str, funds: Sequence[str]) -> None:
    """Create fictitious funds with OF_A_FUND pledges and allocations each, and enough money to take from."""
    connection = await connect(database_url)
    await connection.execute(FUNDS, funds)
    await connection.execute(BALANCES, funds)
    of_fund = [fund for fund in funds for _ in range(OF_A_FUND)]
    for kind, statement, *more in (("pledge", PLEDGES, DONOR), ("allocation", ALLOCATIONS)):
        ids = [one for fund in funds for one in ids_of(fund, kind)]
        await connection.execute(statement, of_fund, ids, DAY, *more)
    await connection.close()


@cache
def ids_of(fund: str, kind: str) -> Sequence[UUID]:
    return [uuid5(NAMESPACE, f"{fund} {kind} {number}") for number in range(OF_A_FUND)]


async def connect(database_url: str) -> asyncpg.Connection:
    settings = {"search_path": "pledges", "role": own_role_of("pledges")}
    return await asyncpg.connect(database_url, server_settings=settings)


def an_entry(fund: str, chance: random.Random) -> Entry:
    """Return an entry of money that comes in, which adds to the fund's balance, or as often of money that is taken."""
    comes_in, usd_minor = chance.random() < 0.5, chance.randint(1, 1000)
    other = Account.CASH if comes_in else Account.ALLOCATED
    signed = usd_minor if comes_in else -usd_minor
    return Entry(
        entry_id=new_id(),
        type=EntryType.RECEIVED if comes_in else EntryType.ALLOCATED,
        fund=fund,
        effective_on=DAY,
        recorded_at=datetime.now(UTC),
        postings=(Posting(other, USD, signed, signed), Posting(Account.AVAILABLE, USD, -signed, -signed)),
        pledge_id=chance.choice(ids_of(fund, "pledge")) if comes_in else None,
        allocation_id=None if comes_in else chance.choice(ids_of(fund, "allocation")),
        donor=DONOR if comes_in else None,
        valuation=AT_PAR if comes_in else None,
    )


def batch(funds: Sequence[str], size: int, chance: random.Random) -> list[Entry]:
    some = chance.sample(funds, min(len(funds), FUNDS_OF_A_BATCH)) if size > 1 else funds
    return [an_entry(chance.choice(some), chance) for _ in range(size)]


async def run(task: dict[str, Any]) -> dict[str, Any]:
    """Write by `ledger.write_many` over the connections, in the queue of the funds; a statement is a transaction.

    The `sorts` of funds take turns; `of_sorts` has the result of each, for the seconds that were its own.
    """
    sorts, size = task["sorts"], task["batch"]
    locks = KeyedLocks()
    connections = [await connect(task["database_url"]) for _ in range(task.get("connections", CONNECTIONS))]
    times: list[tuple[int, float, float]] = []
    cpu_before = cpu_seconds("self")
    begin = time.perf_counter() + task["warm_up_seconds"]
    end = begin + task["seconds"]

    async def worker(number: int, connection: asyncpg.Connection) -> None:
        chance, now = random.Random(number), 0.0
        while now < end:
            asked = time.perf_counter()
            sort = int(asked / TURN_SECONDS) % len(sorts)
            entries = batch(sorts[sort], size, chance)
            asked = time.perf_counter()
            async with locks.hold(*(entry.fund for entry in entries)):
                await ledger.write_many(cast(Tx, connection), entries)
            now = time.perf_counter()
            times.append((sort, now, now - asked))

    await asyncio.gather(*(worker(number, connection) for number, connection in enumerate(connections)))
    cpu, resident = cpu_seconds("self") - cpu_before, resident_mb("self")
    for connection in connections:
        await connection.close()
    of_sorts = []
    for number in range(len(sorts)):
        taken = [seconds for sort, at, seconds in times if sort == number and begin <= at < end]
        of_sorts.append(
            {
                "done": len(taken) * size,
                "seconds": task["seconds"] / len(sorts),
                "p50_ms": percentile(taken, 0.5) * 1000,
                "p99_ms": percentile(taken, 0.99) * 1000,
            }
        )
    return {"of_sorts": of_sorts, "sent": len(times) * size, "cpu_seconds": cpu, "resident_mb": resident}


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(json.load(sys.stdin)))))
