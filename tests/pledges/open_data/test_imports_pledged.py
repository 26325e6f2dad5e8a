"""Pledges that UNODC makes from reported flows, once each, in the donor's name."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from chassis.db.database import Database
from chassis.rebuild import verify as verify
from services.pledges.wiring import SERVICE
from tests.builders import headers
from tests.databases import connected
from tests.pledges.open_data import steps as tables
from tests.pledges.open_data.builders import PLEDGE, a_file, a_table, a_transaction, an_activity
from tests.pledges.open_data.iati_steps import flows_of, imported
from tests.pledges.steps import FINANCE, GERMANY, NORWAY, Client, content, get, post, unchanged

WORDS = "Fictitious sample: a pledge"
REPORTED = [
    PLEDGE,
    a_transaction(ref=' ref="T-2"', type='<transaction-type code="2"/>'),
    a_transaction(ref=' ref="T-3"', type='<transaction-type code="3"/>'),
    a_transaction(ref=' ref="T-4"', amount="-1"),
]
BODY = {"fund": "SHERLOC-MNT", "donor": "NOR"}


@pytest.fixture
async def reported(api: Client) -> dict[str, Any]:
    return await imported(api, a_file(an_activity(*REPORTED)))


def path_of(made: Mapping[str, Any], line: int = 1) -> str:
    return f"/v1/imports/{made['import_id']}/flows/{line}/pledge"


async def outcome_of(api: Client, path: str, by: str = FINANCE, **changes: Any) -> tuple[int, str]:
    answer = await api.post(path, json=BODY | changes, headers=headers(by))
    return answer.status_code, answer.json().get("slug", "")


async def test_reported_pledge_is_recorded_as_pledge(api: Client, reported: dict[str, Any], db: Database) -> None:
    made = await post(api, path_of(reported), FINANCE, **BODY)

    assert ("NOR", "SHERLOC-MNT", "pledged", "softly_earmarked", WORDS, "2026-02-12") == tuple(
        made[name] for name in ("donor", "fund", "status", "earmarking", "note", "pledged_on")
    )
    assert ({"minor": 1_000_050, "currency": "NOK"}, 98_805, "0.0988") == tuple(
        made[name] for name in ("money", "usd_minor", "rate")
    )
    assert (reported["import_id"], 1) == (made["import_id"], made["import_line"])
    assert [made["pledge_id"], None, None] == [flow["pledge_id"] for flow in await flows_of(api, reported)]
    assert 98_805 == (await get(api, "/v1/funds/SHERLOC-MNT"))["pledged_usd_minor"]
    assert content(made) == content(await get(api, f"/v1/pledges/{made['pledge_id']}", NORWAY)), (
        "the pledge belongs to the donor"
    )
    assert [made["pledge_id"]] == [one["pledge_id"] for one in (await get(api, "/v1/pledges", NORWAY))["pledges"]]
    assert [] == (await get(api, "/v1/pledges", GERMANY))["pledges"]
    async with db.transaction() as tx:
        event = await tx.fetchval("SELECT event::text FROM journal WHERE type = 'pledges.pledge.pledged.v1'")
    assert WORDS not in event, "the texts of a flow are not published"


async def test_pledge_from_row_is_valued_by_our_rate(api: Client) -> None:
    made = await tables.imported(api, a_table({"status": "pledge", "amountUSD": "11494"}))
    pledge = await post(api, path_of(made, 2), FINANCE, **BODY | {"earmarking": "earmarked"})

    assert (1_150_000, "1.15", "earmarked") == (pledge["usd_minor"], pledge["rate"], pledge["earmarking"])


async def test_flow_becomes_a_pledge_once(api: Client, reported: dict[str, Any]) -> None:
    made = await post(api, path_of(reported), FINANCE, **BODY)
    assert (409, "flow-pledged-already") == await outcome_of(api, path_of(reported))

    await post(api, f"/v1/pledges/{made['pledge_id']}/withdraw", NORWAY, revision=1)
    assert 0 == (await get(api, "/v1/funds/SHERLOC-MNT"))["pledged_usd_minor"]
    answer = await api.post(path_of(reported), json=BODY, headers=headers(FINANCE))
    assert (409, made["pledge_id"]) == (answer.status_code, answer.json()["details"]["pledge_id"])


async def test_concurrent_pledges_from_one_flow_yield_one(api: Client, reported: dict[str, Any], db: Database) -> None:
    answers = await asyncio.gather(*(outcome_of(api, path_of(reported)) for _ in range(6)))

    assert [(201, "")] + [(409, "flow-pledged-already")] * 5 == sorted(answers)
    after = await unchanged(db)
    assert (1, 1) == (after["pledge"], after["entry"])


async def test_repeated_pledge_from_flow_runs_once(api: Client, reported: dict[str, Any]) -> None:
    given = headers(FINANCE, key="pledge-of-norway")
    first, second = [await api.post(path_of(reported), json=BODY, headers=given) for _ in range(2)]

    assert (201, first.json()) == (second.status_code, second.json())
    assert f"/v1/pledges/{first.json()['pledge_id']}" == first.headers["Location"] == second.headers["Location"]
    other = await api.post(path_of(reported), json=BODY | {"donor": "DEU"}, headers=given)
    assert (422, "idempotency-key-reused") == (other.status_code, other.json()["slug"])


@pytest.mark.parametrize(
    ("line", "changes", "expected"),
    [
        (2, {}, (409, "flow-not-a-pledge")),
        (3, {}, (409, "flow-not-a-pledge")),
        (4, {}, (404, "not-found")),
        (0, {}, (400, "invalid-request")),
        (99, {}, (404, "not-found")),
        (1, {"fund": "NO-SUCH-FUND"}, (400, "unknown-code")),
        (1, {"donor": "XXX"}, (400, "donor-unknown")),
        (1, {"donor": "UNODC"}, (400, "donor-unknown")),
        (1, {"donor": "UNODC-SHERLOC"}, (400, "donor-unknown")),
        (1, {"donor": "ATLANTIS-FUND"}, (400, "donor-unknown")),
        (1, {"donor": "nor"}, (400, "invalid-field")),
        (1, {"money": {"minor": 1, "currency": "USD"}}, (400, "unknown-field")),
        (1, {"earmarking": "closely"}, (400, "invalid-field")),
    ],
)
async def test_invalid_pledge_from_flow_is_rejected_without_changes(
    api: Client, reported: dict[str, Any], db: Database, line: int, changes: dict[str, Any], expected: tuple[int, str]
) -> None:
    before = await unchanged(db)

    assert expected == await outcome_of(api, path_of(reported, line), **changes)
    assert before == await unchanged(db)


async def test_organization_with_an_appointment_can_be_a_donor(
    api: Client, reported: dict[str, Any], db: Database
) -> None:
    async with db.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO caller (appointment_id, person_id, organization, role, starts, ended, version)
            VALUES ($1, $1, 'ATLANTIS-FUND', 'donor_officer', '2026-01-01', false, 1)
            """,
            uuid4(),
        )

    assert (201, "") == await outcome_of(api, path_of(reported), donor="ATLANTIS-FUND")


