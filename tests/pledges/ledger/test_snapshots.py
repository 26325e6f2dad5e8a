"""Finality: reports as of a moment never change, whatever commits late; and balance snapshots."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import pytest

from chassis import clock
from chassis.db.database import Database, Tx
from chassis.ids import new_id
from chassis.journal import outbox as journal
from chassis.journal.outbox import announce
from chassis.settings import Settings
from chassis.supervise import supervised
from contracts.facts import Fact
from contracts.in_kind import InKindContributionStruck
from contracts.pledges import PledgeClosed, Valuation
from contracts.registry import decode_fact
from services.documents.examples import example_event
from services.pledges import wiring
from services.pledges.ledger import as_of, balances, snapshots
from services.pledges.ledger import store as ledger
from services.pledges.ledger.postings import Account, Entry, EntryType, Posting
from services.pledges.wiring import close_and_write_snapshots
from tests.builders import headers
from tests.conftest import running_of
from tests.pledges.steps import FINANCE, NORWAY, Client, a_fund, get, pledged, post, usd

FUND = "SHERLOC-MNT"


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]]) -> Client:
    client = await client_of("pledges")
    await post(client, "/v1/funds", FINANCE, **a_fund())
    return client


async def _copies(tx: Tx, count: int, *, recorded_at: datetime) -> None:
    """Insert copies of the first pledge's entry, one cent each, without facts."""
    first = await tx.fetchrow("SELECT fund, pledge_id, donor, effective_on FROM entry ORDER BY entry_id LIMIT 1")
    assert first is not None
    valuation = Valuation(usd_minor=1, rate="1", rate_source="par", rate_date=first["effective_on"])
    await ledger.write_many(
        tx,
        [
            Entry(
                entry_id=new_id(),
                type=EntryType.PLEDGED,
                fund=first["fund"],
                effective_on=first["effective_on"],
                recorded_at=recorded_at,
                postings=(Posting(Account.PLEDGED, "USD", 1, 1), Posting(Account.PLEDGED_CONTRA, "USD", -1, -1)),
                pledge_id=first["pledge_id"],
                donor=first["donor"],
                valuation=valuation,
            )
            for _ in range(count)
        ],
    )


async def _as_of(client: Client, moment: datetime) -> httpx.Response:
    return await client.get(f"/v1/ledger/balances?as_of={quote(moment.isoformat())}", headers=headers(FINANCE))


async def _final(db: Database) -> datetime:
    """Close as the loop does: the first run closes, the second sees that, the third makes the moment final."""
    closed = None
    for _ in range(3):
        async with db.transaction() as tx:
            closed = await snapshots.close(tx, closed, now=clock.now())
    assert closed is not None
    return closed.finality_watermark


