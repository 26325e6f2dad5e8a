"""Imports of flow tables over HTTP: accepted and rejected rows, none of which is included in a total."""

import asyncio
from collections.abc import Mapping
from uuid import uuid4

import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from services.pledges.wiring import SERVICE
from tests.builders import a_caller, headers
from tests.databases import connected
from tests.pledges.open_data.builders import REAL, a_table
from tests.pledges.open_data.steps import OWN, counted, imported, send
from tests.pledges.steps import FINANCE, NORWAY, Client, get, unchanged

MIXED = a_table(
    {}, {"id": "F-2", "originalCurrency": ""}, {"id": "F-3", "amountUSD": "1"}, {"id": "F-1"}, {"id": "F-5"}
)


async def test_import_lists_accepted_and_rejected_rows(api: Client) -> None:
    made = await imported(api, MIXED)
    shown = await get(api, f"/v1/imports/{made['import_id']}")
    kept = (await get(api, f"/v1/imports/{made['import_id']}/flows"))["flows"]

    assert made == shown
    assert (5, 2, 3, False) == (made["rows"], made["accepted"], made["rejected"], made["dry_run"])
    assert [
        (3, "F-2", "currency-missing", "originalCurrency"),
        (4, "F-3", "amounts-disagree", "exchangeRate"),
        (5, "F-1", "id-repeated", "id"),
    ] == [(row["line"], row["source_id"], row["slug"], row["column"]) for row in made["rejected_rows"]]
    assert ["F-1", "F-5"] == [flow["source_id"] for flow in kept]
    assert (1_000_000, 1_150_000, "0.87") == tuple(kept[0][name] for name in ("minor", "usd_minor", "rate"))


@pytest.mark.parametrize(
    ("language", "word"),
    [("fr", "taux"), ("ar", "سعر"), ("zh", "汇率"), ("ru", "курсу"), ("es", "cambio"), ("en", "rate")],
)
async def test_rejection_reasons_are_translated(api: Client, language: str, word: str) -> None:
    answer = await send(api, MIXED, query="?dry_run=true", **{"Accept-Language": language})
    reasons = {reason["slug"]: reason for reason in answer.json()["reasons"]}

    assert word in reasons["amounts-disagree"]["explanation"]
    assert 1 == reasons["amounts-disagree"]["rows"]


async def test_dry_run_writes_nothing(api: Client, db: Database) -> None:
    before = await counted(db)
    tried = await send(api, MIXED, query="?dry_run=true")
    assert before == await counted(db)
    done = await imported(api, MIXED)

    assert (200, None, True) == (tried.status_code, tried.json()["import_id"], tried.json()["dry_run"])
    same = ("file_hash", "rows", "accepted", "rejected", "reasons", "rejected_rows")
    assert {name: tried.json()[name] for name in same} == {name: done[name] for name in same}


async def test_import_changes_no_totals(api: Client, db: Database) -> None:
    before = await unchanged(db)
    await imported(api, MIXED)
    after = await unchanged(db)

    assert {"journal", "command"} == {table for table in before if before[table] != after[table] and table != "pending"}
    assert 0 == (await get(api, "/v1/funds/SHERLOC-MNT"))["pledged_usd_minor"]
    assert [] == (await get(api, "/v1/flows"))["flows"]


async def test_known_flow_is_rejected(api: Client) -> None:
    await imported(api, a_table({}))
    again = await imported(api, a_table({"amountUSD": "11501"}, {"id": "F-9"}))

    assert ["imported-already"] == [row["slug"] for row in again["rejected_rows"]]
    assert 1 == again["accepted"]


async def test_id_with_nul_is_one_rejected_row(api: Client) -> None:
    made = await imported(api, a_table({"id": "F\x001"}, {"id": "F-2"}))

    assert 1 == made["accepted"]
    assert [(2, "control-character", "id")] == [
        (row["line"], row["slug"], row["column"]) for row in made["rejected_rows"]
    ]


async def test_reported_rate_is_stored_exactly(api: Client) -> None:
    made = await imported(api, a_table({"exchangeRate": "0.870000000000000001"}))
    (flow,) = (await get(api, f"/v1/imports/{made['import_id']}/flows"))["flows"]

    assert "0.870000000000000001" == flow["rate"]


async def test_repeated_import_runs_once(api: Client) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first, second = [await imported(api, MIXED, **key) for _ in range(2)]

    assert first == second
    assert 1 == len((await get(api, "/v1/imports"))["imports"])
    other = await send(api, a_table({"id": "F-9"}), **key)
    assert (422, "idempotency-key-reused") == (other.status_code, other.json()["slug"])


