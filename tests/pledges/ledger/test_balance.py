"""The balance of a fund: one row, locked with NOWAIT; its writers queue in the process, without a connection."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from msgspec.structs import replace

from chassis import clock
from chassis.db.database import Database, Tx
from chassis.db.migrate import role_of
from chassis.ids import new_id
from contracts.refusals import Conflict
from services.pledges.funds import balance_locks
from services.pledges.ledger import balances
from services.pledges.ledger import store as ledger
from services.pledges.ledger.postings import Account, Entry, EntryType, Posting
from services.pledges.money.model import USD
from tests.builders import headers
from tests.pledges.ledger.steps import locked
from tests.pledges.steps import (
    FINANCE,
    SECOND,
    Client,
    a_fund,
    approve,
    committed,
    entry_of,
    funded,
    get,
    move,
    post,
    receive,
    usd,
)

pytestmark = pytest.mark.usefixtures("patient")

HELD = "SELECT FROM pledges.balance WHERE fund = 'SHERLOC-MNT' FOR UPDATE"
ALLOCATION = {"fund": "SHERLOC-MNT", "money": usd(30), "work_package": "training"}


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]]) -> Client:
    client = await client_of("pledges")
    await post(client, "/v1/funds", FINANCE, **a_fund())
    return client


@pytest.fixture
async def other_process(database_url: str) -> AsyncIterator[Database]:
    """A second process of the service, without the locks of this process."""
    other = await Database.connect(database_url, "pledges", role=role_of("pledges"))
    yield other
    await other.close()


def _allocated(allocation_id: UUID, usd_minor: int) -> Entry:
    return Entry(
        entry_id=new_id(),
        type=EntryType.ALLOCATED,
        fund="SHERLOC-MNT",
        effective_on=date(2026, 4, 20),
        recorded_at=clock.now(),
        postings=(Posting(Account.AVAILABLE, USD, usd_minor, usd_minor),
                  Posting(Account.ALLOCATED, USD, -usd_minor, -usd_minor)),
        allocation_id=allocation_id,
    )  # fmt: skip


async def _an_allocation(api: Client, usd_minor: int, fund: str = "SHERLOC-MNT") -> UUID:
    body: dict[str, Any] = ALLOCATION | {"fund": fund, "money": usd(usd_minor)}
    return UUID((await post(api, "/v1/allocations", FINANCE, **body))["allocation_id"])


async def _write(db: Database, entries: list[Entry]) -> bool:
    """Write entries with the locks of a command; return whether the funds had enough."""
    locks = [lock for entry in entries for lock in balance_locks.of_fund(entry.fund)]
    try:
        await db.run_in_transaction(lambda tx: ledger.write_many(tx, entries), locks=locks)
    except Conflict:
        return False
    return True


# -- the row ----------------------------------------------------------------------------------------------------------


async def test_batch_that_overdraws_a_fund_is_not_written(api: Client, db: Database) -> None:
    """If the entries are written one by one, as many succeed as the fund has money for."""
    await funded(api, 1000)
    allocation_id = await _an_allocation(api, 100)
    entries = [_allocated(allocation_id, 300) for _ in range(4)]

    assert not await _write(db, entries)
    assert (await get(api, "/v1/funds/SHERLOC-MNT"))["available_usd_minor"] == 900
    assert [True, True, True, False] == [await _write(db, [entry]) for entry in entries]
    fund = await get(api, "/v1/funds/SHERLOC-MNT")
    assert (fund["available_usd_minor"], fund["allocated_usd_minor"]) == (0, 1000)


async def test_locked_balance_fails_at_once(api: Client, db: Database) -> None:
    """Otherwise the journal could have two facts in another order than that in which they took effect."""
    await funded(api, 1000)
    allocation_id = await _an_allocation(api, 1)
    tries: list[Callable[[Tx], Awaitable[object]]] = [
        lambda tx: ledger.lock_balance(tx, "SHERLOC-MNT"),
        lambda tx: ledger.write(tx, _allocated(allocation_id, 10)),
        lambda tx: ledger.write_many(tx, [_allocated(allocation_id, -10), _allocated(allocation_id, -10)]),
    ]
    async with db.transaction() as tx:
        assert await ledger.lock_balance(tx, "SHERLOC-MNT") == 999
        for one in tries:
            with pytest.raises(asyncpg.LockNotAvailableError):
                async with asyncio.timeout(2.5), db.transaction() as other:
                    await one(other)
    async with db.transaction() as tx:
        assert await ledger.lock_balance(tx, "SHERLOC-MNT") == 999


async def test_concurrent_withdrawals_never_overdraw_a_fund(api: Client, db: Database, other_process: Database) -> None:
    """Forty writers in two processes take 30 each of 200: six succeed. Half of the writers do not lock first."""
    await funded(api, 201)
    allocation_id = await _an_allocation(api, 1)

    async def take(number: int) -> bool:
        async def work(tx: Tx) -> None:
            if number % 4 < 2:
                await ledger.lock_balance(tx, "SHERLOC-MNT")
            await ledger.write(tx, _allocated(allocation_id, 30))

        try:
            process = (db, other_process)[number % 2]
            await process.run_in_transaction(work, locks=balance_locks.of_fund("SHERLOC-MNT"))
        except Conflict:
            return False
        return True

    assert 6 == sum(await asyncio.gather(*(take(number) for number in range(40))))
    async with db.transaction() as tx:
        assert 20 == await ledger.lock_balance(tx, "SHERLOC-MNT")
        assert [] == await balances.differing_balances(tx)


async def test_batches_over_the_same_funds_do_not_deadlock(api: Client, db: Database, other_process: Database) -> None:
    await post(api, "/v1/funds", FINANCE, **a_fund("SHERLOC-DEV"))
    funds = ("SHERLOC-MNT", "SHERLOC-DEV")
    for fund in funds:
        await funded(api, 1000, fund)
    made = [await _an_allocation(api, 1, fund) for fund in funds]

    def batch(turn: int) -> list[Entry]:
        both = [replace(_allocated(one, 1), fund=fund) for one, fund in zip(made, funds, strict=True)]
        return both[:: -1 if turn % 2 else 1]

    writing = (_write((db, other_process)[turn % 4 // 2], batch(turn)) for turn in range(40))
    assert all(await asyncio.gather(*writing))


# -- the queue ---------------------------------------------------------------------------------------------------------


async def test_command_waits_for_balance_lock_without_a_connection(api: Client, db: Database) -> None:
    for fund in ("SHERLOC-DEV", "TA-REQUESTS"):
        await post(api, "/v1/funds", FINANCE, **a_fund(fund, 0))
    await funded(api, 1000)
    elsewhere = await committed(api, fund="TA-REQUESTS", money=usd(100))
    to_reverse = (await entry_of(api, "received"))["entry_id"]
    to_receive = await committed(api, money=usd(100))
    to_carry_over, to_bring_forward = await funded(api, 1000), await funded(api, 1000, "SHERLOC-DEV")
    refund = await move(api, await funded(api, 1000), "refund", money=usd(200), reason="not_used")
    carried_over = await move(api, await funded(api, 1000), "carry-over", to_fund="SHERLOC-DEV", money=usd(70))
    halves = (await get(api, f"/v1/ledger/entries?pledge={carried_over['pledge_id']}"))["entries"][:2]
    assert {"SHERLOC-DEV", "SHERLOC-MNT"} == {half["fund"] for half in halves}
    made = await post(api, "/v1/allocations", FINANCE, **ALLOCATION)
    reversal = {"entry_id": to_reverse, "reason": "recorded_wrongly"}
    reversing = await post(
        api, "/v1/ledger/reversals", FINANCE, entry_id=halves[0]["entry_id"], reason="recorded_wrongly"
    )

    commands = {
        "allocate": post(api, "/v1/allocations", FINANCE, **ALLOCATION),
        "return": post(api, f"/v1/allocations/{made['allocation_id']}/return", FINANCE, revision=1),
        "receive": receive(api, to_receive, usd(100)),
        "carry over from": move(api, to_carry_over, "carry-over", to_fund="SHERLOC-DEV", money=usd(50)),
        "carry over to": move(api, to_bring_forward, "carry-over", to_fund="SHERLOC-MNT", money=usd(60)),
        "propose a reversal": post(api, "/v1/ledger/reversals", FINANCE, **reversal),
        "approve a refund": approve(api, refund, SECOND),
        "approve the reversal of a carry-over": approve(api, reversing, SECOND),
    }
    async with db._locks.hold(*balance_locks.of_fund("SHERLOC-MNT")):
        tasks = {name: asyncio.create_task(command) for name, command in commands.items()}
        await asyncio.sleep(0.3)
        # On a busy processor some writers have not reached the lock yet.
        async with asyncio.timeout(20):
            while db._pool._reads:
                await asyncio.sleep(0.1)
        assert [] == [name for name, task in tasks.items() if task.done()]
        await receive(api, elsewhere, usd(100))
    await asyncio.gather(*tasks.values())
    async with db.transaction() as tx:
        assert [] == await balances.differing_balances(tx)


async def test_receipts_are_serialized_per_fund(api: Client, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    funds = [f"SHERLOC-{number}" for number in range(4)]
    for fund in funds:
        await post(api, "/v1/funds", FINANCE, **a_fund(fund))
    pledges = [await committed(api, fund=fund, money=usd(100)) for fund in funds for _ in range(2)]
    together, write_many = asyncio.Barrier(len(funds)), ledger.write_many
    under_way, most = dict.fromkeys(funds, 0), 0

    async def and_wait(tx: Tx, entries: Sequence[Entry]) -> None:
        nonlocal most
        fund = entries[0].fund
        under_way[fund] += 1
        most = max(most, under_way[fund])
        await write_many(tx, entries)
        # One writer of each fund has written before any commits.
        await together.wait()
        under_way[fund] -= 1

    monkeypatch.setattr(ledger, "write_many", and_wait)
    await asyncio.wait_for(asyncio.gather(*(receive(api, one, usd(100)) for one in pledges)), timeout=10)
    assert 1 == most
    assert [200] * 4 == [(await get(api, f"/v1/funds/{fund}"))["available_usd_minor"] for fund in funds]


# -- locks of other processes ------------------------------------------------------------------------------------------


async def test_row_locked_by_other_process_is_retried_without_a_connection(
    api: Client, db: Database, database_url: str
) -> None:
    await funded(api, 1000)
    async with locked(database_url, HELD):
        allocating = asyncio.create_task(post(api, "/v1/allocations", FINANCE, **ALLOCATION))
        used = list[int]()
        async with asyncio.timeout(20):
            while [0, 1, 0] != used[-3:]:
                if not used or used[-1] != len(db._pool._reads):
                    used.append(len(db._pool._reads))
                await asyncio.sleep(0.001)
        assert {0, 1} == set(used), "the connection was used, but not kept"
        assert not allocating.done()

    assert "made" == (await allocating)["status"]
    assert (await get(api, "/v1/funds/SHERLOC-MNT"))["available_usd_minor"] == 970


async def test_lock_timeout_is_overload_without_changes(
    api: Client, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.db.database.LOCK_SECONDS_MAX", 0.3)
    await funded(api, 1000)
    given = headers(FINANCE)
    async with locked(database_url, HELD):
        refused = await api.post("/v1/allocations", json=ALLOCATION, headers=given)
        assert (503, "overloaded") == (refused.status_code, refused.json()["slug"])
        assert "2" == refused.headers["Retry-After"]

    assert 201 == (await api.post("/v1/allocations", json=ALLOCATION, headers=given)).status_code
    assert (await get(api, "/v1/funds/SHERLOC-MNT"))["available_usd_minor"] == 970
