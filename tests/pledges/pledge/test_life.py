"""Pledges after they are made, their allocations, and fiscal years."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from chassis.db.database import Database
from tests.builders import headers
from tests.pledges.steps import (
    FINANCE,
    LAST_YEAR,
    NORWAY,
    SECOND,
    Client,
    a_fund,
    agreed,
    approve,
    committed,
    entry_of,
    eur,
    fund,
    funded,
    get,
    move,
    part,
    pledge_of,
    pledged,
    post,
    receive,
    refused,
    usd,
)

# -- agreements -------------------------------------------------------------------------------------------------------


async def test_agreement_shows_conditional_and_late_instalments(api: Client) -> None:
    pledge = await agreed(
        api, 1000, part(300, "2026-06-01", "report_accepted"), part(500, "2026-03-10"), part(200, "2126-01-01")
    )
    assert [(one["number"], one["minor"], one["open_minor"], one["late"]) for one in pledge["instalments"]] == [
        (1, 500, 500, True),
        (2, 300, 0, False),
        (3, 200, 200, False),
    ]
    assert (pledge["agreement"], pledge["conditional"], pledge["outstanding"]) == ("NOR/2026/114", usd(300), usd(700))
    assert (await fund(api))["pledged"] == 0
    assert (await fund(api))["committed"] == 700

    pledge = await receive(api, pledge, usd(600))
    assert [one["open_minor"] for one in pledge["instalments"]] == [0, 0, 100]
    pledge = await move(api, pledge, "meet-condition", instalment=2, met_on="2026-05-02")
    assert [(one["open_minor"], one["met_on"]) for one in pledge["instalments"]] == [
        (0, None), (200, "2026-05-02"), (200, None),
    ]  # fmt: skip
    assert (await fund(api))["committed"] == 1000


async def test_amount_that_arrived_is_not_charged_again(api: Client) -> None:
    """Of 1,000.00 paid, the bank keeps 25.00: whoever enters the 975.00 that arrived as paid is refused."""
    pledge = await agreed(api, 1000_00)
    path, day = f"/v1/pledges/{pledge['pledge_id']}/receive", {"received_on": "2026-04-20"}
    charged = {"charges_minor": 25_00, **day}

    assert (400, "charges-disagree") == await refused(api, path, revision=2, money=usd(975_00), **charged)
    taken_twice = charged | {"arrived_minor": 975_00}
    assert (400, "charges-disagree") == await refused(api, path, revision=2, money=usd(975_00), **taken_twice)
    without = {"arrived_minor": 975_00, **day}
    assert (400, "charges-disagree") == await refused(api, path, revision=2, money=usd(1000_00), **without)
    await move(api, pledge, "receive", money=usd(1000_00), arrived_minor=975_00, **charged)

    now = await fund(api)
    assert (1000_00, 25_00, 975_00) == (now["paid"], now["bank_charges"], now["available"])


async def test_cash_in_other_currency_settles_less_bank_charges(api: Client) -> None:
    pledge = await agreed(api, 1000_00)
    path = f"/v1/pledges/{pledge['pledge_id']}/receive"
    body = {"money": eur(900_00), "received_on": "2026-04-20", "charges_minor": 10_00, "arrived_minor": 890_00}
    assert await refused(api, path, revision=2, **body) == (422, "currency-differs")
    assert await refused(api, path, revision=2, **body | {"money": usd(900_00), "settles": usd(1000_00)}) == (
        400,
        "settles-needless",
    )

    pledge = await move(api, pledge, "receive", settles=usd(1000_00), **body)

    assert (pledge["status"], pledge["received"], pledge["received_usd_minor"]) == ("received", usd(1000_00), 1035_00)
    now = await fund(api)
    assert (now["paid"], now["bank_charges"], now["available"]) == (1035_00, 11_50, 1023_50)


@pytest.mark.parametrize(
    ("changes", "status", "slug"),
    [
        ({"instalments": [part(999, "2026-04-01")]}, 422, "schedule-is-not-the-whole"),
        ({"instalments": [part(1000, "2026-03-04")]}, 400, "dates-reversed"),
        ({"instalments": [part(0, "2026-04-01")]}, 400, "number-out-of-range"),
        ({"instalments": [part(1, "2026-04-01")] * 61}, 400, "invalid-field"),
        ({"agreement": "with words"}, 400, "invalid-field"),
        ({"agreement": "NOR/1\n"}, 400, "invalid-field"),
    ],
)
async def test_invalid_agreement_is_rejected(api: Client, changes: dict[str, Any], status: int, slug: str) -> None:
    made = await pledged(api, money=usd(1000))
    path = f"/v1/pledges/{made['pledge_id']}/commit"

    assert await refused(api, path, revision=1, committed_on="2026-03-05", **changes) == (status, slug)


# -- reductions and ends -----------------------------------------------------------------------------------------------


async def test_open_pledge_is_reduced_and_lapses(api: Client) -> None:
    pledge = await pledged(api)
    pledge = await move(api, pledge, "reduce", money=eur(4_000_00), reason="donor_budget")
    assert (pledge["money"], (await fund(api))["pledged"]) == (eur(6_000_00), 690_000)
    pledge = await move(api, pledge, "lapse")
    assert (pledge["status"], (await fund(api))["pledged"]) == ("lapsed", 0)


async def test_paid_pledge_is_closed(api: Client) -> None:
    pledge = await move(api, await receive(api, await agreed(api, 100), usd(100)), "close")

    assert pledge["status"] == "closed"
    path = f"/v1/pledges/{pledge['pledge_id']}"
    assert await refused(api, f"{path}/refund", revision=4, money=usd(1), reason="not_used") == (409, "pledge-status")


async def test_unused_money_is_carried_over(api: Client) -> None:
    pledge = await receive(api, await agreed(api, 1000), usd(1000))
    path = f"/v1/pledges/{pledge['pledge_id']}/carry-over"
    assert await refused(api, path, revision=3, to_fund="SHERLOC-MNT", money=usd(1)) == (400, "same-fund")
    assert await refused(api, path, revision=3, to_fund="NO-FUND", money=usd(1)) == (400, "unknown-code")
    assert await refused(api, path, revision=3, to_fund="TA-REQUESTS", money=usd(1001)) == (409, "carry-over-exceeds")

    moved = await move(api, pledge, "carry-over", to_fund="TA-REQUESTS", money=usd(400))

    assert (moved["revision"], moved["carried_over_usd_minor"], moved["refunded"]) == (5, 400, usd(0))
    assert moved["received"] == usd(1000), "the money counts as received, wherever it is used"
    assert [(await fund(api, code))["available"] for code in ("SHERLOC-MNT", "TA-REQUESTS")] == [600, 400]
    await post(api, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(600), work_package="training")
    assert await refused(api, path, revision=5, to_fund="TA-REQUESTS", money=usd(1)) == (409, "balance-exceeded")


# -- two people -------------------------------------------------------------------------------------------------------


async def test_write_off_takes_two_people(api: Client) -> None:
    pledge = await receive(api, await agreed(api, 1000), usd(400))
    proposal = await move(api, pledge, "write-off", reason="not_expected")
    assert (proposal["status"], (await pledge_of(api, pledge))["outstanding"]) == ("open", usd(600))
    path = f"/v1/proposals/{proposal['proposal_id']}/approve"
    assert await refused(api, path, FINANCE, revision=1) == (403, "own-proposal")
    assert await refused(api, path, "UNODC:coordinator", revision=1) == (403, "not-for-your-role")
    assert await refused(api, path, NORWAY, revision=1) == (404, "not-found")
    again = f"/v1/pledges/{pledge['pledge_id']}/write-off"
    assert await refused(api, again, revision=3, reason="not_expected") == (409, "proposed-already")

    assert (await approve(api, proposal))["status"] == "approved"

    after = await pledge_of(api, pledge)
    assert (after["status"], after["outstanding"], after["written_off"]) == ("received", usd(0), usd(600))
    now = await fund(api)
    assert (now["committed"], now["written_off"], now["gap"]) == (1000, 600, 62_000_000 - 400)
    assert await refused(api, path, SECOND, revision=2) == (409, "proposal-decided")


async def test_refund_takes_two_people_and_is_limited_by_balance(api: Client) -> None:
    pledge = await receive(api, await committed(api), eur(10_000_00))
    proposal = await move(api, pledge, "refund", money=eur(2_000_00), reason="not_used", refunded_on="2026-05-02")
    await approve(api, proposal)
    now = await fund(api)
    assert (now["refunded"], now["available"]) == (230_000, 920_000)

    pledge = await pledge_of(api, pledge)
    assert (pledge["refunded"], pledge["refunded_usd_minor"], pledge["received"]) == (
        eur(2_000_00),
        230_000,
        eur(10_000_00),
    )
    assert pledge["carried_over_usd_minor"] == 0
    proposal = await move(api, pledge, "refund", money=eur(5_000_00), reason="not_used", refunded_on="2026-05-02")
    await post(api, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(800_000), work_package="training")
    path = f"/v1/proposals/{proposal['proposal_id']}/approve"
    assert await refused(api, path, SECOND, revision=1) == (409, "balance-exceeded")
    assert (await get(api, f"/v1/proposals/{proposal['proposal_id']}"))["status"] == "open"


async def test_stale_write_off_proposal_is_rejected(api: Client) -> None:
    pledge = await agreed(api, 1000, part(600, "2026-04-01"), part(400, "2026-06-01", "report_accepted"))
    proposal = await move(api, pledge, "write-off", reason="not_expected")
    await move(api, pledge, "meet-condition", instalment=2, met_on="2026-05-02")
    path = f"/v1/proposals/{proposal['proposal_id']}/approve"

    assert await refused(api, path, SECOND, revision=1) == (409, "proposal-outdated")


async def test_concurrent_condition_met_runs_once(api: Client) -> None:
    """The later transaction waits, and then reads what the other has written, instalments included."""
    body = {"instalment": 1, "met_on": "2026-05-02"}
    for tries in range(1, 9):
        pledge = await agreed(api, 900, *(part(300, f"2026-0{month}-01", "report_accepted") for month in (4, 5, 6)))
        path = f"/v1/pledges/{pledge['pledge_id']}/meet-condition"
        both = [api.post(path, json=body, headers=headers(FINANCE, revision=revision)) for revision in (2, 3)]
        answers = await asyncio.gather(*both)
        assert [answer.status_code for answer in answers].count(200) == 1
        assert (await fund(api))["committed"] == 300 * tries


async def test_future_value_date_is_rejected(api: Client) -> None:
    pledge = await agreed(api, 1000)
    path = f"/v1/pledges/{pledge['pledge_id']}/receive"

    assert await refused(api, path, revision=2, money=usd(1), received_on="2126-01-01") == (400, "date-ahead")


async def test_own_proposal_can_be_withdrawn(api: Client) -> None:
    pledge = await agreed(api, 1000)
    proposal = await move(api, pledge, "write-off", reason="not_expected")
    path = f"/v1/proposals/{proposal['proposal_id']}/refuse"

    assert (await post(api, path, FINANCE, revision=1))["status"] == "refused"
    assert (await pledge_of(api, pledge))["status"] == "committed"
    assert [one["status"] for one in (await get(api, "/v1/proposals?status=open"))["proposals"]] == []


async def test_concurrent_reversal_approvals_reverse_once(api: Client) -> None:
    pledge = await receive(api, await committed(api, basis_points=1300), eur(10_000_00))
    entry = await entry_of(api, "received")
    body = {"entry_id": entry["entry_id"], "reason": "payment_returned"}
    proposal = await post(api, "/v1/ledger/reversals", FINANCE, **body)
    path = f"/v1/proposals/{proposal['proposal_id']}/approve"
    answers = await asyncio.gather(*(api.post(path, json={}, headers=headers(SECOND, revision=1)) for _ in range(5)))

    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]
    reversal = await entry_of(api, "reversed")
    assert reversal["reverses"] == entry["entry_id"]
    assert [(p["account"], p["minor"]) for p in reversal["postings"]] == [
        (p["account"], -p["minor"]) for p in entry["postings"]
    ]
    after = await pledge_of(api, pledge)
    assert (after["status"], after["received"], after["outstanding"]) == ("committed", eur(0), eur(10_000_00))
    now = await fund(api)
    assert (now["paid"], now["available"], now["programme_support"]) == (0, 0, 0)
    assert await refused(api, "/v1/ledger/reversals", **body) == (409, "entry-not-reversible")


async def test_concurrent_equal_proposals_yield_one(api: Client) -> None:
    await receive(api, await committed(api), eur(10_000_00))
    body = {"entry_id": (await entry_of(api, "received"))["entry_id"], "reason": "recorded_wrongly"}
    asking = [api.post("/v1/ledger/reversals", json=body, headers=headers(FINANCE)) for _ in range(8)]
    answers = await asyncio.gather(*asking)

    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]


async def test_irreversible_entries_are_rejected(api: Client) -> None:
    await pledged(api)
    entry = await entry_of(api, "pledged")
    body = {"reason": "recorded_wrongly"}

    assert await refused(api, "/v1/ledger/reversals", entry_id=entry["entry_id"], **body) == (
        409,
        "entry-not-reversible",
    )
    assert await refused(api, "/v1/ledger/reversals", entry_id=str(uuid4()), **body) == (404, "not-found")
    assert await refused(api, "/v1/ledger/reversals", entry_id=entry["entry_id"], reason="not_used") == (
        400,
        "unknown-code",
    )


async def test_spending_and_allocation_can_be_reversed(api: Client) -> None:
    await funded(api, 1000)
    body = {"fund": "SHERLOC-MNT", "money": usd(600), "work_package": "translation"}
    made = await post(api, "/v1/allocations", FINANCE, **body)
    path = f"/v1/allocations/{made['allocation_id']}/spend"
    spent = await post(api, path, FINANCE, revision=1, money=usd(250))
    assert (spent["spent_usd_minor"], spent["revision"]) == (250, 2)
    assert await refused(api, path, revision=2, money=usd(351)) == (409, "allocation-exceeded")
    assert await refused(api, path, "UNODC:coordinator", revision=2, money=usd(1)) == (403, "not-for-your-role")
    now = await fund(api)
    assert (now["allocated"], now["spent"], now["available"]) == (600, 250, 400)

    allocated, spending = await entry_of(api, "allocated"), await entry_of(api, "spent")
    for entry, slug in ((allocated, "allocation-spent"), (spending, None), (allocated, None)):
        again = {"entry_id": entry["entry_id"], "reason": "recorded_wrongly"}
        if slug:
            assert await refused(api, "/v1/ledger/reversals", **again) == (409, slug)
        else:
            await approve(api, await post(api, "/v1/ledger/reversals", FINANCE, **again))
    now = await fund(api)
    assert (now["allocated"], now["spent"], now["available"]) == (0, 0, 1000)


async def test_returned_allocation_keeps_spent_money(api: Client) -> None:
    await funded(api, 1000)
    made = await post(api, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(600), work_package="translation")
    path = f"/v1/allocations/{made['allocation_id']}"
    await post(api, f"{path}/spend", FINANCE, revision=1, money=usd(250))
    long_ago = {"returned_on": "2026-01-01", "revision": 2}
    assert await refused(api, f"{path}/return", **long_ago) == (400, "dates-reversed")
    assert await refused(api, f"{path}/return", "UNODC:coordinator", revision=2) == (403, "not-for-your-role")
    assert await refused(api, f"{path}/return", revision=1) == (412, "revision-stale")

    returned = await post(api, f"{path}/return", FINANCE, revision=2)

    assert (returned["status"], returned["spent_usd_minor"], returned["revision"]) == ("returned", 250, 3)
    shown = await get(api, "/v1/funds/SHERLOC-MNT")
    assert (shown["allocated_usd_minor"], shown["spent_usd_minor"], shown["available_usd_minor"]) == (250, 250, 750)
    (package,) = (one for one in shown["work_packages"] if one["work_package"] == "translation")
    assert (package["allocated_usd_minor"], package["spent_usd_minor"]) == (250, 250)
    entry = await entry_of(api, "returned")
    assert entry["reverses"] == (await entry_of(api, "allocated"))["entry_id"]
    for name, body in (("return", {}), ("spend", {"money": usd(1)})):
        assert await refused(api, f"{path}/{name}", revision=3, **body) == (409, "allocation-returned")
    used_up = await post(api, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(9), work_package="training")
    path = f"/v1/allocations/{used_up['allocation_id']}"
    await post(api, f"{path}/spend", FINANCE, revision=1, money=usd(9))
    assert await refused(api, f"{path}/return", revision=2) == (409, "allocation-exceeded")


async def test_fund_shows_requirement_and_allocation_by_work_package(api: Client) -> None:
    needs = [
        {"year": year, "money": usd(amount), "work_package": package}
        for year, package, amount in ((2027, "translation", 500), (2028, "translation", 100), (2027, "training", 50))
    ]
    body = a_fund("SHERLOC-NEW") | {"requirements": needs}
    assert await refused(api, "/v1/funds", **body | {"code": "TA-NEW"}) == (422, "work-package-of-sherloc")
    assert await refused(api, "/v1/funds", **body | {"requirements": [*needs, needs[0]]}) == (400, "year-repeated")
    unknown = [needs[0] | {"work_package": "party"}]
    assert await refused(api, "/v1/funds", **body | {"requirements": unknown}) == (400, "unknown-code")
    await post(api, "/v1/funds", FINANCE, **body)
    await funded(api, 1000, "SHERLOC-NEW")
    await post(api, "/v1/allocations", FINANCE, fund="SHERLOC-NEW", money=usd(450), work_package="translation")

    shown = await get(api, "/v1/funds/SHERLOC-NEW")

    assert shown["requirement_usd_minor"] == 650
    assert [tuple(one.values()) for one in shown["work_packages"]] == [
        ("training", None, 50, 0, 0, 50),
        ("translation", None, 600, 450, 0, 150),
    ]


# -- years ------------------------------------------------------------------------------------------------------------


async def test_year_is_closed_by_checklist_and_reopened_by_two_people(api: Client) -> None:
    made = await pledged(api, money=usd(1000), pledged_on=f"{LAST_YEAR}-02-01")
    pledge = await move(
        api, made, "commit", committed_on=f"{LAST_YEAR}-03-01", support_cost_basis_points=0, instalments=[]
    )
    pledge = await move(api, pledge, "receive", money=usd(400), received_on=f"{LAST_YEAR}-04-01")
    proposal = await move(api, pledge, "write-off", reason="not_expected", written_off_on=f"{LAST_YEAR}-12-31")
    path = f"/v1/ledger/periods/{LAST_YEAR}"
    missing = [one["check"] for one in (await get(api, path))["checklist"] if not one["met"]]
    assert missing == ["nothing_proposed"]
    assert await refused(api, f"{path}/close") == (409, "period-not-ready")
    assert await refused(api, f"/v1/ledger/periods/{LAST_YEAR + 1}/close") == (409, "period-not-ready")
    await post(api, f"/v1/proposals/{proposal['proposal_id']}/refuse", SECOND, revision=1)

    closed = await post(api, f"{path}/close", FINANCE)

    assert closed["period"]["status"] == "closed"
    assert {one["fund"]: one["usd_minor"] for one in closed["period"]["carried_forward"]}["SHERLOC-MNT"] == 400
    late = {"money": usd(100), "received_on": f"{LAST_YEAR}-12-31"}
    receiving = f"/v1/pledges/{pledge['pledge_id']}/receive"
    assert await refused(api, receiving, revision=3, **late) == (409, "period-closed")
    assert await refused(api, f"{path}/close") == (409, "period-not-ready")
    assert await refused(api, f"/v1/ledger/periods/{LAST_YEAR - 1}/reopen", reason="audit_finding") == (
        409,
        "period-not-last",
    )

    proposal = await post(api, f"{path}/reopen", FINANCE, reason="audit_finding")
    await approve(api, proposal)
    assert (await get(api, path))["period"]["status"] == "reopened"
    await move(api, pledge, "receive", **late)
    assert (await post(api, f"{path}/close", FINANCE))["period"]["revision"] == 3


async def test_correction_of_closed_year_takes_effect_in_open_year(api: Client) -> None:
    made = await pledged(api, money=usd(1000), pledged_on=f"{LAST_YEAR}-02-01")
    pledge = await move(api, made, "commit", committed_on=f"{LAST_YEAR}-03-01")
    await move(api, pledge, "receive", money=usd(1000), received_on=f"{LAST_YEAR}-04-01")
    entry = await entry_of(api, "received")
    body = {"entry_id": entry["entry_id"], "reason": "recorded_wrongly"}
    await post(api, f"/v1/ledger/periods/{LAST_YEAR}/close", FINANCE)

    proposal = await post(api, "/v1/ledger/reversals", FINANCE, **body, reversed_on=f"{LAST_YEAR}-04-01")
    await approve(api, proposal)

    assert (await entry_of(api, "reversed"))["effective_on"] == f"{LAST_YEAR + 1}-01-01"


async def test_no_entry_is_posted_while_year_is_closing(api: Client, databases: Mapping[str, Database]) -> None:
    closing = api.post(f"/v1/ledger/periods/{LAST_YEAR}/close", json={}, headers=headers(FINANCE))
    body = {"fund": "SHERLOC-MNT", "money": usd(1), "pledged_on": f"{LAST_YEAR}-02-01"}
    posting = [api.post("/v1/pledges", json=body, headers=headers(NORWAY)) for _ in range(20)]
    answers = await asyncio.gather(*posting[:10], closing, *posting[10:])

    made = sum(answer.status_code == 201 for answer in answers)
    assert answers[10].status_code == 200
    assert made + sum(answer.status_code == 409 for answer in answers) == 20
    async with databases["pledges"].transaction() as tx:
        assert made == await tx.fetchval("SELECT count(*) FROM entry")
        closed = await tx.fetchval("SELECT position FROM journal WHERE type = 'pledges.period.closed.v1'")
        assert not await tx.fetchval("SELECT count(*) FROM journal WHERE position > $1", closed)
