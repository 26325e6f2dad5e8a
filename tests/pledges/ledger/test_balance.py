"""What a fund has to allocate, counted in parts: who adds waits for nobody, who takes sees all of it."""

import asyncio
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import httpx
import pytest
from msgspec.structs import replace

from chassis import clock
from chassis.db.database import Database, Tx
from chassis.ids import new_id
from contracts.refusals import Conflict
from services.pledges.ledger import balances
from services.pledges.ledger import store as ledger
from services.pledges.ledger.postings import Account, Entry, EntryType, Posting
from services.pledges.money.model import USD
from tests.pledges.ledger.test_ledger import api, db
from tests.pledges.pledge.test_pledges import FINANCE, a_fund, committed, funded, get, post, receive, usd

__all__ = ["api", "db"]
Client = httpx.AsyncClient


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


async def _allocate(db: Database, entries: list[Entry]) -> bool:
    try:
        async with db.transaction() as tx:
            await ledger.write_many(tx, entries)
    except Conflict:
        return False
    return True


async def test_of_entries_that_would_overdraw_a_fund_together_none_is_written(api: Client, db: Database) -> None:
    """And one by one as many as the fund has money for."""
    await funded(api, 1000)
    made = await post(api, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(100), work_package="training")
    entries = [_allocated(UUID(made["allocation_id"]), 300) for _ in range(4)]

    assert not await _allocate(db, entries)
    assert (await get(api, "/v1/funds/SHERLOC-MNT"))["available_usd_minor"] == 900
    assert [True, True, True, False] == [await _allocate(db, [entry]) for entry in entries]
    fund = await get(api, "/v1/funds/SHERLOC-MNT")
    assert (fund["available_usd_minor"], fund["allocated_usd_minor"]) == (0, 1000)


async def test_batches_over_the_same_funds_never_wait_for_each_other_in_a_circle(api: Client, db: Database) -> None:
    await post(api, "/v1/funds", FINANCE, **a_fund("SHERLOC-DEV"))
    made = []
    for fund in ("SHERLOC-MNT", "SHERLOC-DEV"):
        await funded(api, 1000, fund)
        made.append(
            UUID(
                (await post(api, "/v1/allocations", FINANCE, fund=fund, money=usd(1), work_package="training"))[
                    "allocation_id"
                ]
            )
        )

    def batch(turn: int) -> list[Entry]:
        both = [replace(_allocated(made[n], 1), fund=fund) for n, fund in enumerate(("SHERLOC-MNT", "SHERLOC-DEV"))]
        return both[:: -1 if turn % 2 else 1]

    assert all(await asyncio.gather(*(_allocate(db, batch(turn)) for turn in range(40))))


async def test_who_decides_about_a_fund_keeps_everybody_else_waiting(api: Client, db: Database) -> None:
    """Else two facts could stand in the journal in another order than that in which they took effect."""
    await funded(api, 1000)

    async def other() -> int:
        async with db.transaction() as tx:
            return await ledger.hold_balance(tx, "SHERLOC-MNT")

    async with db.transaction() as tx:
        assert await ledger.hold_balance(tx, "SHERLOC-MNT") == 1000
        waiting = asyncio.create_task(other())
        assert await asyncio.wait({waiting}, timeout=0.3) == (set(), {waiting})
    assert await waiting == 1000


async def _an_allocation(api: Client, usd_minor: int) -> UUID:
    made = await post(
        api, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(usd_minor), work_package="training"
    )
    return UUID(made["allocation_id"])


async def _parts(tx: Tx) -> list[int]:
    return [row[0] for row in await tx.fetch("SELECT available_usd_minor FROM balance_part ORDER BY part")]


async def test_as_many_add_at_once_as_there_are_parts_and_wait_for_no_commit(api: Client, db: Database) -> None:
    await funded(api, 1000)
    allocation_id = await _an_allocation(api, 1)
    together = asyncio.Barrier(ledger.PARTS)

    async def give_back() -> None:
        async with db.transaction() as tx:
            await ledger.write(tx, _allocated(allocation_id, -10))
            # Nobody commits before all have written.
            await together.wait()

    await asyncio.wait_for(asyncio.gather(*(give_back() for _ in range(ledger.PARTS))), timeout=10)

    async with db.transaction() as tx:
        assert min(await _parts(tx)) >= 10
        assert await ledger.hold_balance(tx, "SHERLOC-MNT") == 999 + 10 * ledger.PARTS


