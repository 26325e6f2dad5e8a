"""Two hundred workers in several processes request three times the available money, while processes are killed."""

import asyncio
import contextlib
import itertools
import json
import math
import random
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest

from chassis.db.database import Database, Tx
from chassis.db.migrate import role_of
from chassis.ids import new_id
from chassis.rebuild import verify as verify_tables
from chassis.supervise import cancel
from contracts.pledges import Rate
from contracts.values import Money
from services.pledges.funds import actions as fund_actions
from services.pledges.funds.store import Labels
from services.pledges.ledger import balances, snapshots
from services.pledges.ledger.snapshots import Finality
from services.pledges.ledger.verify import verify
from services.pledges.money import rate_actions
from services.pledges.money.model import DEFAULT_VALIDITY
from services.pledges.pledge import actions
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.wiring import SERVICE, close_and_write_snapshots
from tests.builders import NOON
from tests.databases import connected
from tests.pledges.ledger.racer import (
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
    with_reads,
)

ROOT = Path(__file__).parents[3]
PROCESSES, WORKERS = 4, 50
PLEDGES = 300
LOOK_SECONDS = 0.1
BETWEEN_MAX, MOSTLY_BETWEEN_MAX = 0.2, 0.02
"""Maximum part of all entries that is recorded between two checks: always, and in nineteen of twenty.

A busy machine, and the workers with it, stalls for seconds now and then.
"""

GLANCES_AT_ONCE_MAX = 30
KILLED_MIN = 5
AT_ONCE_MIN = 180
"""Minimum number of transactions of the workers at one moment.

Some workers are between operations; none waits for a balance.
"""

THEIRS = """
    SELECT count(*) AS connections, count(xact_start) AS transactions
    FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'entraide pledges' AND pid <> ALL ($1::integer[])
"""
KILL_SECONDS = (4.0, 6.0)
"""Range of seconds between two kills; a new process takes about one second to start, and its connections another."""

RATES = {DAY: "1.15", LATER: "1.18"}
"""US dollars per euro, from each day on, so that the rates of the agreement and the receipt differ."""

DEMANDED = 3
"""Total of attempted allocations, as a multiple of the pledged amount, including pledges by the workers."""

AIM = 1.5
"""Target as a multiple of the required total, because amounts are random and every run has to reach the total."""

SAID = re.compile(rb"(\d*)([dera])")


class Racers:
    """Worker processes; a killed process is replaced."""

    def __init__(self, database_url: str, most: int) -> None:
        self._task = {"database_url": database_url, "workers": WORKERS, "most": most}
        self._running: list[asyncio.subprocess.Process] = []
        self._listening: list[asyncio.Task[None]] = []
        self._started = 0
        self.outcomes: Counter[str] = Counter()
        self.demanded_usd_minor = 0
        self.killed = 0

    @property
    def ended(self) -> int:
        """Number of completed or refused operations."""
        return self.outcomes["d"] + self.outcomes["e"] + self.outcomes["r"]

    async def start(self) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.pledges.ledger.racer", cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
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
            # A worker's line is written as a whole, but read in parts.
            left = said[len(said.rstrip(b"0123456789")) :]
            for asked, outcome in SAID.findall(said):
                self.outcomes[outcome.decode()] += 1
                self.demanded_usd_minor += int(asked or 0)
        assert await process.wait() == -signal.SIGKILL, "a worker ended with an error other than a refusal"

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
    """Start worker processes whose attempted allocations reach `DEMANDED` after that many operations."""
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
    """Prepare ten funds with thirty pledges each, half of them in euros, all unpaid."""
    labels = Labels(**dict.fromkeys(("ar", "en", "es", "fr", "ru", "zh"), "Fictitious sample"))
    table = tuple(
        Rate(source="fictitious", currency="EUR", valid_from=day, usd_per_unit=rate) for day, rate in RATES.items()
    )
    async with db.transaction(by=FINANCE) as tx:
        await rate_actions.load_rates(tx, new_id(), table, now=NOON)
    for fund in FUNDS:
        async with db.transaction(by=FINANCE) as tx:
            await fund_actions.open_fund(tx, fund, labels, (), now=NOON)
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
                    validity=DEFAULT_VALIDITY,
                    now=NOON,
                )


