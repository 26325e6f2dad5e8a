"""Two hundred workers in several processes ask for three times the money there is, and processes are killed meanwhile."""

import asyncio
import contextlib
import itertools
import json
import random
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path

import pytest

from chassis.db import Database, Tx
from chassis.ids import new_id
from chassis.rebuild import verify as verify_tables
from contracts.pledges import Rate
from contracts.values import Money
from services.pledges import actions, balances, closings
from services.pledges.closings import Closed
from services.pledges.earmarking import Earmarking
from services.pledges.funds import Labels
from services.pledges.money import AS_USUAL
from services.pledges.verify import verify
from services.pledges.wiring import SERVICE, close_books
from tests.builders import NOON
from tests.service.ledger_racer import (
    CURRENCIES,
    DAY,
    DONOR,
    FINANCE,
    FUNDS,
    LATER,
    OPERATIONS,
    PLEDGED_MINOR,
    allocate,
    pledge,
)

ROOT = Path(__file__).parents[2]
PROCESSES, WORKERS = 4, 50
PLEDGES = 300
LOOK_SECONDS = 0.1
GLANCES_PER_SECOND_MIN = 9
GLANCES_AT_ONCE = 8
KILL_SECONDS = (1.0, 2.0)
"""Between one kill and the next; a new process takes about one to come up."""

RATES = {DAY: "1.15", LATER: "1.18"}
"""US dollars of a euro, from each day on: what is owed and what comes differ."""

DEMANDED = 3
"""Times what is pledged, by all allocations together: by then, what the workers pledge themselves counted."""

AIM = 1.2
"""Times that: amounts are drawn by chance, and it shall be so in every run."""

SAID = re.compile(rb"(\d*)([dra])")


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
        self.demanded_usd_minor = 0
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
        left = b""
        while said := await process.stdout.read(4096):
            said = left + said
            # What a worker writes arrives whole, but this reads where it likes.
            left = said[len(said.rstrip(b"0123456789")) :]
            for asked, outcome in SAID.findall(said):
                self.outcomes[outcome.decode()] += 1
                self.demanded_usd_minor += int(asked or 0)
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
    share = operations / sum(OPERATIONS.values())
    pledged_usd_minor = (PLEDGES + share * OPERATIONS[pledge]) * PLEDGED_MINOR * (1 + float(RATES[DAY])) / 2
    racers = Racers(database_url, most=round(2 * AIM * DEMANDED * pledged_usd_minor / (share * OPERATIONS[allocate])))
    try:
        for _ in range(PROCESSES):
            await racers.start()
        yield racers
    finally:
        await racers.end()


