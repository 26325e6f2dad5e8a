"""A ledger from before an entry held its postings, a need could be stated anew, and closings told work packages."""

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from chassis.migrate import migrate
from services.pledges.wiring import SERVICE

ENTRY, OTHER = UUID(int=1), UUID(int=2)
BEFORE = """
    INSERT INTO fund (fund, fund_id, texts_hash, opened_at) VALUES ('SHERLOC-MNT', gen_random_uuid(), '', now());
    INSERT INTO balance (fund, available_usd_minor) VALUES ('SHERLOC-MNT', 0);
    INSERT INTO pledge (pledge_id, donor, fund, status, revision, minor, currency, earmarking, pledged_on, pledged_at,
        usd_minor, rate, rate_source, rate_date, texts_hash, receipts, received_minor, received_usd_minor,
        relieved_usd_minor)
    VALUES ('00000000-0000-0000-0000-000000000009', 'NOR', 'SHERLOC-MNT', 'pledged', 1, 1, 'EUR', 'unearmarked',
        '2026-11-01', now(), 1, '1.15', 'un', '2026-11-01', '', 0, 0, 0, 0);
    WITH written AS (
        INSERT INTO entry (entry_id, type, fund, pledge_id, donor, effective_on, recorded_at, rate, rate_source, rate_date)
        SELECT entry_id, type, 'SHERLOC-MNT', '00000000-0000-0000-0000-000000000009', 'NOR', '2026-11-01', now(), 1.15,
            'un', '2026-11-01'
        FROM (VALUES ('00000000-0000-0000-0000-000000000001'::uuid, 'pledged'),
            ('00000000-0000-0000-0000-000000000002'::uuid, 'committed')) AS e(entry_id, type)
    )
    INSERT INTO posting (entry_id, position, fund, account, currency, minor, usd_minor)
    SELECT entry_id::uuid, position, 'SHERLOC-MNT', account, 'EUR', minor, usd_minor FROM (VALUES
        ('00000000-0000-0000-0000-000000000001', 2, 'pledged_contra', -100, -115),
        ('00000000-0000-0000-0000-000000000001', 1, 'pledged', 100, 115),
        ('00000000-0000-0000-0000-000000000002', 12, 'pledged_contra', 100, 115),
        ('00000000-0000-0000-0000-000000000002', 1, 'receivable', 100, 115),
        ('00000000-0000-0000-0000-000000000002', 11, 'pledged', -100, -115),
        ('00000000-0000-0000-0000-000000000002', 2, 'committed', -100, -115)
    ) AS p(entry_id, position, account, minor, usd_minor);
"""


