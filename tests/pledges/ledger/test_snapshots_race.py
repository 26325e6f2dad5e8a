"""Figures from snapshots equal the sum of all entries under concurrent writes."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime

import pytest

from chassis import clock
from chassis.db.database import Database, Tx, is_transient
from services.pledges.ledger import balances, snapshots
from services.pledges.ledger.postings import Account
from services.pledges.ledger.snapshots import Finality
from services.pledges.ledger.verify import verify
from services.pledges.pledge import store
from services.pledges.statements import store as statement_store
from services.pledges.wiring import close_and_write_snapshots
from tests.pledges.activities.steps import allocated, planned
from tests.pledges.ledger.writers import PACKAGES, Writers
from tests.pledges.open_data.steps import FUNDS
from tests.pledges.steps import Client, committed, receive, usd
from tests.soak import cases

DAYS = (date(2025, 12, 31), date(2026, 3, 31), date(2026, 4, 20), date(2026, 12, 31))


@pytest.fixture
async def api(prepared_ledger: None, client_of: Callable[..., Awaitable[Client]]) -> Client:
    return await client_of("requests", "pledges")


pytestmark = pytest.mark.usefixtures("at_once")

OF_DONOR = """
    SELECT entry.fund, p.account, p.currency, sum(p.minor::numeric), sum(p.usd_minor::numeric)
    FROM entry CROSS JOIN unnest(postings) AS p
    WHERE entry.donor = $1 AND entry.recorded_at <= $2 AND ($3::date IS NULL OR entry.effective_on <= $3)
    GROUP BY entry.fund, p.account, p.currency
"""
CONTRIBUTED = """
    SELECT fund, donor, -sum(p.usd_minor) FROM entry CROSS JOIN unnest(postings) AS p
    WHERE account = 'available' AND donor IS NOT NULL AND effective_on <= $1 AND recorded_at <= $2
    GROUP BY fund, donor
"""
DRAWN = """
    SELECT fund, coalesce(work_package, CASE WHEN activity_id IS NULL THEN 'requests' ELSE 'activities' END) AS purpose,
        -sum(p.usd_minor), -coalesce(sum(p.usd_minor) FILTER (WHERE account = 'spent'), 0)
    FROM entry JOIN allocation USING (allocation_id, fund) CROSS JOIN unnest(postings) AS p
    WHERE account IN ('allocated', 'spent') AND effective_on <= $1 AND recorded_at <= $2
    GROUP BY fund, purpose HAVING sum(p.usd_minor) <> 0
"""


class Interrupted(Writers):
    """Writers of a ledger that may be closed between a command's time and its INSERT, so that nothing is written."""

    answers = Writers.answers | {503}


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "SNAPSHOT_INTERVAL_ENTRIES", 5)
    monkeypatch.setattr(snapshots, "SNAPSHOT_ENTRIES_MAX", 10)


@pytest.mark.thinned
@pytest.mark.parametrize("seed", range(cases(1, soak=6)))
async def test_balances_equal_entries_during_writes_and_snapshots(
    api: Client, way: Mapping[str, str], db: Database, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code in FUNDS:
        await receive(api, await committed(api, fund=code, money=usd(2 * 10**7)), usd(10**7))
    await allocated(api, await planned(api, fund=FUNDS[0]), 1_000)
    moments = [clock.now()]
    async with contextlib.AsyncExitStack() as stack:
        monkeypatch.setattr(snapshots, "CLOSE_LAG_SECONDS", 0.1)
        for seconds in (0.01, 0.015):
            closing = asyncio.create_task(_close(db, seconds, moments))
            stack.push_async_callback(_stopped, closing)
        await Interrupted(api, seed).write()
    monkeypatch.setattr(snapshots, "CLOSE_LAG_SECONDS", 0.0)
    await _all_closed(db)
    final = await _final(db)
    asked = sorted(moment for moment in moments if moment <= final)
    assert len(asked) > 10
    purposes: set[str] = set()
    for moment in [*asked[:: len(asked) // 10], final, balances.EVER]:
        async with db.transaction() as tx:
            for day in DAYS:
                purposes |= await _check_pots(tx, day, moment)
            for donor in ("NOR", "DEU", "SWE"):
                for until in (None, *DAYS):
                    await _check_balances(tx, donor, until, moment)
            await _check_years(tx, moment)
    async with db.transaction() as tx:
        report = await verify(tx)
    assert [] == report.findings
    assert report.closings > 5, "the figures have to use snapshots"
    assert {*PACKAGES, "activities", "requests"} < purposes


async def _close(db: Database, seconds: float, moments: list[datetime]) -> None:
    """Close and write snapshots in repeated runs, as one of several processes."""
    closed: Finality | None = None
    while True:
        try:
            closed = await close_and_write_snapshots(db, closed)
        except Exception as error:
            # Retries, like any loop.
            if not is_transient(error):
                raise
        moments.append(clock.now())
        await asyncio.sleep(seconds)


async def _stopped(task: "asyncio.Task[None]") -> None:
    if task.done():
        # Raises the task's error, if any.
        task.result()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _all_closed(db: Database) -> None:
    closed: Finality | None = None
    for _ in range(3):
        closed = await close_and_write_snapshots(db, closed)


async def _final(db: Database) -> datetime:
    async with db.transaction() as tx:
        return await snapshots.finality_watermark(tx)


async def _check_balances(tx: Tx, donor: str, until: date | None, moment: datetime) -> None:
    reported = await balances.balances(tx, as_of=moment, until=until, donor=donor)
    plain = {tuple(row)[:3]: tuple(row)[3:] for row in await tx.fetch(OF_DONOR, donor, moment, until)}
    shown = {(one.fund, one.account, one.currency): (one.minor, one.usd_minor) for one in reported}
    assert {key: one for key, one in plain.items() if any(one)} == {key: one for key, one in shown.items() if any(one)}


async def _check_years(tx: Tx, moment: datetime) -> None:
    """Check that, by year, the amounts of agreements' facts add up to those of their entries."""
    held = Counter[tuple[str, Account]]()
    for one in await balances.balances(tx, as_of=moment):
        held[one.fund, one.account] += one.usd_minor
    for fund in FUNDS:
        reported = await store.committed_by_year(tx, fund, as_of=moment)
        assert -held[fund, Account.COMMITTED] == reported.committed.total()
        assert held[fund, Account.WRITTEN_OFF] == reported.written_off.total()


async def _check_pots(tx: Tx, day: date, moment: datetime) -> set[str]:
    """Check the funds' money, and return the purposes for which it was drawn."""
    fund_balances = await statement_store.fund_balances(tx, FUNDS, ends=day, as_of=moment)
    contributed = {
        (pot.fund, donor): minor for pot in fund_balances for donor, minor in pot.contributed_usd_minor.items()
    }
    drawn = {
        (pot.fund, one.purpose): (one.allocated_usd_minor, one.spent_usd_minor)
        for pot in fund_balances
        for one in pot.drawn
    }
    rows = await tx.fetch(CONTRIBUTED, day, moment)
    assert {tuple(row)[:2]: row[2] for row in rows if row[2]} == {key: one for key, one in contributed.items() if one}
    assert {tuple(row)[:2]: tuple(row)[2:] for row in await tx.fetch(DRAWN, day, moment)} == drawn
    return {purpose for _, purpose in drawn}