async def _prepared(db: Database) -> None:
    """Ten funds with thirty pledges each, half of them in euros, of which nothing is paid yet."""
    labels = Labels(**dict.fromkeys(("ar", "en", "es", "fr", "ru", "zh"), "Fictitious sample"))
    table = tuple(
        Rate(source="fictitious", currency="EUR", valid_from=day, usd_per_unit=rate) for day, rate in RATES.items()
    )
    async with db.transaction(by=FINANCE) as tx:
        await actions.load_rates(tx, new_id(), table, now=NOON)
    for fund in FUNDS:
        async with db.transaction(by=FINANCE) as tx:
            await actions.open_fund(tx, fund, labels, (), now=NOON)
        for number in range(PLEDGES // len(FUNDS)):
            money = Money(minor=PLEDGED_MINOR, currency=CURRENCIES[number % len(CURRENCIES)])
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
    """Looks ten times a second whether every book balances and no fund is overdrawn; and as often as it can at all else.

    Whoever waits for an answer looks no less often: the next one is asked while the last still waits.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._closed: Closed | None = None
        self.looks, self.glances = 0, 0
        self.reports: dict[datetime, list[balances.Balance]] = {}
        self._began, self._seconds = 0.0, 0.0

    async def keep_looking(self) -> None:
        while True:
            await self.look()

    async def keep_glancing(self) -> None:
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        async with asyncio.TaskGroup() as glancing:
            under_way = asyncio.Semaphore(GLANCES_AT_ONCE)
            for tick in itertools.count():
                await asyncio.sleep(max(0, self._began + tick * LOOK_SECONDS - loop.time()))
                await under_way.acquire()
                glancing.create_task(self._glance()).add_done_callback(lambda _: under_way.release())

    async def _glance(self) -> None:
        async with self._db.transaction() as tx:
            await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            await self._check_books(tx)
        self.glances += 1
        self._seconds = asyncio.get_running_loop().time() - self._began

    @property
    def glances_per_second(self) -> float:
        return self.glances / self._seconds

    async def _check_books(self, tx: Tx) -> None:
        held = await balances.balances(tx, as_at=balances.EVER)
        least = await tx.fetchval("SELECT min(available_usd_minor) FROM balance")
        sums: Counter[tuple[str, ...]] = Counter()
        for one in held:
            sums[one.book, one.currency] += one.minor
            sums[(one.book,)] += one.usd_minor
        assert not any(sums.values()), f"unbalanced: {sums}"
        assert least >= 0, "overdrawn"

    async def look(self) -> None:
        self._closed = await close_books(self._db, self._closed)
        async with self._db.transaction() as tx:
            await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            await self._check_books(tx)
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
        assert (miscounted, twice, waiting) == ([], [], [])
        assert self.reports.setdefault(final_until, report) == report
        self.looks += 1


async def race(db: Database, database_url: str, operations: int) -> tuple[Racers, Bank]:
    await _prepared(db)
    bank, chance = Bank(db), random.Random(operations)
    async with racing(database_url, operations) as racers:
        looking = asyncio.gather(bank.keep_looking(), bank.keep_glancing())
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
@pytest.mark.machine_clock  # by which the workers' processes go
async def test_whoever_asks_and_whoever_is_killed_the_books_balance_and_nothing_is_given_twice(
    db: Database, database_url: str, operations: int
) -> None:
    racers, bank = await race(db, database_url, operations)

    assert bank.glances_per_second >= GLANCES_PER_SECOND_MIN
    await bank.look()
    assert racers.killed >= 3
    assert bank.looks > 10
    assert min(racers.outcomes[one] for one in "dr") > operations / 20, "some was done, and some was refused"
    async with db.transaction() as tx:
        counted = await tx.fetch("SELECT type, count(*) FROM entry GROUP BY type")
        for moment, report in bank.reports.items():
            assert report == await balances.balances(tx, as_at=moment), "a report has changed"
        wanting = await tx.fetchval("SELECT min(available_usd_minor) FROM balance")
        pledged = await tx.fetchval(
            """
            SELECT sum(p.usd_minor) FROM entry CROSS JOIN unnest(postings) AS p
            WHERE type = 'pledged' AND p.account = 'pledged'
            """
        )
        held = await tx.fetch("SELECT DISTINCT p.account, p.currency FROM entry CROSS JOIN unnest(postings) AS p")
    assert {row["type"] for row in counted} == {
        "pledged", "committed", "received", "withdrawn", "allocated", "returned", "spent", "reversed",
        "reduced", "written_off", "refunded", "disbursed", "carried_over", "brought_forward", "recognized", "lapsed",
    }  # fmt: skip
    assert {("cash", "USD"), ("cash", "EUR"), ("refunded", "EUR"), ("exchange_difference", "EUR")} <= {
        (row["account"], row["currency"]) for row in held
    }
    assert racers.demanded_usd_minor >= DEMANDED * pledged > 0
    assert wanting < 1000, "there was enough for everybody"
    assert len({str(report) for report in bank.reports.values()}) > 3, "the reports would agree on anything"
    async with db.transaction() as tx:
        assert (await verify(tx)).findings == []
    owner = await Database.connect(database_url, "pledges", owner=True)
    try:
        assert await verify_tables(owner, SERVICE) == []
    finally:
        await owner.close()
