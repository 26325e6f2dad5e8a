"""What rests on closings of donors and of years is what all entries and all facts come to, whatever is written meanwhile."""

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import groupby

import httpx
import pytest

from chassis import clock
from chassis.db import Database, Tx, is_transient
from contracts.facts import decode_event, fact_type
from services.pledges import balances, closings, flow_store, iati_store, ledger, statement_store, year_store
from services.pledges.closings import Closed
from services.pledges.flow_store import Filters
from services.pledges.verify import verify
from services.pledges.wiring import close_books
from services.pledges.years import COMMITTING, OfYears, of_years
from tests.builders import a_caller
from tests.service.test_pledges import FINANCE, committed, pledged, post, receive, usd
from tests.service.test_pledges_activities import allocated, planned
from tests.service.test_pledges_as_at import PACKAGES, Writers
from tests.service.test_pledges_closings import at_once
from tests.service.test_pledges_flow_chains import FUNDS, api, way
from tests.service.test_pledges_life import approve, entry_of, move
from tests.soak import cases

__all__ = ["api", "at_once", "way"]
Client = httpx.AsyncClient
DAYS = (date(2025, 12, 31), date(2026, 3, 31), date(2026, 4, 20), date(2026, 12, 31))

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
FACTS = """
    SELECT aggregate_id, journal.recorded_at, event FROM journal JOIN pledge ON aggregate_id = pledge_id
    WHERE fund = $1 AND type = ANY ($2::text[]) ORDER BY aggregate_id, version
"""


class Interrupted(Writers):
    """Sometimes the books were closed between a command's time and its statement: nothing is written then."""

    answers = Writers.answers | {503}


@pytest.fixture
def db(databases: Mapping[str, Database]) -> Database:
    return databases["pledges"]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closings, "CLOSING_ENTRIES", 5)
    monkeypatch.setattr(closings, "CATCH_UP_ENTRIES", 10)