async def test_late_commit_changes_no_final_report(
    api: Client, db: Database, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction writes its entry before the report and commits after it, so the report waits for it."""
    monkeypatch.setattr(as_of, "FINAL_SECONDS_MAX", 14.0)
    await pledged(api, money=usd(100))
    written, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with db.transaction() as tx:
            await _copies(tx, 1, recorded_at=clock.now())
            written.set()
            await go_on.wait()

    late = asyncio.create_task(slow())
    await written.wait()
    moment = clock.now()
    asking = asyncio.create_task(_as_of(api, moment))
    assert await asyncio.wait({asking}, timeout=1.0) == (set(), {asking}), (
        "the report waits for the transaction that writes"
    )
    go_on.set()
    await late
    answer = (await asking).json()

    assert [101, -101] == [one["minor"] for one in answer["balances"]]
    await pledged(api, money=usd(5))
    assert (await _as_of(api, moment)).json() == answer


async def test_ledger_becomes_final_under_constant_writes(api: Client, db: Database, at_once: None) -> None:
    """Each writer spans two runs and overlaps the next one, so at no run all earlier ones have ended."""
    moment = clock.now()
    await pledged(api, money=usd(100))
    closed: snapshots.Finality | None = None
    async with contextlib.AsyncExitStack() as last:
        for _ in range(6):
            this = contextlib.AsyncExitStack()
            tx = await this.enter_async_context(db.transaction())
            await tx.fetchval("SELECT pg_current_xact_id()")
            async with db.transaction() as closing:
                closed = await snapshots.close(closing, closed, now=clock.now())
            await last.aclose()
            last.push_async_exit(this)

    assert closed is not None
    assert closed.finality_watermark > moment


async def test_report_does_not_wait_for_later_transactions(
    api: Client, db: Database, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(as_of, "FINAL_SECONDS_MAX", 14.0)
    await pledged(api, money=usd(100))
    await _final(db)
    async with contextlib.AsyncExitStack() as later:
        async with db.transaction() as before:
            await before.fetchval("SELECT pg_current_xact_id()")
            asking = asyncio.create_task(_as_of(api, clock.now()))
            await asyncio.sleep(0.6)
            tx = await later.enter_async_context(db.transaction())
            await tx.fetchval("SELECT pg_current_xact_id()")
        assert (await asyncio.wait_for(asking, 12)).status_code == 200


async def test_failing_snapshots_do_not_delay_finality(
    api: Client, db: Database, settings: Settings, databases: Mapping[str, Database], at_once: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    async def fails(tx: Tx) -> int:
        raise AssertionError("it cannot be written")

    monkeypatch.setattr(snapshots, "write_snapshots", fails)
    monkeypatch.setattr(wiring, "CLOSE_SECONDS", 0.05)
    moment = clock.now()
    await pledged(api, money=usd(100))
    (running,) = running_of(settings, databases, "pledges")
    async with supervised(dict(wiring.loops(running))), asyncio.timeout(10):
        finality_watermark = moment
        while finality_watermark <= moment:
            await asyncio.sleep(0.05)
            async with db.transaction() as tx:
                finality_watermark = await snapshots.finality_watermark(tx)
    async with db.transaction() as tx:
        assert await tx.fetch("SELECT FROM closing") == []


async def test_clock_ahead_locks_out_no_other_machine(api: Client, db: Database, at_once: None) -> None:
    """One of several machines is an hour ahead; the others can still record after it has closed."""
    await pledged(api, money=usd(100))
    closed: snapshots.Finality | None = None
    async with db.transaction() as tx:
        here = await tx.fetchval("SELECT clock_timestamp()")
    for _ in range(3):
        async with db.transaction() as tx:
            closed = await snapshots.close(tx, closed, now=here + timedelta(hours=1))
    async with db.transaction() as tx:
        await _copies(tx, 1, recorded_at=await tx.fetchval("SELECT clock_timestamp()"))
    async with db.transaction() as tx:
        assert 2 == await tx.fetchval("SELECT count(*) FROM entry")


async def test_report_wait_has_a_limit_and_names_the_watermark(
    api: Client, db: Database, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(as_of, "FINAL_SECONDS_MAX", 0.5)
    await pledged(api, money=usd(100))
    settled = await _final(db)
    async with db.transaction() as tx:
        await _copies(tx, 1, recorded_at=clock.now())
        refused = await _as_of(api, clock.now())
        given = await _as_of(api, settled)

    assert (refused.status_code, refused.json()["slug"]) == (409, "moment-not-final")
    assert datetime.fromisoformat(refused.json()["details"]["final_until"]) >= settled
    assert (given.status_code, given.json()["final"]) == (200, True)


async def test_future_as_of_is_rejected_at_once(api: Client) -> None:
    answer = await asyncio.wait_for(_as_of(api, clock.now() + timedelta(hours=1)), 4)

    assert (answer.status_code, answer.json()["slug"]) == (409, "moment-not-final")


async def test_current_report_does_not_wait_and_is_not_final(api: Client, db: Database) -> None:
    await pledged(api, money=usd(100))
    async with db.transaction() as tx:
        await _copies(tx, 1, recorded_at=clock.now())
        now = await asyncio.wait_for(get(api, "/v1/ledger/balances"), 4)

    assert now["final"] is False
    assert [100, -100] == [one["minor"] for one in now["balances"]]


async def test_entry_recorded_before_close_is_retried(api: Client, db: Database, at_once: None) -> None:
    """The time of the entry is taken before the report, and the entry is written after it."""
    await pledged(api, money=usd(100))
    early = clock.now()
    answer = (await _as_of(api, clock.now())).json()

    with pytest.raises(asyncpg.SerializationError):
        async with db.transaction() as tx:
            await _copies(tx, 1, recorded_at=early)
    async with db.transaction() as tx:
        await _copies(tx, 1, recorded_at=clock.now() + timedelta(seconds=1))
    assert (await _as_of(api, datetime.fromisoformat(answer["as_of"]))).json() == answer


async def test_entry_in_older_transaction_snapshot_is_rejected(api: Client, db: Database) -> None:
    await pledged(api, money=usd(100))

    async def written() -> None:
        async with db.transaction() as tx:
            await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            await _copies(tx, 1, recorded_at=clock.now())

    with pytest.raises(asyncpg.CheckViolationError) as no:
        await written()

    assert no.value.constraint_name == "entry_is_written_in_read_committed"


@pytest.fixture
def clock_behind(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Function that sets back the clock by which facts are recorded: `clock_behind(3)` by three seconds."""

    def behind(seconds: float) -> None:
        late = SimpleNamespace(now=lambda: clock.now() - timedelta(seconds=seconds))
        monkeypatch.setattr(journal, "clock", late)

    return behind


async def test_fact_without_entry_recorded_before_close_is_retried(
    api: Client, db: Database, at_once: None, clock_behind: Callable[[float], None]
) -> None:
    """A statement as of a final moment does not change; the refused command is repeated."""
    path = "/v1/in-kind-contributions"
    body = {"fund": FUND, "form": "software", "money": usd(7), "provided_on": "2026-02-12"}
    one = await post(api, path, NORWAY, **body)
    path = f"{path}/{one['in_kind_contribution_id']}/acknowledge"
    await post(api, path, FINANCE, revision=1)
    moment = (await get(api, "/v1/statements/NOR/data"))["as_of"]
    statement = f"/v1/statements/NOR?as_of={quote(moment)}&until=2026-12-31&language=fr"
    before = (await api.get(statement, headers=headers(NORWAY))).content
    strike = path.replace("acknowledge", "strike")
    given = headers(FINANCE, key="struck-by-a-late-clock", revision=2)

    clock_behind(30)
    refused = await api.post(strike, json={"reason": "given_back"}, headers=given)
    clock_behind(0)
    assert (503, "database-unavailable") == (refused.status_code, refused.json()["slug"])
    assert refused.headers["Retry-After"]
    assert (await api.post(strike, json={"reason": "given_back"}, headers=given)).json()["status"] == "struck"
    async with db.transaction() as tx:
        recorded = await tx.fetchval("SELECT recorded_at FROM journal ORDER BY position DESC LIMIT 1")
    assert recorded > datetime.fromisoformat(moment)
    assert before.startswith(b"%PDF-1.7")
    assert before == (await api.get(statement, headers=headers(NORWAY))).content


@pytest.mark.parametrize("kind", [InKindContributionStruck, PledgeClosed])
async def test_late_fact_of_any_kind_is_retried(
    api: Client, db: Database, at_once: None, clock_behind: Callable[[float], None], kind: type[Fact]
) -> None:
    await _final(db)
    fact = decode_fact(example_event(kind))
    assert fact is not None, "the example is a fact of our contracts"

    clock_behind(3)
    with pytest.raises(asyncpg.SerializationError) as no:
        async with db.transaction() as tx:
            await announce(tx, fact, version=1)
    assert no.value.constraint_name == "fact_is_recorded_now"
    clock_behind(0)
    async with db.transaction() as tx:
        await announce(tx, fact, version=1)


async def test_fact_in_older_transaction_snapshot_is_rejected(db: Database) -> None:
    fact = decode_fact(example_event(PledgeClosed))
    assert fact is not None, "the example is a fact of our contracts"

    async def written() -> None:
        async with db.transaction() as tx:
            await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            await announce(tx, fact, version=1)

    with pytest.raises(asyncpg.CheckViolationError) as no:
        await written()

    assert no.value.constraint_name == "fact_is_written_in_read_committed"


async def test_closed_watermark_never_moves_back(api: Client, db: Database, at_once: None) -> None:
    await _final(db)
    for statement in (
        "UPDATE closed SET until = until - interval '1 second', final_until = final_until - interval '1 second'",
        "UPDATE closed SET final_until = final_until - interval '1 second'",
        "UPDATE closed SET open_from = '2000-01-02'",
        "UPDATE closed SET open_from = '2099-01-01'",
        "DELETE FROM closed",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            async with db.transaction() as tx:
                await tx.execute(statement)


async def test_concurrent_writes_change_no_final_report(api: Client, db: Database, at_once: None) -> None:
    """Writers hold transactions open for random times; each report is read again later."""
    await pledged(api, money=usd(100))
    given: dict[datetime, Any] = {}
    done = asyncio.Event()
    refused = 0

    def differing() -> int:
        return len({str(answer["balances"]) for answer in given.values()})

    async def write(number: int) -> None:
        nonlocal refused
        # On a busy machine more turns are needed until several writers have written and reports were read.
        for turn in range(300):
            if turn >= 12 and differing() > 3:
                return
            try:
                async with db.transaction() as tx:
                    recorded_at = clock.now()
                    await asyncio.sleep(number * turn % 5 / 1000)
                    await _copies(tx, 1, recorded_at=recorded_at)
                    await asyncio.sleep(number * turn % 7 / 15)
            except asyncpg.SerializationError:
                refused += 1

    async def ask() -> None:
        while not done.is_set():
            moment = clock.now()
            answer = await _as_of(api, moment)
            if answer.status_code == 200:
                given[moment] = answer.json()

    asking = [asyncio.create_task(ask()) for _ in range(2)]
    await asyncio.gather(*(write(number) for number in range(6)))
    done.set()
    await asyncio.gather(*asking)

    assert differing() > 3, "the compared reports have to differ"
    for moment, answer in given.items():
        assert (await _as_of(api, moment)).json() == answer
    assert refused < 6 * 300


# -- snapshots --------------------------------------------------------------------------------------------------------


async def test_snapshot_equals_its_entries_and_changes_no_report(
    api: Client, db: Database, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "SNAPSHOT_INTERVAL_ENTRIES", 10)
    monkeypatch.setattr(snapshots, "SNAPSHOT_ENTRIES_MAX", 25)
    await pledged(api, money=usd(100))
    moments = [await _final(db)]
    for _ in range(12):
        async with db.transaction() as tx:
            await _copies(tx, 7, recorded_at=clock.now())
        moments.append(await _final(db))
    before = [(await _as_of(api, moment)).json() for moment in moments]

    assert [100 + 7 * n for n in range(13)] == [answer["balances"][0]["minor"] for answer in before]
    assert await _closings(db) == []
    await close_and_write_snapshots(db, None)
    made = await _closings(db)
    assert [58, 114, 170] == [postings for _, postings in made], (
        "a snapshot has at least 25 entries, of 2 postings each"
    )
    assert before == [(await _as_of(api, moment)).json() for moment in moments]
    assert (await get(api, f"/v1/funds/{FUND}"))["pledged_usd_minor"] == 184

    await close_and_write_snapshots(db, None)
    assert made == await _closings(db), "the next snapshot needs ten more entries"


@pytest.mark.new_database
async def test_balance_reads_only_entries_after_the_snapshot(
    api: Client, db: Database, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "SNAPSHOT_INTERVAL_ENTRIES", 10)
    await pledged(api, money=usd(100))
    async with db.transaction() as tx:
        await _copies(tx, 20, recorded_at=clock.now())
    closed = None
    for _ in range(3):
        closed = await close_and_write_snapshots(db, closed)
    assert len(await _closings(db)) == 1
    async with db.transaction() as tx:
        await tx.execute("SET LOCAL enable_seqscan = off")
        plan = await tx.fetch("EXPLAIN (ANALYZE, FORMAT TEXT) " + balances.BALANCES, balances.EVER, [FUND], None)
    text = "\n".join(row[0] for row in plan)

    assert "entry_recorded" in text
    assert "(never executed)" in text, "no posting is read, because none was recorded after the closing"


async def _closings(db: Database) -> list[tuple[datetime, int]]:
    async with db.transaction() as tx:
        rows = await tx.fetch("SELECT as_of, sum(postings)::bigint FROM closing GROUP BY as_of ORDER BY as_of")
    return [(row[0], row[1]) for row in rows]
