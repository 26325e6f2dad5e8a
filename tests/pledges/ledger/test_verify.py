"""`entraide ledger verify` finds and names every mismatch."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import pytest
from click.testing import CliRunner

from chassis import clock
from chassis.db.database import ACQUIRE_SECONDS, Database
from chassis.journal.inbox import Inbox
from contracts.matching import MatchRevoked
from contracts.values import Money
from services.cli import ledger
from services.pledges.consumers import HANDLERS
from services.pledges.ledger import snapshots
from services.pledges.ledger import verify as verifying
from services.pledges.ledger.verify import Finding, Report, verify
from services.pledges.wiring import close_and_write_snapshots, verify_balances
from tests.builders import NOON, an_event
from tests.commands import entraide
from tests.pledges.allocations.steps import PERIOD, a_match, confirmed
from tests.pledges.steps import FINANCE, NORWAY, Client, approve, eur, funded, get, pledged, post, prepared, usd


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]], monkeypatch: pytest.MonkeyPatch, db: Database) -> Client:
    """A ledger with a withdrawn pledge, cash in euros and dollars, an allocation and a snapshot."""
    monkeypatch.setattr(snapshots, "CLOSE_LAG_SECONDS", 0.0)
    monkeypatch.setattr(snapshots, "SNAPSHOT_INTERVAL_ENTRIES", 2)
    client = await prepared(await client_of("pledges"))
    withdrawn = await pledged(client, money=eur(700))
    await post(client, f"/v1/pledges/{withdrawn['pledge_id']}/withdraw", NORWAY, revision=1)
    await funded(client, 1000)
    closed = None
    for _ in range(3):
        closed = await close_and_write_snapshots(db, closed)
    await post(client, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(60), work_package="maintenance")
    return client


async def _verified(db: Database, say: Any = lambda *_: None) -> Report:
    async with db.transaction() as tx:
        return await verify(tx, say)


async def _tamper(database_url: str, *statements: str) -> None:
    """Run statements as an administrator of PostgreSQL, with all triggers off and the check of entries dropped."""
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "pledges"})
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute("ALTER TABLE entry DROP CONSTRAINT IF EXISTS entry_is_sound")
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _entry(db: Database, kind: str) -> UUID:
    async with db.transaction() as tx:
        return UUID(str(await tx.fetchval("SELECT entry_id FROM entry WHERE type = $1 ORDER BY entry_id", kind)))


async def test_correct_ledger_verifies_with_counts(api: Client, db: Database) -> None:
    said: list[tuple[str, int, int]] = []
    report = await _verified(db, lambda *what: said.append(what))

    assert report.findings == []
    assert (report.entries, report.postings, report.funds, report.closings, report.pledges) == (6, 16, 3, 1, 2)
    assert (report.allocations, report.requirements) == (1, 0)
    assert [("entries", 6, 6), ("closings", 1, 1), ("pledges", 2, 2), ("allocations", 1, 1)] == said


OF = "(SELECT entry_id FROM entry WHERE type = '{}' ORDER BY entry_id LIMIT 1)"
RECEIVED, ALLOCATED, WITHDRAWN = (OF.format(kind) for kind in ("received", "allocated", "withdrawn"))


@pytest.mark.parametrize(
    ("statement", "of", "position"),
    [
        (f"UPDATE entry SET postings[3].minor = 7, postings[3].usd_minor = 7 WHERE entry_id = {RECEIVED}",
         "received", 3),
        (f"UPDATE entry SET postings[1] = ROW('available', 'USD', 9, 9, NULL, NULL, NULL, NULL),"
         " postings[2] = ROW('allocated', 'USD', -9, -9, NULL, NULL, NULL, NULL)"
         f" WHERE entry_id = {ALLOCATED}", "allocated", 1),
        (f"UPDATE entry SET postings[2].account = 'programme_support' WHERE entry_id = {ALLOCATED}",
         "allocated", 2),
        (f"UPDATE entry SET postings = postings[1:1] WHERE entry_id = {WITHDRAWN}", "withdrawn", 2),
        (f"UPDATE entry SET postings = '{{}}' WHERE entry_id = {WITHDRAWN}", "withdrawn", 1),
        (f"UPDATE entry SET recorded_at = recorded_at + interval '1 day' WHERE entry_id = {ALLOCATED}",
         "allocated", None),
        (f"UPDATE entry SET rate = 2 WHERE entry_id = {RECEIVED}", "received", None),
    ],
)  # fmt: skip
async def test_first_wrong_posting_is_reported(
    api: Client, db: Database, database_url: str, statement: str, of: str, position: int | None
) -> None:
    await _tamper(database_url, statement)

    first = (await _verified(db)).findings[0]
    assert (first.table, first.entry_id, first.position) == ("entry", await _entry(db, of), position)


async def _tables(db: Database) -> list[str]:
    return [finding.table for finding in (await _verified(db)).findings]


async def test_deleted_or_inserted_entry_is_reported(api: Client, db: Database, database_url: str) -> None:
    gone = await _entry(db, "allocated")
    await _tamper(
        database_url,
        "UPDATE balance SET available_usd_minor = available_usd_minor + 60 WHERE fund = 'SHERLOC-MNT'",
        f"DELETE FROM entry WHERE entry_id = '{gone}'",
    )
    assert [Finding(table="entry", what="no entry follows from pledges.allocation.made.v1", entry_id=gone)] == (
        await _verified(db)
    ).findings

    await _tamper(
        database_url,
        f'INSERT INTO entry SELECT (json_populate_record(e, \'{{"entry_id": "{UUID(int=7)}"}}\')).* FROM entry e'
        " WHERE type = 'pledged' LIMIT 1",
    )
    assert await _tables(db) == ["entry", "closing"]
    assert (await _verified(db)).findings[0].entry_id == UUID(int=7), "the first of both findings is kept"


async def test_entry_with_nil_id_is_reported(api: Client, db: Database, database_url: str) -> None:
    await _tamper(
        database_url,
        f'INSERT INTO entry SELECT (json_populate_record(e, \'{{"entry_id": "{UUID(int=0)}"}}\')).* FROM entry e'
        " WHERE type = 'pledged' LIMIT 1",
    )

    assert f"{UUID(int=0)}: this id is never assigned" in {one.what for one in (await _verified(db)).findings}


async def test_tampered_balance_snapshot_and_pledge_are_reported(api: Client, db: Database, database_url: str) -> None:
    assert await verify_balances(db) == []
    wrong = ("UPDATE balance SET available_usd_minor = available_usd_minor + 1", "DELETE FROM balance")
    for statement in wrong:
        await _tamper(database_url, f"{statement} WHERE fund = 'SHERLOC-MNT'")
        assert await _tables(db) == ["balance"]
        assert await verify_balances(db) == ["SHERLOC-MNT"]

    await _tamper(database_url, "UPDATE closing SET usd_minor = usd_minor + 1 WHERE account = 'cash'")
    await _tamper(database_url, "UPDATE pledge SET earmarking = 'unearmarked' WHERE status = 'received'")
    report = await _verified(db)
    assert ["balance", "closing", "pledge"] == [finding.table for finding in report.findings]
    assert report.findings[2].what.endswith(": earmarking")


@pytest.mark.parametrize("tampering", ["work_package = 'training' WHERE work_package = 'maintenance'",
                                       "year = year - 1 WHERE work_package = 'maintenance'"])  # fmt: skip
async def test_snapshot_with_wrong_work_package_or_year_is_reported(
    api: Client, db: Database, database_url: str, tampering: str
) -> None:
    await post(api, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(40), work_package="maintenance")
    closed = None
    for _ in range(3):
        closed = await close_and_write_snapshots(db, closed)
    assert await _tables(db) == []

    await _tamper(database_url, f"UPDATE closing SET {tampering}")
    [finding] = (await _verified(db)).findings
    year = clock.now().year if "training" in tampering else clock.now().year - 1
    assert finding.table == "closing"
    assert finding.what.endswith(f", allocated in USD for maintenance of {year}: differs from its postings")


async def test_snapshot_with_wrong_activity_flag_is_reported(api: Client, db: Database, database_url: str) -> None:
    await _tamper(database_url, "UPDATE closing SET of_activities = true WHERE account = 'cash'")
    [finding] = (await _verified(db)).findings

    assert finding.table == "closing"
    assert re.sub(" as of [^,]+, ", ", ", finding.what) == (
        f"SHERLOC-MNT, cash in USD of {clock.now().year}: differs from its postings"
    )


async def test_entry_reversed_twice_is_reported(api: Client, db: Database, database_url: str) -> None:
    """The entry has its fact, so only the second reversal is wrong."""
    again = UUID(int=2**128 - 1)
    await _tamper(
        database_url,
        "DROP INDEX entry_reverses_key",
        f"""
        INSERT INTO journal (event_id, aggregate, aggregate_id, version, type, recorded_at, event)
        SELECT '{again}', aggregate, aggregate_id, version + 100, type, recorded_at,
            replace(event::text, event_id::text, '{again}')::json
        FROM journal WHERE event_id IN (SELECT entry_id FROM entry WHERE reverses IS NOT NULL)
        """,
        f'INSERT INTO entry SELECT (json_populate_record(e, \'{{"entry_id": "{again}"}}\')).* FROM entry e'
        " WHERE reverses IS NOT NULL",
    )

    [entry] = [finding for finding in (await _verified(db)).findings if finding.table == "entry"]
    assert entry.entry_id == again
    assert entry.what.endswith("is reversed twice")


# -- allocations and requirements -------------------------------------------------------------------------------------


@pytest.fixture
async def covered(api: Client, databases: Mapping[str, Database]) -> Client:
    """An allocation in each state, and two requirements: one partly covered, one of a revoked match."""
    inbox = Inbox(databases["pledges"], "pledges", ["matching"], HANDLERS)
    await funded(api, 8_000, "TA-REQUESTS")
    for_match: dict[str, Any] = {"fund": "TA-REQUESTS", "money": usd(3_000)}
    for match in (kept := a_match(), revoked := a_match()):
        await inbox.receive(an_event(confirmed(match, Money(minor=10_000, currency="EUR")), 1))
        (one,) = (await get(api, f"/v1/requirements?request={match['request_id']}"))["requirements"]
        made = await post(api, "/v1/allocations", FINANCE, **for_match, requirement_id=one["requirement_id"])
        path = f"/v1/allocations/{made['allocation_id']}/spend"
        await post(api, path, FINANCE, revision=1, money=usd(1_000))
        if match is kept:
            wrong = await post(api, "/v1/allocations", FINANCE, **for_match | {"money": usd(10)},
                               requirement_id=one["requirement_id"])  # fmt: skip
            entries = (await get(api, "/v1/ledger/entries?fund=TA-REQUESTS"))["entries"]
            body = {"entry_id": entries[0]["entry_id"], "reason": "recorded_wrongly"}
            await approve(api, await post(api, "/v1/ledger/reversals", FINANCE, **body))
            assert (await get(api, f"/v1/allocations/{wrong['allocation_id']}"))["status"] == "reversed"
    fact = MatchRevoked(**revoked, capacity_period=PERIOD, reason="no_funds", revoked_at=NOON)
    await inbox.receive(an_event(fact, 2))
    return api


FOR_MATCH = "requirement_id IS NOT NULL AND status ="


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (f"UPDATE allocation SET spent_usd_minor = 999 WHERE {FOR_MATCH} 'made'",
         {("allocation", "spent_usd_minor")}),
        (f"UPDATE allocation SET status = 'returned' WHERE {FOR_MATCH} 'made'",
         {("allocation", "status"), ("requirement", "covered_usd_minor")}),
        (f"UPDATE allocation SET status = 'made' WHERE {FOR_MATCH} 'reversed'",
         {("allocation", "status"), ("requirement", "covered_usd_minor")}),
        (f"UPDATE allocation SET spent_usd_minor = 0, revision = 2 WHERE {FOR_MATCH} 'returned'",
         {("allocation", "revision, spent_usd_minor"), ("requirement", "covered_usd_minor")}),
        ("UPDATE allocation SET work_package = 'training' WHERE work_package = 'maintenance'",
         {("allocation", "work_package")}),
        (f"DELETE FROM allocation WHERE {FOR_MATCH} 'reversed'",
         {("allocation", "has entries but no row")}),
        (f'INSERT INTO allocation SELECT (json_populate_record(a, \'{{"allocation_id": "{UUID(int=7)}"}}\')).*'
         f" FROM allocation a WHERE {FOR_MATCH} 'made'",
         {("allocation", "has no fact"), ("requirement", "covered_usd_minor")}),
        ("UPDATE requirement SET covered_usd_minor = covered_usd_minor - 1 WHERE status = 'open'",
         {("requirement", "covered_usd_minor")}),
        ("UPDATE requirement SET covered_usd_minor = 0 WHERE status = 'cancelled'",
         {("requirement", "covered_usd_minor")}),
        ("UPDATE requirement SET status = 'open', usd_minor = 7_000 WHERE status = 'cancelled'",
         {("requirement", "status, valuation")}),
    ],
)  # fmt: skip
async def test_tampered_allocation_or_requirement_is_reported(
    covered: Client, db: Database, database_url: str, statement: str, found: set[tuple[str, str]]
) -> None:
    await _tamper(database_url, statement)

    findings = (await _verified(db)).findings
    assert found == {(finding.table, finding.what.partition(": ")[2]) for finding in findings}
    assert len(found) == len(findings), "records that were not changed have no finding"


async def test_deleted_allocations_with_entries_are_reported(covered: Client, db: Database, database_url: str) -> None:
    await _tamper(database_url, "DELETE FROM entry WHERE allocation_id IS NOT NULL", "DELETE FROM allocation")

    what = {finding.table: finding.what for finding in (await _verified(db)).findings}
    assert what["entry"] == "no entry follows from pledges.allocation.made.v1"
    assert what["allocation"].endswith(": has facts but no row")


async def test_allocations_and_requirements_are_verified_by_page(
    covered: Client, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "PAGE", 1)
    said: list[tuple[str, int, int]] = []
    report = await _verified(db, lambda *what: said.append(what))

    assert ([], 4, 2) == (report.findings, report.allocations, report.requirements)
    assert [("allocations", n, 4) for n in range(1, 5)] + [("requirements", n, 2) for n in (1, 2)] == said[-6:]


async def test_verify_command_exits_with_one_on_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    right, wrong = Report(entries=2, postings=4), Report(entries=2)
    wrong.add("entry", "it does not balance: paid", entry_id=UUID(int=7), position=3)

    def said(report: Report, *options: str) -> tuple[int, str]:
        monkeypatch.setattr(ledger, "in_tx", lambda *_: report)
        done = CliRunner().invoke(ledger.ledger, ["verify", *options])
        return done.exit_code, done.output

    assert said(right) == (
        0,
        "the books are right: 2 entries with 4 postings, 0 counters, 0 closings, 0 pledges, 0 allocations and "
        "0 requirements are what the journal says\n",
    )
    code, text = said(wrong)
    assert code == 1
    assert text.splitlines()[1] == f"entry {UUID(int=7)}, position 3: it does not balance: paid"
    assert said(wrong, "--json")[1].startswith('{"entries":2')


# -- on a busy server -------------------------------------------------------------------------------------------------


@asynccontextmanager
async def slow_to_connect(dsn: str, seconds: float) -> AsyncIterator[str]:
    """A relay to PostgreSQL that takes `seconds` before it passes on the first bytes of a connection."""
    server = urlsplit(dsn)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        answers, requests = await asyncio.open_connection(server.hostname, server.port)
        await asyncio.gather(copy(reader, requests), copy(answers, writer))

    async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while read := await source.read(65536):
            target.write(read)
            await target.drain()
        target.close()

    async with await asyncio.start_server(relay, "127.0.0.1", 0) as relaying:
        port = relaying.sockets[0].getsockname()[1]
        yield server._replace(netloc=f"{server.netloc.rpartition(':')[0]}:{port}").geturl()


async def test_command_waits_longer_for_a_connection_than_a_request(api: Client, database_url: str) -> None:
    async with slow_to_connect(database_url, ACQUIRE_SECONDS + 0.5) as dsn:
        done = await entraide("ledger", "verify", env={"DATABASE_URL": dsn})

    assert (0, "") == (done.exit_code, done.stderr)
    assert done.stdout.startswith("the books are right")