async def test_concurrent_import_of_same_rows_conflicts(api: Client, db: Database) -> None:
    content = a_table(*({"id": f"F-{number}"} for number in range(200)))
    answers = await asyncio.gather(*(send(api, content) for _ in range(2)))
    stood = [answer.json() for answer in answers if answer.status_code == 201]

    assert {201, 409} >= {answer.status_code for answer in answers}
    assert {"import-overtaken"} >= {answer.json()["slug"] for answer in answers if answer.status_code == 409}
    assert 200 == sum(one["accepted"] for one in stood) == (await counted(db))["imported_flow"]
    assert len(stood) == (await counted(db))["flow_import"]


@pytest.mark.parametrize(
    ("content", "status", "slug"),
    [
        (b"%PDF-1.7", 400, "columns-missing"),
        (b"\xff\xfe", 400, "invalid-unicode"),
        (a_table({}) + b'"open', 400, "csv-unreadable"),
        (a_table(), 400, "rows-missing"),
        (a_table(*[{}] * 5_001), 400, "rows-too-many"),
        (b"x" * (2 * 1024 * 1024 + 1), 413, "body-too-large"),
    ],
)
async def test_malformed_import_writes_nothing(
    api: Client, db: Database, content: bytes, status: int, slug: str
) -> None:
    before = await counted(db)
    answer = await send(api, content)

    assert (status, slug) == (answer.status_code, answer.json()["slug"])
    assert before == await counted(db)


@pytest.mark.parametrize("by", [NORWAY, "UNODC:coordinator", "UNODC:auditor", "NOR:finance_officer", "KEN:focal_point"])
async def test_only_unodc_finance_officer_imports(api: Client, db: Database, by: str) -> None:
    before = await counted(db)
    answer = await send(api, MIXED, by=by)

    assert (403, "not-for-your-role") == (answer.status_code, answer.json()["slug"])
    assert before == await counted(db)


async def test_imports_are_visible_to_ledger_readers_only(api: Client, databases: Mapping[str, Database]) -> None:
    made = await imported(api, MIXED)
    path = f"/v1/imports/{made['import_id']}"

    for by in ("UNODC:coordinator", "UNODC:auditor", FINANCE):
        assert made["rejected_rows"] == (await get(api, path, by))["rejected_rows"]
        assert 1 == len((await get(api, "/v1/imports", by))["imports"])
    for by in (NORWAY, "NOR:finance_officer", "KEN:focal_point"):
        for hidden in (path, f"{path}/flows"):
            assert 404 == (await api.get(hidden, headers=headers(by))).status_code
        assert [] == (await get(api, "/v1/imports", by))["imports"]


async def test_row_level_security_hides_imports_from_donors(api: Client, db: Database) -> None:
    await imported(api, MIXED)

    for by, rows in (
        (FINANCE, [1, 2, 3]),
        ("UNODC:auditor", [1, 2, 3]),
        (NORWAY, [0, 0, 0]),
        ("NOR:finance_officer", [0, 0, 0]),
    ):
        async with db.transaction(by=a_caller(by)) as tx:
            assert rows == [await tx.fetchval(f"SELECT count(*) FROM {table}") for table in OWN], by


async def test_accepted_rows_are_paged_completely(api: Client) -> None:
    made = await imported(api, a_table(*({"id": f"F-{number}"} for number in range(5))))
    seen, cursor = [], 0
    while cursor is not None:
        page = await get(api, f"/v1/imports/{made['import_id']}/flows?limit=2&cursor={cursor}")
        seen += [flow["source_id"] for flow in page["flows"]]
        cursor = page["cursor"]

    assert [f"F-{number}" for number in range(5)] == seen


async def test_import_fact_has_counts_and_hash_only(api: Client, db: Database) -> None:
    made = await imported(api, MIXED)
    async with db.transaction() as tx:
        event = await tx.fetchval("SELECT event::text FROM journal WHERE type = 'pledges.import.recorded.v1'")

    assert made["file_hash"] in event
    assert not [word for word in ("Atlantis", "Fictitious", "F-1", "currency-missing") if word in event]


async def test_import_is_rebuilt_from_journal(api: Client, database_url: str) -> None:
    await imported(api, MIXED)
    async with connected(database_url, "pledges", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)
        async with owner.transaction() as tx:
            await tx.execute("UPDATE flow_import SET accepted = 1, rejected = 4")
        assert ["flow_import: 1 rows are not in the journal, 1 are only there"] == await verify(owner, SERVICE)


@pytest.mark.skipif(not REAL.is_file(), reason="the 1,106 flows of the Financial Tracking Service are not there")
async def test_real_flows_are_accepted_or_listed(api: Client, db: Database) -> None:
    made = await imported(api, REAL.read_bytes())

    assert (1_106, 582, 524) == (made["rows"], made["accepted"], made["rejected"])
    assert 524 == len(made["rejected_rows"]) == sum(reason["rows"] for reason in made["reasons"])
    assert 582 == (await counted(db))["imported_flow"]