class Bank:
    """Checks that run ten times a second for balanced books and overdrawn funds, and continuously for everything else.

    Checks do not wait for each other: the next one is sent while the last one still runs. `seen` is the number of
    entries that each check saw; `backends` are the bank's own connections.
    """

    def __init__(self, db: Database, glancing: Database) -> None:
        self._db = db
        self._glancing = glancing
        self._closed: Finality | None = None
        self.looks = 0
        self.seen: list[int] = []
        self.reports: dict[datetime, list[balances.Balance]] = {}
        self.backends: set[int] = set()
        self._ends: float | None = None

    async def come_in(self) -> None:
        """Open all its connections, and record their backends."""
        await asyncio.gather(*(self._glance() for _ in range(GLANCES_AT_ONCE_MAX)))
        assert len(self.backends) == GLANCES_AT_ONCE_MAX
        await self.look()
        self.seen.clear()

    async def keep_checking(self) -> None:
        while True:
            await self.look()

    async def keep_checking_balances(self) -> None:
        """Check balances until `finish` is called and the last check is answered."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.TaskGroup() as glancing:
            for tick in itertools.count():
                due = began + tick * LOOK_SECONDS
                await asyncio.sleep(max(0, due - loop.time()))
                if self._ends is not None and due > self._ends:
                    return
                glancing.create_task(self._glance())

    def finish(self) -> None:
        """Stop checking."""
        self._ends = asyncio.get_running_loop().time()

    async def _glance(self) -> None:
        async with self._glancing.transaction() as tx:
            await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            seen, backend = await tx.fetchrow("SELECT count(*), pg_backend_pid() FROM entry")
            self.backends.add(backend)
            await self._check_books(tx)
        self.seen.append(seen)

    @property
    def between(self) -> list[float]:
        """The parts of all entries that were recorded between consecutive checks, in ascending order."""
        seen = sorted(self.seen)
        return sorted((later - before) / seen[-1] for before, later in itertools.pairwise(seen))

    async def _check_books(self, tx: Tx) -> None:
        held = await balances.balances(tx, as_of=balances.EVER)
        least = await tx.fetchval("SELECT min(available_usd_minor) FROM balance")
        sums: Counter[tuple[str, ...]] = Counter()
        for one in held:
            sums[one.book, one.currency] += one.minor
            sums[(one.book,)] += one.usd_minor
        assert not any(sums.values()), f"f'unbalanced: {sums}'"
        assert least >= 0, "a fund is overdrawn"

    async def look(self) -> None:
        self._closed = await close_and_write_snapshots(self._db, self._closed)
        async with self._db.transaction() as tx:
            await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            self.backends.add(await tx.fetchval("SELECT pg_backend_pid()"))
            await self._check_books(tx)
            miscounted = await balances.differing_balances(tx)
            waiting = await tx.fetch(
                """
                SELECT allocation_id FROM allocation JOIN activity USING (activity_id)
                WHERE activity.status = 'cancelled' AND allocation.status = 'made' AND usd_minor > spent_usd_minor
                """
            )
            twice = await tx.fetch("SELECT reverses FROM entry GROUP BY reverses HAVING count(reverses) > 1")
            finality_watermark = await snapshots.finality_watermark(tx)
            report = await balances.balances(tx, as_of=finality_watermark)
        assert (miscounted, twice, waiting) == ([], [], [])
        assert self.reports.setdefault(finality_watermark, report) == report
        self.looks += 1


class Race(NamedTuple):
    """The result, with the highest numbers of the workers' connections and open transactions before any kill."""

    racers: Racers
    bank: Bank
    connections: int
    at_once: int
    seconds: float


async def race(db: Database, database_url: str, operations: int) -> Race:
    await _prepared(db)
    glancing = await Database.connect(
        database_url, "pledges", role=role_of("pledges"), pool_max=with_reads(GLANCES_AT_ONCE_MAX)
    )
    # Connects as the migrator role, which sees other roles' activity.
    outside = await asyncpg.connect(database_url)
    bank, chance, connections, at_once = Bank(db, glancing), random.Random(operations), 0, 0
    loop, looking = asyncio.get_running_loop(), list[asyncio.Task[None]]()
    try:
        await bank.come_in()
        async with racing(database_url, operations) as racers:
            began = loop.time()
            looking += [asyncio.create_task(bank.keep_checking()), asyncio.create_task(bank.keep_checking_balances())]
            next_kill = math.inf
            while racers.ended < operations or racers.killed < KILLED_MIN:
                await asyncio.sleep(0.05)
                racers.check()
                for task in looking:
                    if task.done():
                        task.result()
                if not racers.killed:
                    theirs = await outside.fetchrow(THEIRS, list(bank.backends))
                    connections = max(connections, theirs["connections"])
                    at_once = max(at_once, theirs["transactions"])
                    all_there = connections >= PROCESSES * WORKERS and at_once >= AT_ONCE_MIN
                    # If the workers never all run at once, the race ends and fails.
                    if all_there or racers.ended > operations / 2:
                        next_kill = min(next_kill, loop.time())
                if loop.time() >= next_kill:
                    await racers.kill_one(chance)
                    next_kill = loop.time() + chance.uniform(*KILL_SECONDS)
            seconds = loop.time() - began
            bank.finish()
            await looking[1]
    finally:
        await cancel(looking)
        await glancing.close()
        await outside.close()
    return Race(racers, bank, connections, at_once, seconds)


@pytest.mark.soak
@pytest.mark.machine_clock  # matches the worker processes
async def test_killed_processes_leave_balanced_books_without_double_allocation(db: Database, database_url: str) -> None:
    operations = 40_000
    racers, bank, connections, at_once, seconds = await race(db, database_url, operations)

    between = bank.between
    assert len(bank.seen) >= math.floor(seconds / LOOK_SECONDS)
    assert between[-1] <= BETWEEN_MAX
    assert between[len(between) * 19 // 20] <= MOSTLY_BETWEEN_MAX
    # Each worker has a connection, and nearly all workers have open transactions.
    assert PROCESSES * WORKERS == connections
    assert at_once >= AT_ONCE_MIN
    await bank.look()
    assert racers.killed >= KILLED_MIN
    assert bank.looks > 10
    assert min(racers.outcomes[one] for one in "der") > operations / 20, racers.outcomes
    async with db.transaction() as tx:
        counted = await tx.fetch("SELECT type, count(*) FROM entry GROUP BY type")
        for moment, report in bank.reports.items():
            assert report == await balances.balances(tx, as_of=moment), "a report has changed"
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
    assert len({str(report) for report in bank.reports.values()}) > 3, "the compared reports have to differ"
    async with db.transaction() as tx:
        assert (await verify(tx)).findings == []
    async with connected(database_url, "pledges", owner=True) as owner:
        assert await verify_tables(owner, SERVICE) == []