async def test_pledge_from_flow_without_rate_is_rejected(api: Client, db: Database) -> None:
    row = {
        "status": "pledge",
        "originalCurrency": "KES",
        "originalAmount": "1000",
        "amountUSD": "10",
        "exchangeRate": "100",
    }
    made = await tables.imported(api, a_table(row))
    before = await unchanged(db)

    assert (422, "rate-not-in-force") == await outcome_of(api, path_of(made, 2))
    assert before == await unchanged(db)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (NORWAY, (404, "not-found")),
        ("NOR:finance_officer", (404, "not-found")),
        ("UNODC:coordinator", (403, "not-for-your-role")),
        ("UNODC:auditor", (403, "not-for-your-role")),
    ],
)
async def test_only_unodc_finance_officer_pledges_for_a_donor(
    api: Client, reported: dict[str, Any], db: Database, by: str, expected: tuple[int, str]
) -> None:
    before = await unchanged(db)

    assert expected == await outcome_of(api, path_of(reported), by)
    assert before == await unchanged(db)


async def test_flow_of_pledge_is_rebuilt_from_journal(api: Client, reported: dict[str, Any], database_url: str) -> None:
    await post(api, path_of(reported), FINANCE, **BODY)
    async with connected(database_url, "pledges", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)
        async with owner.transaction() as tx:
            await tx.execute("SET LOCAL entraide.role = 'owner'")
            await tx.execute("UPDATE pledge SET import_line = 3")
        assert ["pledge: 1 rows are not in the journal, 1 are only there"] == await verify(owner, SERVICE)