async def test_who_adds_waits_for_whoever_holds_all(api: Client, db: Database) -> None:
    await funded(api, 1000)
    allocation_id = await _an_allocation(api, 1)

    async def give_back() -> None:
        async with db.transaction() as tx:
            await ledger.write(tx, _allocated(allocation_id, -10))

    async with db.transaction() as tx:
        await ledger.hold_balance(tx, "SHERLOC-MNT")
        waiting = asyncio.create_task(give_back())
        assert await asyncio.wait({waiting}, timeout=0.3) == (set(), {waiting})
    await waiting
    async with db.transaction() as tx:
        assert sum(await _parts(tx)) == 999 + 10


async def test_receipts_to_one_fund_wait_for_no_commit_of_each_other(
    api: Client, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands, and not the statement alone: none of them ends before all have written their entries."""
    pledges = [await committed(api, money=usd(100)) for _ in range(4)]
    together, write_many = asyncio.Barrier(len(pledges)), ledger.write_many

    async def and_wait(tx: Tx, entries: Sequence[Entry]) -> None:
        await write_many(tx, entries)
        await together.wait()

    monkeypatch.setattr(ledger, "write_many", and_wait)
    await asyncio.wait_for(asyncio.gather(*(receive(api, one, usd(100)) for one in pledges)), timeout=10)
    assert 400 == (await get(api, "/v1/funds/SHERLOC-MNT"))["available_usd_minor"]


@pytest.mark.parametrize("usd_minor", [7, 30])
async def test_who_takes_and_has_held_nothing_is_never_refused_wrongly_nor_waits_in_a_circle(
    api: Client, db: Database, usd_minor: int
) -> None:
    await funded(api, 25 * ledger.PARTS + 1)
    allocation_id = await _an_allocation(api, 1)
    async with db.transaction() as tx:
        await tx.execute("UPDATE balance_part SET available_usd_minor = 25")

    for _ in range(6):
        taken = await asyncio.gather(*(_allocate(db, [_allocated(allocation_id, usd_minor)]) for _ in range(60)))
        assert sum(taken) == 25 * ledger.PARTS // usd_minor
        async with db.transaction() as tx:
            await ledger.write(tx, _allocated(allocation_id, -usd_minor * sum(taken)))
            await tx.execute("UPDATE balance_part SET available_usd_minor = 25")


async def test_more_than_any_part_has_is_taken_of_several_and_never_more_than_there_is(
    api: Client, db: Database
) -> None:
    """Forty who take 30 each of eight parts with 25."""
    await funded(api, 25 * ledger.PARTS + 1)
    allocation_id = await _an_allocation(api, 1)
    async with db.transaction() as tx:
        await tx.execute("UPDATE balance_part SET available_usd_minor = 25")

    async def take() -> bool:
        try:
            async with db.transaction() as tx:
                await ledger.hold_balance(tx, "SHERLOC-MNT")
                await ledger.write(tx, _allocated(allocation_id, 30))
        except Conflict:
            return False
        return True

    taken = await asyncio.gather(*(take() for _ in range(40)))

    assert sum(taken) == 25 * ledger.PARTS // 30
    async with db.transaction() as tx:
        assert sum(await _parts(tx)) == 25 * ledger.PARTS % 30
        assert await balances.miscounted(tx) == []


async def test_the_whole_of_it_can_be_taken_at_once(api: Client, db: Database) -> None:
    await funded(api, 25 * ledger.PARTS)
    async with db.transaction() as tx:
        await tx.execute("UPDATE balance_part SET available_usd_minor = 25")

    await _an_allocation(api, 25 * ledger.PARTS)

    async with db.transaction() as tx:
        assert await _parts(tx) == [0] * ledger.PARTS
