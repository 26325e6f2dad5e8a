"""The pledges service from its routes to its tables."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

import pytest

from chassis.db.database import Database
from tests.builders import headers
from tests.pledges.steps import (
    FINANCE,
    GERMANY,
    NORWAY,
    RATES,
    Client,
    a_fund,
    a_pledge,
    committed,
    eur,
    funded,
    get,
    pledged,
    post,
    receive,
    unchanged,
    usd,
)

# -- lifecycle --------------------------------------------------------------------------------------------------------


async def test_pledge_lifecycle_updates_all_totals(api: Client) -> None:
    pledge = await pledged(api)
    assert (pledge["donor"], pledge["status"], pledge["usd_minor"], pledge["rate"]) == (
        "NOR",
        "pledged",
        1_150_000,
        "1.15",
    )
    fund = await get(api, "/v1/funds/SHERLOC-MNT")
    assert [fund[f"{figure}_usd_minor"] for figure in ("pledged", "committed", "paid", "available", "gap")] == [
        1_150_000, 0, 0, 0, 62_000_000,
    ]  # fmt: skip

    path = f"/v1/pledges/{pledge['pledge_id']}"
    pledge = await post(api, f"{path}/commit", FINANCE, revision=1, committed_on="2026-03-05")
    assert (pledge["status"], pledge["committed_usd_minor"], pledge["support_cost_basis_points"]) == (
        "committed",
        1_150_000,
        1300,
    )
    fund = await get(api, "/v1/funds/SHERLOC-MNT")
    assert [fund[f"{figure}_usd_minor"] for figure in ("pledged", "committed", "paid", "available", "gap")] == [
        0, 1_150_000, 0, 0, 60_850_000 + 132_301,
    ]  # fmt: skip

    pledge = await receive(api, pledge, eur(4_000_00))
    assert (pledge["status"], pledge["received"], pledge["outstanding"]) == (
        "partially_received",
        eur(400_000),
        eur(600_000),
    )
    pledge = await receive(api, pledge, eur(6_000_00))
    assert (pledge["status"], pledge["revision"], pledge["receipts"]) == ("received", 4, 2)
    fund = await get(api, "/v1/funds/SHERLOC-MNT")
    assert fund["work_packages"] == []
    assert (fund["paid_usd_minor"], fund["programme_support_usd_minor"], fund["available_usd_minor"]) == (
        1_150_000, 132_301, 1_017_699,
    )  # fmt: skip

    allocation = await post(
        api, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(500_000), work_package="maintenance"
    )
    assert (allocation["status"], allocation["usd_minor"], allocation["requirement_id"]) == ("made", 500_000, None)
    fund = await get(api, "/v1/funds/SHERLOC-MNT")
    assert (fund["allocated_usd_minor"], fund["available_usd_minor"]) == (500_000, 517_699)

    entries = (await get(api, "/v1/ledger/entries?fund=SHERLOC-MNT"))["entries"]
    assert [entry["type"] for entry in entries] == ["allocated", "received", "received", "committed", "pledged"]
    assert {(e["rate"], e["rate_source"], e["rate_date"]) for e in entries if e["pledge_id"]} == {
        ("1.15", "fictitious", f"2026-{month:02}-01") for month in (2, 3, 4)
    }


async def test_withdrawn_pledge_has_entry_and_reversal(api: Client) -> None:
    pledge = await pledged(api)
    path = f"/v1/pledges/{pledge['pledge_id']}"
    withdrawn = await post(api, f"{path}/withdraw", NORWAY, revision=1, withdrawn_on="2026-02-20")

    assert (withdrawn["status"], withdrawn["revision"]) == ("withdrawn", 2)
    assert (await get(api, "/v1/funds/SHERLOC-MNT"))["pledged_usd_minor"] == 0
    taken_back, made = (await get(api, f"/v1/ledger/entries?pledge={pledge['pledge_id']}"))["entries"]
    assert taken_back["reverses"] == made["entry_id"]
    assert [-p["minor"] for p in taken_back["postings"]] == [p["minor"] for p in made["postings"]]


async def test_receipts_are_kept_in_their_currencies(api: Client) -> None:
    for money in ({"minor": 18_000_000, "currency": "JPY"}, {"minor": 60_000_000, "currency": "KWD"}, eur(7)):
        await receive(api, await committed(api, money=money), money)

    balances = (await get(api, "/v1/ledger/balances"))["balances"]
    cash = {b["currency"]: (b["minor"], b["usd_minor"]) for b in balances if b["account"] == "cash"}
    assert cash == {"JPY": (18_000_000, 11_993_400), "KWD": (60_000_000, 19_579_800), "EUR": (7, 8)}
    paid = sum(b["usd_minor"] for b in balances if b["account"] == "cash")
    assert paid == (await get(api, "/v1/funds/SHERLOC-MNT"))["paid_usd_minor"]
    assert sum(b["usd_minor"] for b in balances) == 0


async def test_report_as_of_a_moment_does_not_change(api: Client) -> None:
    await pledged(api)
    moment = (await get(api, "/v1/ledger/balances"))["as_of"].replace("+", "%2B")
    before = await get(api, f"/v1/ledger/balances?as_of={moment}")
    await pledged(api)

    assert before["final"]
    assert (await get(api, f"/v1/ledger/balances?as_of={moment}")) == before
    assert (await get(api, "/v1/ledger/balances"))["balances"] != before["balances"]


@pytest.mark.parametrize("as_of", ["2026-11-25T12:00:00", "0001-01-01T00:00:00%2B23:00", "9999-12-31T23:59:59-23:00"])
async def test_as_of_outside_utc_range_is_rejected(api: Client, as_of: str) -> None:
    answer = await api.get(f"/v1/ledger/balances?as_of={as_of}", headers=headers(FINANCE))

    assert (answer.status_code, answer.json()["slug"]) == (400, "invalid-field")


async def test_rates_are_paged_and_reloaded_without_change(api: Client) -> None:
    await post(api, "/v1/rates", FINANCE, rates=RATES)
    seen: list[dict[str, str]] = []
    path = "/v1/rates?limit=7"
    while path:
        page = await get(api, path, NORWAY)
        seen += page["rates"]
        path = f"/v1/rates?limit=7&cursor={page['cursor']}" if page["cursor"] else ""

    order = [(rate["valid_from"], rate["currency"]) for rate in seen]
    assert order == sorted(order, reverse=True)
    assert len(seen) == len(RATES)
    assert [None] == list({r.pop("loaded_by") for r in seen} | {r.pop("rate_table_id") for r in seen}), (
        "the table and its loader are not shown to donors"
    )
    assert {tuple(sorted(r.items())) for r in seen} == {tuple(sorted(r.items())) for r in RATES}


@pytest.mark.parametrize(
    ("path", "key", "make"),
    [
        ("/v1/pledges", "pledge_id", lambda api: pledged(api)),
        ("/v1/allocations", "allocation_id", lambda api: post(
            api, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(1), work_package="training")),
        ("/v1/ledger/entries", "entry_id", lambda api: pledged(api)),
        ("/v1/funds", "code", lambda api: post(api, "/v1/funds", FINANCE, **a_fund(f"F-{uuid4().hex[:8].upper()}"))),
    ],
)  # fmt: skip
async def test_every_list_is_paged_completely(
    api: Client, path: str, key: str, make: Callable[[Client], Awaitable[Any]]
) -> None:
    await funded(api, 100)
    for _ in range(5):
        await make(api)
    seen: list[str] = []
    following = f"{path}?limit=2"
    while following:
        page = await get(api, following)
        seen += [row[key] for row in next(rows for rows in page.values() if isinstance(rows, list))]
        following = f"{path}?limit=2&cursor={page['cursor']}" if page["cursor"] else ""

    everything = await get(api, f"{path}?limit=100")
    assert seen == [row[key] for row in next(rows for rows in everything.values() if isinstance(rows, list))]
    assert len(seen) == len(set(seen)) >= 5


# -- authorization ----------------------------------------------------------------------------------------------------


async def test_donor_sees_own_pledges_and_all_totals(api: Client) -> None:
    ours, theirs = await pledged(api, NORWAY), await pledged(api, GERMANY)

    listed = (await get(api, "/v1/pledges", NORWAY))["pledges"]
    assert [pledge["pledge_id"] for pledge in listed] == [ours["pledge_id"]]
    hidden = await api.get(f"/v1/pledges/{theirs['pledge_id']}", headers=headers(NORWAY))
    nothing = await api.get(f"/v1/pledges/{uuid4()}", headers=headers(NORWAY))
    assert hidden.status_code == nothing.status_code == 404
    assert {**hidden.json(), "correlation_id": ""} == {**nothing.json(), "correlation_id": ""}
    assert {entry["donor"] for entry in (await get(api, "/v1/ledger/entries", NORWAY))["entries"]} == {"NOR"}
    assert (await get(api, f"/v1/pledges?donor=DEU&fund={theirs['fund']}", NORWAY))["pledges"] == []
    assert (await get(api, "/v1/funds/SHERLOC-MNT", NORWAY))["pledged_usd_minor"] == 2_300_000
    withdrawal = await api.post(
        f"/v1/pledges/{theirs['pledge_id']}/withdraw", json={}, headers=headers(NORWAY, revision=1)
    )
    assert withdrawal.status_code == 404
    refused = await api.get("/v1/ledger/balances", headers=headers(NORWAY))
    assert (refused.status_code, refused.json()["slug"]) == (403, "not-for-your-role")


@pytest.mark.parametrize(
    ("path", "body", "by"),
    [
        ("/v1/funds", a_fund("NEW-FUND"), "NOR:finance_officer"),
        ("/v1/funds", a_fund("NEW-FUND"), "UNODC:coordinator"),
        ("/v1/rates", {"rates": RATES[:1]}, NORWAY),
        ("/v1/pledges", a_pledge(), FINANCE),
        ("/v1/pledges", a_pledge(), "KEN:focal_point"),
        ("/v1/allocations", {"fund": "SHERLOC-MNT", "money": usd(1), "work_package": "training"}, NORWAY),
        ("/v1/allocations", {"fund": "SHERLOC-MNT", "money": usd(1), "work_package": "training"}, "UNODC:coordinator"),
    ],
)
async def test_action_outside_role_is_forbidden(api: Client, path: str, body: dict[str, Any], by: str) -> None:
    answer = await api.post(path, json=body, headers=headers(by))

    assert (answer.status_code, answer.json()["slug"]) == (403, "not-for-your-role")


async def test_donor_cannot_commit_and_finance_cannot_withdraw(api: Client) -> None:
    path = f"/v1/pledges/{(await pledged(api))['pledge_id']}"
    for move, body, by in (
        ("commit", {"committed_on": "2026-03-05"}, NORWAY),
        ("receive", {"money": eur(1), "received_on": "2026-03-05"}, NORWAY),
        ("withdraw", {}, FINANCE),
    ):
        answer = await api.post(f"{path}/{move}", json=body, headers=headers(by, revision=1))
        assert (answer.status_code, answer.json()["slug"]) == (403, "not-for-your-role"), move


# -- refusals, repeats, stale revisions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "status", "slug"),
    [
        ("/v1/pledges", a_pledge(money={"minor": 10**30, "currency": "EUR"}), 400, "number-out-of-range"),
        ("/v1/pledges", a_pledge(money={"minor": "NaN", "currency": "EUR"}), 400, "invalid-field"),
        ("/v1/pledges", a_pledge(money={"minor": 1.5, "currency": "EUR"}), 400, "invalid-field"),
        ("/v1/pledges", a_pledge(money={"minor": -1, "currency": "EUR"}), 400, "number-out-of-range"),
        ("/v1/pledges", a_pledge(money=eur(0)), 400, "amount-zero"),
        ("/v1/pledges", a_pledge(money={"minor": 1, "currency": "XXX"}), 400, "unknown-code"),
        ("/v1/pledges", a_pledge(fund="NO-FUND"), 400, "unknown-code"),
        ("/v1/pledges", a_pledge(donor="DEU"), 400, "unknown-field"),
        ("/v1/pledges", a_pledge(pledged_on="2026-13-01"), 400, "invalid-field"),
        ("/v1/pledges", a_pledge(money={"minor": 1, "currency": "KWD"}, pledged_on="2025-12-31"), 422, "rate-not-in-force"),
        ("/v1/pledges", a_pledge(money={"minor": 10**15, "currency": "EUR"}), 400, "number-out-of-range"),
        ("/v1/funds", a_fund(), 409, "fund-open-already"),
        ("/v1/funds", {**a_fund("F-1"), "requirements": [{"year": 2027, "money": eur(1)}]}, 422, "fund-currency"),
        ("/v1/funds", {**a_fund("F-1"), "requirements": [{"year": 2027, "money": usd(1)}] * 2}, 400, "year-repeated"),
        ("/v1/funds", {**a_fund("F-1"), "labels": {"en": "x"}}, 400, "missing-field"),
        ("/v1/rates", {"rates": [{**RATES[0], "usd_per_unit": "NaN"}]}, 400, "rate-not-positive"),
        ("/v1/rates", {"rates": [{**RATES[0], "usd_per_unit": "0"}]}, 400, "rate-not-positive"),
        ("/v1/rates", {"rates": [{**RATES[0], "usd_per_unit": 1.15}]}, 400, "invalid-field"),
        ("/v1/rates", {"rates": [{**RATES[0], "usd_per_unit": "1.16"}]}, 409, "rate-differs"),
        ("/v1/rates", {"rates": [{**RATES[-1], "valid_from": "2027-01-01", "usd_per_unit": "2"}]}, 409, "rate-differs"),
        ("/v1/rates", {"rates": [{**RATES[0], "currency": "XXX"}]}, 400, "unknown-code"),
        ("/v1/rates", {"rates": []}, 400, "invalid-field"),
        ("/v1/allocations", {"fund": "SHERLOC-MNT", "money": usd(1)}, 400, "one-purpose"),
        ("/v1/allocations", {"fund": "SHERLOC-MNT", "money": usd(1), "work_package": "training",
                             "requirement_id": str(uuid4())}, 400, "one-purpose"),
        ("/v1/allocations", {"fund": "SHERLOC-MNT", "money": eur(1), "work_package": "training"}, 422, "fund-currency"),
        ("/v1/allocations", {"fund": "SHERLOC-MNT", "money": usd(0), "work_package": "training"}, 400, "amount-zero"),
        ("/v1/allocations", {"fund": "SHERLOC-MNT", "money": usd(1), "work_package": "party"}, 400, "unknown-code"),
        ("/v1/allocations", {"fund": "TA-REQUESTS", "money": usd(1), "work_package": "training"},
         422, "work-package-of-sherloc"),
        ("/v1/allocations", {"fund": "SHERLOC-MNT", "money": usd(1), "requirement_id": str(uuid4())}, 404, "not-found"),
        ("/v1/allocations", {"fund": "SHERLOC-MNT", "money": usd(1), "work_package": "training"},
         409, "balance-exceeded"),
    ],
)  # fmt: skip
async def test_invalid_request_is_rejected_without_changes(
    api: Client, databases: Mapping[str, Database], path: str, body: dict[str, Any], status: int, slug: str
) -> None:
    before = await unchanged(databases["pledges"])
    answer = await api.post(path, json=body, headers=headers(NORWAY if path == "/v1/pledges" else FINANCE))

    assert (answer.status_code, answer.json()["slug"]) == (status, slug), answer.text
    assert await unchanged(databases["pledges"]) == before


async def test_repeated_idempotency_key_moves_money_once(api: Client, databases: Mapping[str, Database]) -> None:
    pledge = await committed(api)
    body: dict[str, Any] = {"money": eur(100), "received_on": "2026-04-20"}
    given = headers(FINANCE, key="k" * 8, revision=2)
    path = f"/v1/pledges/{pledge['pledge_id']}/receive"
    answers = [await api.post(path, json=body, headers=given) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.text for answer in answers}) == 1
    assert (await get(api, "/v1/funds/SHERLOC-MNT"))["paid_usd_minor"] == 115
    other = await api.post(path, json=body | {"money": eur(200)}, headers=given)
    assert (other.status_code, other.json()["slug"]) == (422, "idempotency-key-reused")
    for path, body, by in (
        ("/v1/pledges", a_pledge(), NORWAY),
        ("/v1/funds", a_fund("F-1"), FINANCE),
        ("/v1/rates", {"rates": RATES[:1]}, FINANCE),
        ("/v1/allocations", {"fund": "SHERLOC-MNT", "money": usd(1), "work_package": "training"}, FINANCE),
    ):
        given = headers(by, key="j" * 8)
        before = await unchanged(databases["pledges"])
        first = await api.post(path, json=body, headers=given)
        once = await unchanged(databases["pledges"])
        again = await api.post(path, json=body, headers=given)
        assert (first.status_code, again.status_code) == (201, 201), first.text
        assert first.text == again.text
        assert before != once == await unchanged(databases["pledges"])


async def test_stale_revision_is_rejected(api: Client) -> None:
    pledge = await committed(api)
    path = f"/v1/pledges/{pledge['pledge_id']}/receive"
    body = {"money": eur(100), "received_on": "2026-04-20"}

    stale = await api.post(path, json=body, headers=headers(FINANCE, revision=1))
    missing = await api.post(path, json=body, headers=headers(FINANCE))

    assert (stale.status_code, stale.json()["slug"]) == (412, "revision-stale")
    assert (missing.status_code, missing.json()["slug"]) == (428, "if-match-missing")
    assert (await get(api, "/v1/funds/SHERLOC-MNT"))["paid_usd_minor"] == 0


async def test_invalid_transitions_are_rejected(api: Client) -> None:
    pledge = await committed(api)
    path = f"/v1/pledges/{pledge['pledge_id']}"
    for move, body, by, status, slug in (
        ("commit", {"committed_on": "2026-03-05"}, FINANCE, 409, "pledge-status"),
        ("withdraw", {}, NORWAY, 409, "pledge-status"),
        ("receive", {"money": eur(10_000_01), "received_on": "2026-04-20"}, FINANCE, 409, "pledge-exceeded"),
        ("receive", {"money": usd(1), "received_on": "2026-04-20"}, FINANCE, 422, "currency-differs"),
        ("receive", {"money": eur(1), "received_on": "2026-03-04"}, FINANCE, 400, "dates-reversed"),
        ("receive", {"money": eur(1), "received_on": "2097-03-04"}, FINANCE, 422, "rate-not-in-force"),
    ):
        answer = await api.post(f"{path}/{move}", json=body, headers=headers(by, revision=2))
        assert (answer.status_code, answer.json()["slug"]) == (status, slug), move


async def test_fact_has_hash_of_note_only(api: Client, databases: Mapping[str, Database]) -> None:
    pledge = await pledged(api, note="Canary-note")

    assert pledge["note"] == "Canary-note"
    async with databases["pledges"].transaction() as tx:
        events = [row["event"] for row in await tx.fetch("SELECT event FROM journal")]
    assert not any("Canary" in event or "Fictitious sample" in event for event in events)