@pytest.fixture
async def bare_url(database_url: str) -> str:
    """A database in which pledges has nothing."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("DROP SCHEMA pledges CASCADE")
    await connection.close()
    return database_url


async def until_0008(url: str, place: Path) -> None:
    """The schema of the ledger as it was before an entry held its postings."""
    (place / "migrations").mkdir()
    for file in sorted((SERVICE.folder / "migrations").glob("*.sql"))[:8]:
        shutil.copy(file, place / "migrations")
    await migrate(url, SERVICE.name, place)


async def test_the_postings_of_before_are_in_their_entries_in_their_order(bare_url: str, tmp_path: Path) -> None:
    await until_0008(bare_url, tmp_path)
    connection = await asyncpg.connect(bare_url, server_settings={"search_path": "pledges"})
    try:
        await connection.execute(BEFORE)
        applied = await migrate(bare_url, SERVICE.name, SERVICE.folder)
        rows = await connection.fetch(
            """
            SELECT entry_id, position, account, currency, minor, usd_minor, p.rate::text
            FROM entry CROSS JOIN unnest(postings) WITH ORDINALITY
                AS p(account, currency, minor, usd_minor, rate, rate_currency, rate_source, rate_date, position)
            ORDER BY entry_id, position
            """
        )
    finally:
        await connection.close()

    assert applied[0] == "pledges: pledges 0009 postings_in_their_entry"
    assert [tuple(row) for row in rows] == [
        (ENTRY, 1, "pledged", "EUR", 100, 115, "1.15"),
        (ENTRY, 2, "pledged_contra", "EUR", -100, -115, "1.15"),
        (OTHER, 1, "receivable", "EUR", 100, 115, "1.15"),
        (OTHER, 2, "committed", "EUR", -100, -115, "1.15"),
        (OTHER, 3, "pledged", "EUR", -100, -115, None),
        (OTHER, 4, "pledged_contra", "EUR", 100, 115, None),
    ]


async def test_what_a_fund_needed_is_known_since_it_was_opened(bare_url: str, tmp_path: Path) -> None:
    await until_0008(bare_url, tmp_path)
    connection = await asyncpg.connect(bare_url, server_settings={"search_path": "pledges"})
    try:
        await connection.execute(BEFORE)
        await connection.execute(
            """
            INSERT INTO fund_requirement (fund, year, usd_minor) VALUES ('SHERLOC-MNT', 2027, 620);
            INSERT INTO journal (event_id, aggregate, aggregate_id, version, type, recorded_at, event)
            SELECT gen_random_uuid(), 'fund', fund_id, 1, '', '2026-11-02T09:00:00Z', '{}' FROM fund
            """
        )
        await migrate(bare_url, SERVICE.name, SERVICE.folder)
        row = await connection.fetchrow(
            "SELECT fund.revision, r.revision, usd_minor, reason, recorded_at FROM fund JOIN fund_requirement r USING (fund)"
        )
    finally:
        await connection.close()

    assert (1, 1, 620, None, datetime(2026, 11, 2, 9, tzinfo=UTC)) == tuple(row)


async def test_closings_of_before_are_made_again_and_none_is_written_by_the_version_before(
    bare_url: str, tmp_path: Path
) -> None:
    """Which know no work packages: whoever went on from one would lose what was set aside before it."""
    await until_0008(bare_url, tmp_path)
    connection = await asyncpg.connect(bare_url, server_settings={"search_path": "pledges"})
    columns = "fund, as_at, account, currency, minor, usd_minor, postings"
    closing = f"INSERT INTO closing ({columns}) VALUES ('SHERLOC-MNT', now(), 'allocated', 'USD', -5, -5, 1)"
    try:
        await connection.execute(BEFORE)
        await connection.execute(closing)
        await migrate(bare_url, SERVICE.name, SERVICE.folder)
        with pytest.raises(asyncpg.NotNullViolationError):
            await connection.execute(closing)
        assert await connection.fetch("SELECT FROM closing") == []
    finally:
        await connection.close()


async def test_the_rate_of_an_agreement_of_before_has_its_source_and_its_day(bare_url: str, tmp_path: Path) -> None:
    await until_0008(bare_url, tmp_path)
    connection = await asyncpg.connect(bare_url, server_settings={"search_path": "pledges"})
    agreement = {"data": {"valuation": {"rate": "1.2", "rate_source": "ecb", "rate_date": "2026-11-03"}}}
    try:
        await connection.execute(BEFORE)
        await connection.execute(
            """
            UPDATE pledge SET status = 'committed', committed_on = '2026-11-04', committed_usd_minor = 1,
                committed_rate = '1.2', support_cost_basis_points = 0, recognized_minor = 1
            """
        )
        await connection.execute(
            """
            INSERT INTO journal (event_id, aggregate, aggregate_id, version, type, recorded_at, event)
            SELECT gen_random_uuid(), 'pledge', pledge_id, 2, 'pledges.pledge.committed.v1', now(), $1::json FROM pledge
            """,
            json.dumps(agreement),
        )
        await migrate(bare_url, SERVICE.name, SERVICE.folder)
        row = await connection.fetchrow("SELECT committed_rate_source, committed_rate_date FROM pledge")
    finally:
        await connection.close()

    assert ("ecb", date(2026, 11, 3)) == tuple(row)
