"""Imports of IATI activity files over HTTP: each transaction is accepted or listed."""

import asyncio
from pathlib import Path

import pytest

from chassis.db.database import Database
from tests.builders import headers
from tests.pledges.open_data.builders import LAUGHS, PLEDGE, a_file, a_transaction, an_activity
from tests.pledges.open_data.iati_steps import AS_FILE, flows_of, imported, send
from tests.pledges.open_data.steps import counted
from tests.pledges.steps import FINANCE, NORWAY, Client, get, post, unchanged

OTHERS = [
    a_transaction(ref=' ref="T-2"', type='<transaction-type code="2"/>'),
    a_transaction(ref=' ref="T-3"', type='<transaction-type code="3"/>', currency=' currency="USD"'),
    a_transaction(ref=' ref="T-4"', type='<transaction-type code="13"/>'),
    a_transaction(ref=' ref="T-5"', receiver=' ref="XX-FICT-9"'),
    a_transaction(ref=' ref="T-6"', amount="-100.00"),
    a_transaction(ref=' ref="T-7"', currency=' currency="KES"'),
    a_transaction(amount="5"),
    a_transaction(ref=""),
]
FICTITIOUS = a_file(an_activity(PLEDGE, *OTHERS))
"""A fictitious donor's file: nine transactions, four of them accepted."""


async def test_iati_import_accepts_transactions_to_us_and_lists_the_rest(api: Client, db: Database) -> None:
    before = await counted(db)
    made = await imported(api, FICTITIOUS)
    kept = await flows_of(api, made)

    assert ("iati", 9, 4, 5) == (made["format"], made["rows"], made["accepted"], made["rejected"])
    assert [
        (4, "iati-type-not-outgoing", "transaction-type"),
        (5, "iati-receiver-not-us", "receiver-org"),
        (6, "amount-negative", "value"),
        (7, "rate-not-in-force", None),
        (8, "id-repeated", "transaction"),
    ] == [(row["line"], row["slug"], row["column"]) for row in made["rejected_rows"]]
    assert [(1, "pledge"), (2, "commitment"), (3, "paid"), (9, "pledge")] == [(f["line"], f["status"]) for f in kept]
    assert [(98_805, "0.0988", "fictitious", "2026-02-01"), (1_000_050, "1", "par", "2026-02-12")] == [
        tuple(flow[name] for name in ("usd_minor", "rate", "rate_source", "rate_date")) for flow in (kept[0], kept[2])
    ]
    assert made == await get(api, f"/v1/imports/{made['import_id']}")
    after = await counted(db)
    reported = ("flow_import", "imported_flow", "rejected_row", "journal", "command")
    assert [1, 4, 5, 1, 1] == [after[table] - before[table] for table in reported]
    assert 0 == (await get(api, "/v1/funds/SHERLOC-MNT"))["pledged_usd_minor"], (
        "imported flows are not included in any total"
    )


async def test_repeated_iati_file_has_nothing_new(api: Client) -> None:
    await imported(api, FICTITIOUS)
    again = await imported(api, FICTITIOUS + b"\n")

    assert (9, 0, 9) == (again["rows"], again["accepted"], again["rejected"])
    assert {"imported-already": [1, 2, 3, 9], "id-repeated": [8]} == {
        slug: [row["line"] for row in again["rejected_rows"] if row["slug"] == slug]
        for slug in ("imported-already", "id-repeated")
    }


async def test_concurrent_iati_imports_accept_each_transaction_once(api: Client, db: Database) -> None:
    """The files are in opposite orders; neither import waits for a lock of the other."""
    for turn in range(1, 5):
        transactions = [a_transaction(ref=f' ref="T-{turn}-{number}"') for number in range(1_000)]
        files = [a_file(an_activity(*some)) for some in (transactions, transactions[::-1])]
        answers = await asyncio.gather(*(send(api, content) for content in files))

        assert {"import-overtaken"} >= {answer.json()["slug"] for answer in answers if answer.status_code != 201}
        assert 1_000 * turn == (await counted(db))["imported_flow"]


async def test_dry_run_writes_nothing(api: Client, db: Database) -> None:
    before = await counted(db)
    tried = await send(api, FICTITIOUS, query="&dry_run=true")
    assert (200, before) == (tried.status_code, await counted(db))
    done = await imported(api, FICTITIOUS)

    same = ("format", "file_hash", "rows", "accepted", "rejected", "reasons", "rejected_rows")
    assert {name: tried.json()[name] for name in same} == {name: done[name] for name in same}


