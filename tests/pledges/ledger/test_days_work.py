"""The work of a donor officer and of a finance officer, in order."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from chassis import clock
from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from contracts.facts import decode_event
from services.notifications.consumers import HANDLERS as TELLING
from services.notifications.wiring import SERVICE as NOTIFICATIONS
from services.pledges.consumers import HANDLERS
from services.pledges.wiring import remind_or_lapse
from tests.notifications.steps import notifications_of, subscribe
from tests.pledges.allocations.steps import lacking, shown
from tests.pledges.money.steps import load
from tests.pledges.pledge.steps import due
from tests.pledges.steps import (
    FINANCE,
    LAST_YEAR,
    NORWAY,
    Client,
    a_fund,
    approve,
    eur,
    fund,
    get,
    move,
    part,
    post,
    prepared,
    usd,
)
from tests.requests.steps import consent, opened

pytestmark = pytest.mark.all_schemas

ClientOf = Callable[..., Awaitable[Client]]


@pytest.fixture
def hears(databases: Mapping[str, Database]) -> Callable[[], Awaitable[None]]:
    """Function that delivers all facts of pledges to notifications."""
    inbox = Inbox(databases["notifications"], "notifications", NOTIFICATIONS.listens_to, TELLING)

    async def hear() -> None:
        async with databases["pledges"].transaction() as tx:
            rows = await tx.fetch("SELECT event FROM journal ORDER BY position")
        for row in rows:
            await inbox.receive(decode_event(row["event"]))

    return hear


async def test_donor_officer_pledges_to_a_requirement_and_follows_it(
    client_of: ClientOf, databases: Mapping[str, Database], hears: Callable[[], Awaitable[None]]
) -> None:
    api = await prepared(await client_of("requests", "pledges", "notifications"))
    await subscribe(api, NORWAY, channels=["inbox"])
    pledges = databases["pledges"]

    async def newest() -> dict[str, Any]:
        await hears()
        return (await notifications_of(api, NORWAY))[0]

    # The donor sees unfunded requirements of requests whose States consent to it.
    request = await consent(api, await opened(api), recipients=["NOR"])
    for one in (request, await opened(api)):
        await lacking(Inbox(pledges, "pledges", ["matching"], HANDLERS), one)
    (need,) = await shown(api)
    assert ("KEN", 250_000) == (need["state"], need["gap_usd_minor"])

    # The donor pledges for one of them; the answer states that this is not binding until signed.
    body = {"fund": "TA-REQUESTS", "money": usd(250_000), "pledged_on": "2026-02-12"}
    pledge = await post(api, "/v1/pledges", NORWAY, **body, requirement_id=need["requirement_id"])
    path = f"/v1/pledges/{pledge['pledge_id']}"
    assert ("pledged", "tightly_earmarked") == (pledge["status"], pledge["earmarking"])
    notice = await newest()
    assert (path, "pledges.pledge.pledged.v1") == (notice["link"], notice["notice"])
    assert "until an agreement is signed" in notice["text"]

    # UNODC records the signed agreement; the donor sees the reference, and the due dates.
    signed = {"committed_on": "2026-03-05", "agreement": "NOR/2026/114"}
    instalments = [part(100_000, "2026-04-01"), part(150_000, "2126-04-01")]
    await move(api, pledge, "commit", **signed, instalments=instalments)
    assert "pledges.pledge.committed.v1" == (await newest())["notice"]
    pledge = await get(api, path, NORWAY)
    assert ("NOR/2026/114", usd(250_000)) == (pledge["agreement"], pledge["outstanding"])

    # The first instalment is late: the donor is notified, finds it, and pays.
    await remind_or_lapse(pledges, 365, clock.now() + timedelta(days=2))
    notice = await newest()
    assert (path, "pledges.pledge.overdue.v1") == (notice["link"], notice["notice"])
    assert [pledge["pledge_id"]] == await due(api, by=NORWAY)
    pledge = await get(api, path, NORWAY)
    assert [(100_000, True), (150_000, False)] == [(one["open_minor"], one["late"]) for one in pledge["instalments"]]
    await move(api, pledge, "receive", money=usd(100_000), received_on="2026-04-20")
    assert [] == await due(api, by=NORWAY)

    # The donor's statement and flows agree.
    (promise,) = (await get(api, "/v1/statements/NOR/data", NORWAY))["pledges"]
    closing = {name: promise["closing"][name]["usd_minor"] for name in ("committed", "received", "outstanding")}
    assert {"committed": 250_000, "received": 100_000, "outstanding": 150_000} == closing
    flows = (await get(api, "/v1/flows?status=paid", NORWAY))["flows"]
    assert [(pledge["pledge_id"], 100_000)] == [(one["pledge_id"], one["usd_minor"]) for one in flows]


async def test_finance_officer_runs_a_fiscal_year_from_rates_to_closing(client_of: ClientOf) -> None:
    api = await client_of("pledges")

    def on(month: int, day: int = 2) -> str:
        return f"{LAST_YEAR}-{month:02}-{day:02}"

    # The rates of the year are loaded, and a fund is opened with its requirement.
    rates = "".join(f"EUR,{on(month, 1)},0.8\n" for month in range(1, 13))
    assert 201 == (await load(api, "currency,valid_from,units_per_usd\n" + rates)).status_code
    needs = [{"year": LAST_YEAR, "money": usd(20_000_00), "work_package": "training"}]
    await post(api, "/v1/funds", FINANCE, **a_fund() | {"requirements": needs})

    # A donor makes a pledge, and the agreement has the instalments.
    pledge = await post(api, "/v1/pledges", NORWAY, fund="SHERLOC-MNT", money=eur(10_000_00), pledged_on=on(2))
    instalments = [part(6_000_00, on(4)), part(4_000_00, on(10))]
    pledge = await move(api, pledge, "commit", committed_on=on(3), agreement="NOR/114", instalments=instalments)
    now = await fund(api)
    assert (12_500_00, 7_500_00 + 1_438_05) == (now["committed"], now["gap"])

    # The bank keeps ten euros of the first instalment; the second one is late.
    pledge = await move(
        api, pledge, "receive", money=eur(6_000_00), charges_minor=10_00, arrived_minor=5_990_00, received_on=on(4, 20)
    )
    now = await fund(api)
    assert (7_500_00, 862_83, 12_50) == (now["paid"], now["programme_support"], now["bank_charges"])
    assert 6_624_67 == now["available"]
    assert [pledge["pledge_id"]] == await due(api)
    assert [0, 4_000_00] == [one["open_minor"] for one in pledge["instalments"]]

    # The receipt is allocated to a work package, and part of it spent.
    aside = {"fund": "SHERLOC-MNT", "money": usd(5_000_00), "work_package": "training", "allocated_on": on(5)}
    made = await post(api, "/v1/allocations", FINANCE, **aside)
    spending = f"/v1/allocations/{made['allocation_id']}/spend"
    await post(api, spending, FINANCE, revision=1, money=usd(2_000_00), spent_on=on(6))
    now = await fund(api)
    assert (5_000_00, 2_000_00, 1_624_67) == (now["allocated"], now["spent"], now["available"])

    # The rest will not be paid: one finance officer proposes a write-off, which keeps the year open, and another
    # approves it.
    year = f"/v1/ledger/periods/{LAST_YEAR}"
    proposal = await move(api, pledge, "write-off", reason="not_expected", written_off_on=on(12, 31))
    missing = [one["check"] for one in (await get(api, year))["checklist"] if not one["met"]]
    assert ["nothing_proposed"] == missing
    assert "approved" == (await approve(api, proposal))["status"]
    assert (5_000_00, []) == ((await fund(api))["written_off"], await due(api))

    # The checklist is met, and the rest of the year is carried forward.
    assert all(one["met"] for one in (await get(api, year))["checklist"])
    closed = (await post(api, f"{year}/close", FINANCE))["period"]
    carried = [(one["fund"], one["usd_minor"]) for one in closed["carried_forward"]]
    assert ("closed", [("SHERLOC-MNT", 1_624_67)]) == (closed["status"], carried)
