"""Two hundred workers in several processes ask for three times the money there is, and processes are killed meanwhile."""

import asyncio
import contextlib
import json
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path

import pytest

from chassis.db import Database
from chassis.ids import new_id
from chassis.rebuild import verify as verify_tables
from contracts.values import Money
from services.pledges import actions, balances, closings
from services.pledges.closings import Closed
from services.pledges.earmarking import Earmarking
from services.pledges.funds import Labels
from services.pledges.money import AS_USUAL, USD
from services.pledges.verify import verify
from services.pledges.wiring import SERVICE, close_books
from tests.builders import NOON
from tests.service.ledger_racer import DAY, DONOR, FINANCE, FUNDS, OPERATIONS, PLEDGED_MINOR, allocate

ROOT = Path(__file__).parents[2]
PROCESSES, WORKERS = 4, 50
PLEDGES = 300
LOOK_SECONDS = 0.1
KILL_SECONDS = (1.0, 2.0)
"""Between one kill and the next; a new process takes about one to come up."""

DEMANDED = 3
"""Times what is pledged, by all allocations together."""


@pytest.fixture
def db(databases: Mapping[str, Database]) -> Database:
    return databases["pledges"]


class Racers:
    """Processes of workers; whichever is killed is followed by another."""

    def __init__(self, database_url: str, most: int) -> None:
        self._task = {"database_url": database_url, "workers": WORKERS, "most": most}
        self._running: list[asyncio.subprocess.Process] = []
        self._listening: list[asyncio.Task[None]] = []
        self._started = 0
        self.outcomes: Counter[str] = Counter()
        self.killed = 0

    async def start(self) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.service.ledger_racer", cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._started += 1
        assert process.stdin is not None
        process.stdin.write(json.dumps(self._task | {"seed": self._started}).encode())
        process.stdin.close()
        self._running.append(process)
        self._listening.append(asyncio.create_task(self._listen(process)))

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while said := await process.stdout.read(4096):
            self.outcomes.update(said.decode())
        assert await process.wait() == -signal.SIGKILL, "a worker met something else than a no"

    async def kill_one(self, chance: random.Random) -> None:
        self._running.pop(chance.randrange(len(self._running))).kill()
        self.killed += 1
        await self.start()

    async def end(self) -> None:
        for process in self._running:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await asyncio.gather(*self._listening)

    def check(self) -> None:
        for task in self._listening:
            if task.done():
                task.result()


@contextlib.asynccontextmanager
async def racing(database_url: str, operations: int) -> AsyncIterator[Racers]:
    """Their allocations come to three times what is pledged by the time that so many operations have ended."""
    allocations = operations * OPERATIONS[allocate] / sum(OPERATIONS.values())
    racers = Racers(database_url, most=round(2 * DEMANDED * PLEDGES * PLEDGED_MINOR / allocations))
    try:
        for _ in range(PROCESSES):
            await racers.start()
        yield racers
    finally:
        await racers.end()


async def _prepared(db: Database) -> None:
    """Ten funds with thirty pledges each, of which nothing is paid yet."""
    labels = Labels(**dict.fromkeys(("ar", "en", "es", "fr", "ru", "zh"), "Fictitious sample"))
    money = Money(minor=PLEDGED_MINOR, currency=USD)
    for fund in FUNDS:
        async with db.transaction(by=FINANCE) as tx:
            await actions.open_fund(tx, fund, labels, (), now=NOON)
        for _ in range(PLEDGES // len(FUNDS)):
            async with db.transaction(by=DONOR) as tx:
                await actions.pledge(
                    tx,
                    new_id(),
                    fund,
                    money,
                    Earmarking.UNEARMARKED,
                    "",
                    donor=DONOR.organization,
                    on=DAY,
                    validity=AS_USUAL,
                    now=NOON,
                )


class Bank:
    """Looks ten times a second whether every book balances and no fund is overdrawn, and asks for reports."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._closed: Closed | None = None
        self.looks = 0
        self.reports: dict[datetime, list[balances.Balance]] = {}

    async def keep_looking(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        self._closed = await close_books(self._db, self._closed)
        async with self._db.transaction() as tx:
            await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            held = await balances.balances(tx, as_at=balances.EVER)
            least = await tx.fetchval("SELECT min(available_usd_minor) FROM balance")
            miscounted = await balances.miscounted(tx)
            waiting = await tx.fetch(
                """
                SELECT allocation_id FROM allocation JOIN activity USING (activity_id)
                WHERE activity.status = 'cancelled' AND allocation.status = 'made' AND usd_minor > spent_usd_minor
                """
            )
            twice = await tx.fetch("SELECT reverses FROM entry GROUP BY reverses HAVING count(reverses) > 1")
            final_until = await closings.final_until(tx)
            report = await balances.balances(tx, as_at=final_until)
        sums: Counter[tuple[str, ...]] = Counter()
        for one in held:
            sums[one.book, one.currency] += one.minor
            sums[(one.book,)] += one.usd_minor
        assert not any(sums.values()), f"unbalanced: {sums}"
        assert least >= 0, "overdrawn"
        assert (miscounted, twice, waiting) == ([], [], [])
        assert self.reports.setdefault(final_until, report) == report
        self.looks += 1


async def race(db: Database, database_url: str, operations: int) -> tuple[Racers, Bank]:
    await _prepared(db)
    bank, chance = Bank(db), random.Random(operations)
    async with racing(database_url, operations) as racers:
        looking = asyncio.create_task(bank.keep_looking())
        loop = asyncio.get_running_loop()
        next_kill = loop.time() + chance.uniform(*KILL_SECONDS)
        while racers.outcomes.total() < operations:
            await asyncio.sleep(0.05)
            racers.check()
            if looking.done():
                looking.result()
            if loop.time() > next_kill and racers.outcomes.total() > 100:
                await racers.kill_one(chance)
                next_kill = loop.time() + chance.uniform(*KILL_SECONDS)
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    return racers, bank


@pytest.mark.parametrize("operations", [5_000, pytest.param(100_000, marks=pytest.mark.soak)])
async def test_whoever_asks_and_whoever_is_killed_the_books_balance_and_nothing_is_given_twice(
    db: Database, database_url: str, operations: int
) -> None:
    racers, bank = await race(db, database_url, operations)

    await bank.look()
    assert racers.killed >= 3
    assert bank.looks > 10
    assert min(racers.outcomes[one] for one in "dr") > operations / 20, "some was done, and some was refused"
    async with db.transaction() as tx:
        counted = await tx.fetch("SELECT type, count(*) FROM entry GROUP BY type")
        for moment, report in bank.reports.items():
            assert report == await balances.balances(tx, as_at=moment), "a report has changed"
        wanting = await tx.fetchval("SELECT min(available_usd_minor) FROM balance")
    assert {row["type"] for row in counted} == {
        "pledged", "committed", "received", "withdrawn", "allocated", "returned", "spent", "reversed",
    }  # fmt: skip
    assert wanting < 1000, "there was enough for everybody"
    assert len({str(report) for report in bank.reports.values()}) > 3, "the reports would agree on anything"
    async with db.transaction() as tx:
        assert (await verify(tx)).findings == []
    owner = await Database.connect(database_url, "pledges", owner=True)
    try:
        assert await verify_tables(owner, SERVICE) == []
    finally:
        await owner.close()