async def test_transaction_without_rate_is_rejected(api: Client) -> None:
    content = a_file(an_activity(a_transaction(currency=' currency="KES"')))
    refused = await imported(api, content)
    rate = {"source": "fictitious", "currency": "KES", "valid_from": "2026-02-01", "usd_per_unit": "1.234567890123"}
    await post(api, "/v1/rates", FINANCE, rates=[rate])
    (flow,) = await flows_of(api, await imported(api, content))

    assert ["rate-not-in-force"] == [row["slug"] for row in refused["rejected_rows"]]
    assert (1_234_630, "1.234567890123") == (flow["usd_minor"], flow["rate"])


async def test_rejection_reasons_are_translated(api: Client) -> None:
    for language, word in {"fr": "ONUDC", "ar": "للمكتب|المكتب", "zh": "办公室", "ru": "УНП", "es": "UNODC"}.items():
        answer = await send(api, FICTITIOUS, query="&dry_run=true", **{"Accept-Language": language})
        reasons = {reason["slug"]: reason["explanation"] for reason in answer.json()["reasons"]}
        assert any(one in reasons["iati-receiver-not-us"] for one in word.split("|")), language


# -- attacks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "status", "slug"),
    [
        (f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><iati-activities version="2.03">&l9;</iati-activities>'.encode(), 400, "xml-doctype"),
        (b'<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/hostname">]><iati-activities>&x;</iati-activities>', 400, "xml-doctype"),
        (b'<!DOCTYPE x SYSTEM "http://example.org/a.dtd"><iati-activities version="2.03"/>', 400, "xml-doctype"),
        (a_file(an_activity(PLEDGE.replace("Fictitious", "&x;"))), 400, "xml-malformed"),
        (b"id,refCode\r\n1,2\r\n", 400, "xml-malformed"),
        (b"%PDF-1.7", 400, "xml-malformed"),
        (a_file(an_activity(PLEDGE.replace("Fictitious", "a\x00b"))), 400, "xml-malformed"),
        (a_file(an_activity(PLEDGE.replace("Fictitious", "&#0;"))), 400, "xml-malformed"),
        (a_file(an_activity(PLEDGE.replace("Fictitious", "\x1b[31m"))), 400, "xml-malformed"),
        (b"<a>" * 100_000, 400, "xml-malformed"),
        (b"<iati-organisations version='2.03'/>", 400, "iati-not-activities"),
        (a_file(an_activity(PLEDGE), version="1.05"), 400, "iati-version-unknown"),
        (a_file(an_activity()), 400, "iati-transactions-missing"),
        (a_file("<transaction/>" * 5_001), 400, "iati-too-many-transactions"),
        (a_file(an_activity(PLEDGE)) + b" " * 2 * 1024 * 1024, 413, "body-too-large"),
    ],
    ids=range(15),
)  # fmt: skip
async def test_malformed_iati_import_writes_nothing(
    api: Client, db: Database, content: bytes, status: int, slug: str
) -> None:
    before = await counted(db)
    answer = await send(api, content)

    assert (status, slug) == (answer.status_code, answer.json()["slug"])
    assert before == await counted(db)


async def test_largest_iati_import_is_accepted(api: Client) -> None:
    made = await imported(api, a_file(an_activity("<transaction/>" * 4_000, PLEDGE), "<transaction/>" * 999))

    assert (5_000, 1, 4_999) == (made["rows"], made["accepted"], made["rejected"])
    assert {"iati-element-missing": 4_000, "iati-transaction-misplaced": 999} == {
        reason["slug"]: reason["rows"] for reason in made["reasons"]
    }


async def test_unknown_import_format_is_rejected(api: Client) -> None:
    given = headers(FINANCE) | AS_FILE

    for query, slug in (("?format=iati.xml", "invalid-request"), ("", "columns-missing")):
        answer = await api.post(f"/v1/imports{query}", content=FICTITIOUS, headers=given)
        assert (400, slug) == (answer.status_code, answer.json()["slug"])


@pytest.mark.parametrize("by", [NORWAY, "UNODC:coordinator", "UNODC:auditor", "NOR:finance_officer"])
async def test_only_unodc_finance_officer_imports(api: Client, db: Database, by: str) -> None:
    before = await unchanged(db)
    answer = await send(api, FICTITIOUS, by=by)

    assert (403, "not-for-your-role") == (answer.status_code, answer.json()["slug"])
    assert before == await unchanged(db)


async def test_every_iati_sample_is_accounted_for(api: Client, shared_data: Path) -> None:
    for path in sorted((shared_data / "iati" / "samples").glob("*.xml")):
        answer = await send(api, path.read_bytes().replace(b'version="xx"', b'version="2.03"'))
        reported = answer.json()
        if answer.status_code == 400:
            assert reported["slug"] in {"iati-transactions-missing", "iati-not-activities"}, path.name
        else:
            assert (201, 0) == (answer.status_code, reported["accepted"]), path.name
            assert len(reported["rejected_rows"]) == reported["rejected"] == reported["rows"] > 0, path.name