@pytest.mark.thinned
@pytest.mark.parametrize("seed", range(cases(1, soak=6)))
async def test_while_others_write_and_close_each_figure_is_what_all_of_it_comes_to(
    api: Client, way: Mapping[str, str], db: Database, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code in FUNDS:
        await receive(api, await committed(api, fund=code, money=usd(2 * 10**7)), usd(10**7))
    await allocated(api, await planned(api, fund=FUNDS[0]), 1_000)
    moments = [clock.now()]
    async with contextlib.AsyncExitStack() as stack:
        monkeypatch.setattr(closings, "ALLOWANCE_SECONDS", 0.1)
        for seconds in (0.01, 0.015):
            closing = asyncio.create_task(_close(db, seconds, moments))
            stack.push_async_callback(_stopped, closing)
        await Interrupted(api, seed).write()
    monkeypatch.setattr(closings, "ALLOWANCE_SECONDS", 0.0)
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
            for fund in FUNDS:
                assert await _folded(tx, fund, moment) == await year_store.committed(tx, fund, as_at=moment)
    async with db.transaction() as tx:
        report = await verify(tx)
    assert [] == report.findings
    assert min(report.closings_of_donors, report.closings_of_years) > 5, "it would rest on none"
    assert {*PACKAGES, "activities", "requests"} < purposes


async def _close(db: Database, seconds: float, moments: list[datetime]) -> None:
    """As one of several processes does, turn for turn."""
    closed: Closed | None = None
    while True:
        try:
            closed = await close_books(db, closed)
        except Exception as error:
            # As of any loop: it is begun again.
            if not is_transient(error):
                raise
        moments.append(clock.now())
        await asyncio.sleep(seconds)


async def _stopped(task: "asyncio.Task[None]") -> None:
    if task.done():
        # It says what it ended with.
        task.result()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _all_closed(db: Database) -> None:
    closed: Closed | None = None
    for _ in range(3):
        closed = await close_books(db, closed)


async def _final(db: Database) -> datetime:
    async with db.transaction() as tx:
        return await closings.final_until(tx)


async def _check_balances(tx: Tx, donor: str, until: date | None, moment: datetime) -> None:
    told = await balances.balances(tx, as_at=moment, until=until, donor=donor)
    plain = {tuple(row)[:3]: tuple(row)[3:] for row in await tx.fetch(OF_DONOR, donor, moment, until)}
    shown = {(one.fund, one.account, one.currency): (one.minor, one.usd_minor) for one in told}
    assert {key: one for key, one in plain.items() if any(one)} == {key: one for key, one in shown.items() if any(one)}


async def _check_pots(tx: Tx, day: date, moment: datetime) -> set[str]:
    """Returns what was drawn for."""
    pots = await statement_store.pots(tx, FUNDS, ends=day, as_at=moment)
    contributed = {(pot.fund, donor): minor for pot in pots for donor, minor in pot.contributed_usd_minor.items()}
    drawn = {
        (pot.fund, one.purpose): (one.allocated_usd_minor, one.spent_usd_minor) for pot in pots for one in pot.drawn
    }
    rows = await tx.fetch(CONTRIBUTED, day, moment)
    assert {tuple(row)[:2]: row[2] for row in rows if row[2]} == {key: one for key, one in contributed.items() if one}
    assert {tuple(row)[:2]: tuple(row)[2:] for row in await tx.fetch(DRAWN, day, moment)} == drawn
    return {purpose for _, purpose in drawn}


async def _folded(tx: Tx, fund: str, moment: datetime) -> OfYears:
    """All facts of all its agreements."""
    told = of_years([], as_at=moment)
    rows = await tx.fetch(FACTS, fund, [fact_type(kind) for kind in COMMITTING])
    for _, of_pledge in groupby(rows, key=lambda row: row["aggregate_id"]):
        facts = [(row["recorded_at"], decode_event(row["event"]).fact()) for row in of_pledge]
        told.add(of_years([(at, fact) for at, fact in facts if fact is not None], as_at=moment))
    return told


async def test_a_donor_s_balance_reads_its_closing_and_not_what_went_into_it(api: Client, db: Database) -> None:
    for _ in range(6):
        await pledged(api, money=usd(100))
    await _all_closed(db)
    async with db.transaction() as tx:
        await tx.execute("SET LOCAL enable_seqscan = off")
        asked = (balances.EVER, [FUNDS[0]], None, "NOR")
        plan = await tx.fetch("EXPLAIN (ANALYZE, FORMAT TEXT) " + balances.OF_DONOR, *asked)
    text = "\n".join(row[0] for row in plan)

    assert "entry_donor_recorded" in text
    assert "(never executed)" in text, "nothing came after the closing, and no posting is read"


async def test_what_takes_back_a_carry_over_commits_nothing_to_the_other_fund(api: Client, db: Database) -> None:
    """Its entry there is of the pledge of the fund that gave."""
    pledge = await receive(api, await committed(api, fund=FUNDS[0], money=usd(1000)), usd(1000))
    await move(api, pledge, "carry-over", to_fund=FUNDS[1], money=usd(400))
    out = await entry_of(api, "carried_over")
    body = {"entry_id": out["entry_id"], "reason": "recorded_wrongly"}
    await approve(api, await post(api, "/v1/ledger/reversals", FINANCE, **body))
    for _ in range(2):
        async with db.transaction() as tx:
            for fund in FUNDS:
                assert await _folded(tx, fund, balances.EVER) == await year_store.committed(
                    tx, fund, as_at=balances.EVER
                )
        await _all_closed(db)


async def test_a_page_is_planned_for_what_is_asked_however_often_it_was(api: Client, db: Database) -> None:
    """One plan for whatever is asked knows no limit, and sorts the whole ledger."""
    await pledged(api)
    caller = a_caller(FINANCE)
    async with db.transaction(by=caller) as tx:
        for ask in (
            lambda: flow_store.rows(tx, caller, Filters(), before=None, limit=51),
            lambda: flow_store.count(tx, caller, Filters(), up_to=50_001),
            lambda: iati_store.ledger_of(tx, FUNDS[0], caller, as_at=balances.EVER),
            lambda: ledger.entries(
                tx, caller, fund=None, pledge_id=None, allocation_id=None, as_at=None, before=None, limit=51
            ),
        ):
            for _ in range(8):
                # As it would come to be on a connection that has asked often.
                await tx.execute("SET LOCAL plan_cache_mode = force_generic_plan")
                await ask()
        plans = await tx.fetch(
            """
            SELECT statement, generic_plans FROM pg_prepared_statements
            WHERE statement LIKE '%LIMIT $%' AND statement LIKE '%may_see(e%' AND custom_plans + generic_plans >= 8
            """
        )
    assert [0] * 5 == [row["generic_plans"] for row in plans], [row["statement"] for row in plans]


async def test_what_was_closed_before_there_were_closings_of_years_is_made_up_for(api: Client, db: Database) -> None:
    """One after the other, also where it was more than one closing ago; and nothing is left to do then."""
    for turn in range(3):
        for _ in range(6):
            await committed(api, money=usd(100))
        await _final_closing(db)
        assert turn + 1 <= await _count(db, "closing")
    before = await _as_it_stands(db)
    assert 0 == await _count(db, "closing_of_years")

    await _all_closed(db)
    assert await _count(db, "closing") == await _count(db, "closing_of_years") >= 3
    assert before == await _as_it_stands(db)
    async with db.transaction() as tx:
        assert 0 == await year_store.keep_closing(tx)


async def _final_closing(db: Database) -> None:
    """As a process closes that ends before it has made the closings of years."""
    closed: Closed | None = None
    for _ in range(3):
        async with db.transaction() as tx:
            closed = await closings.close(tx, closed, now=clock.now())
    async with db.transaction() as tx:
        await closings.keep_closing(tx)


async def _as_it_stands(db: Database) -> OfYears:
    async with db.transaction() as tx:
        return await year_store.committed(tx, FUNDS[0], as_at=clock.now() + timedelta(days=1))


async def _count(db: Database, table: str) -> int:
    counts = {
        "closing": "SELECT count(DISTINCT (fund, as_at)) FROM closing",
        "closing_of_years": "SELECT count(*) FROM closing_of_years",
    }
    async with db.transaction() as tx:
        return int(await tx.fetchval(counts[table]))
