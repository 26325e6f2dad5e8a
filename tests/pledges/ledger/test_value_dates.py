"""No money leaves a fund before its value date, whatever the current balance."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from chassis import clock
from chassis.db.database import Database
from chassis.journal.inbox import Inbox, Outcome
from contracts.matching import MatchConfirmed, MatchRevoked
from contracts.values import Money
from services.pledges.consumers import HANDLERS
from services.pledges.ledger.verify import verify
from tests.builders import an_event, headers
from tests.databases import connected
from tests.pledges.allocations.steps import PERIOD, a_match
from tests.pledges.steps import (
    FINANCE,
    SECOND,
    Client,
    agreed,
    approve,
    committed,
    entry_of,
    eur,
    get,
    move,
    part,
    pledge_of,
    post,
    receive,
    refused,
    usd,
)

FUND, ALLOCATIONS = "SHERLOC-MNT", "/v1/allocations"


async def test_allocation_or_return_before_receipt_date_is_rejected(api: Client) -> None:
    paid = await receive(api, await agreed(api, 1_000), usd(1_000))
    aside = {"fund": FUND, "money": usd(600), "work_package": "training"}
    early = await api.post(ALLOCATIONS, json={**aside, "allocated_on": "2026-04-19"}, headers=headers(FINANCE))
    assert (409, "balance-exceeded") == (early.status_code, early.json()["slug"])
    assert 0 == early.json()["details"]["available_usd_minor"]

    refund = await move(api, paid, "refund", money=usd(400), reason="not_used", refunded_on="2026-04-20")
    await post(api, ALLOCATIONS, FINANCE, **aside, allocated_on="2026-05-02")
    # The money was available in April, and was allocated in May.
    more = {**aside, "money": usd(401), "allocated_on": "2026-04-21"}
    assert (409, "balance-exceeded") == await refused(api, ALLOCATIONS, FINANCE, **more)
    await approve(api, refund)
    assert (409, "balance-exceeded") == await refused(api, ALLOCATIONS, FINANCE, **{**aside, "money": usd(1)})


async def test_receipt_of_tomorrow_cannot_be_allocated_today(api: Client) -> None:
    """East of Greenwich it is tomorrow already."""
    today = clock.now().date()
    tomorrow = (today + timedelta(days=1)).isoformat()
    pledge = await agreed(api, 1_000)
    await move(api, pledge, "receive", money=usd(1_000), received_on=tomorrow)
    aside = {"fund": FUND, "money": usd(600), "work_package": "training"}

    refused_today = await refused(api, ALLOCATIONS, FINANCE, **aside, allocated_on=today.isoformat())

    assert (409, "balance-exceeded") == refused_today
    await post(api, ALLOCATIONS, FINANCE, **aside, allocated_on=tomorrow)


async def test_reversed_spending_returns_no_earlier_than_its_reversal(
    api: Client, databases: Mapping[str, Database]
) -> None:
    await receive(api, await agreed(api, 1_000), usd(1_000))
    aside = {"fund": FUND, "money": usd(100), "work_package": "training", "allocated_on": "2026-05-02"}
    path = f"{ALLOCATIONS}/{(await post(api, ALLOCATIONS, FINANCE, **aside))['allocation_id']}"
    await post(api, f"{path}/spend", FINANCE, revision=1, money=usd(60), spent_on="2026-06-02")
    wrong = {"entry_id": (await entry_of(api, "spent"))["entry_id"], "reason": "recorded_wrongly"}
    await approve(api, await post(api, "/v1/ledger/reversals", FINANCE, **wrong, reversed_on="2026-07-02"))

    # Forty were left between the two days.
    for move_, body in (("return", {"returned_on": "2026-07-01"}),
                        ("spend", {"money": usd(41), "spent_on": "2026-06-20"})):  # fmt: skip
        assert (409, "allocation-exceeded") == await refused(api, f"{path}/{move_}", FINANCE, revision=3, **body)
    await post(api, f"{path}/spend", FINANCE, revision=3, money=usd(40), spent_on="2026-06-20")
    await post(api, f"{path}/return", FINANCE, revision=4, returned_on="2026-07-02")
    async with databases["pledges"].transaction() as tx:
        assert (await verify(tx)).findings == []


async def test_late_match_of_closed_year_takes_effect_in_next_year(
    api: Client, databases: Mapping[str, Database]
) -> None:
    """An allocation made between a revocation and its delivery is not returned before the allocation's own day."""
    inbox, match = Inbox(databases["pledges"], "pledges", ["matching"], HANDLERS), a_match()
    long_ago = datetime(2025, 12, 20, 12, tzinfo=UTC)
    needed = Money(minor=500, currency="USD")
    confirmed = MatchConfirmed(**match, capacity_period=PERIOD, confirmed_at=long_ago, funding_needed=needed)
    revoked = MatchRevoked(**match, reason="other", capacity_period=PERIOD, revoked_at=long_ago)
    await post(api, "/v1/ledger/periods/2025/close", FINANCE)
    await receive(api, await agreed(api, 1_000), usd(1_000))
    await inbox.receive(an_event(confirmed, 1, time=long_ago))
    (requirement,) = (await get(api, f"/v1/requirements?request={match['request_id']}"))["requirements"]
    aside = {"fund": FUND, "money": usd(500), "requirement_id": requirement["requirement_id"]}
    await post(api, ALLOCATIONS, FINANCE, **aside, allocated_on="2026-05-02")

    assert await inbox.receive(an_event(revoked, 2, time=long_ago)) is Outcome.APPLIED

    assert "2026-05-02" == (await entry_of(api, "returned"))["effective_on"]
    assert 1_000 == (await get(api, f"/v1/funds/{FUND}"))["available_usd_minor"]


async def test_receipt_with_allocated_money_cannot_be_reversed(api: Client) -> None:
    await receive(api, await agreed(api, 1_000), usd(1_000))
    aside = {"fund": FUND, "money": usd(600), "work_package": "training", "allocated_on": "2026-05-02"}
    made = await post(api, ALLOCATIONS, FINANCE, **aside)
    await post(api, f"{ALLOCATIONS}/{made['allocation_id']}/return", FINANCE, revision=1, returned_on="2026-06-02")
    body = {"entry_id": (await entry_of(api, "received"))["entry_id"], "reason": "recorded_wrongly"}
    for on, answer in (("2026-05-10", 409), ("2026-06-03", 200)):
        proposal = await post(api, "/v1/ledger/reversals", FINANCE, **body, reversed_on=on)
        path = f"/v1/proposals/{proposal['proposal_id']}"
        given = headers(SECOND, revision=1)
        assert answer == (await api.post(f"{path}/approve", json={}, headers=given)).status_code
        if answer == 409:
            await post(api, f"{path}/refuse", SECOND, revision=1)


async def test_final_refund_leaves_no_rounding(api: Client, databases: Mapping[str, Database]) -> None:
    one = await receive(api, await committed(api, basis_points=1300, money=usd(100)), usd(100))
    for _ in range(10):
        await approve(api, await move(api, one, "refund", money=usd(10), reason="not_used"))
        one = await pledge_of(api, one)
    fund = await get(api, f"/v1/funds/{FUND}")
    assert ("refunded", 0, 0) == (one["status"], fund["available_usd_minor"], fund["programme_support_usd_minor"])


async def test_write_off_drops_no_more_than_was_approved(api: Client) -> None:
    """The reduction of a conditional instalment is reversed between proposal and approval."""
    parts = [part(600, "2026-04-01"), part(400, "2026-06-01", "report_accepted")]
    one = await agreed(api, 1_000, *parts)
    one = await move(api, one, "reduce", money=usd(500), reason="donor_budget")
    wrong = await entry_of(api, "reduced")
    write_off = await move(api, one, "write-off", reason="not_expected")
    # No conditional instalment is left, so nothing else lapses.
    assert (usd(500), usd(0)) == (write_off["money"], write_off["conditional"])
    body = {"entry_id": wrong["entry_id"], "reason": "recorded_wrongly"}
    await approve(api, await post(api, "/v1/ledger/reversals", FINANCE, **body))
    one = await receive(api, await pledge_of(api, one), usd(100))

    path = f"/v1/proposals/{write_off['proposal_id']}/approve"
    assert (409, "proposal-outdated") == await refused(api, path, SECOND, revision=1)


async def test_carry_over_is_limited_by_receipts_less_charges(api: Client) -> None:
    await receive(api, await agreed(api, 1_000), usd(1_000))
    one = await agreed(api, 1_000)
    body = {"money": usd(1_000), "charges_minor": 900, "arrived_minor": 100, "received_on": "2026-04-20"}
    one = await move(api, one, "receive", **body)
    path = f"/v1/pledges/{one['pledge_id']}/carry-over"
    to = {"to_fund": "SHERLOC-DEV"}
    too_much = await refused(api, path, FINANCE, revision=one["revision"], money=usd(101), **to)
    assert (409, "carry-over-exceeds") == too_much
    await move(api, one, "carry-over", money=usd(100), **to)
    assert 1_000 == (await get(api, f"/v1/funds/{FUND}"))["available_usd_minor"]


async def test_concurrent_spending_and_reversal_do_not_deadlock(api: Client, databases: Mapping[str, Database]) -> None:
    await receive(api, await agreed(api, 1_000), usd(1_000))
    for _ in range(6):
        aside = {"fund": FUND, "money": usd(20), "work_package": "training"}
        made = await post(api, ALLOCATIONS, FINANCE, **aside)
        path = f"{ALLOCATIONS}/{made['allocation_id']}"
        await post(api, f"{path}/spend", FINANCE, revision=1, money=usd(5))
        body = {"entry_id": (await entry_of(api, "spent"))["entry_id"], "reason": "recorded_wrongly"}
        proposal = await post(api, "/v1/ledger/reversals", FINANCE, **body)
        approving = f"/v1/proposals/{proposal['proposal_id']}/approve"
        answers = await asyncio.gather(
            api.post(f"{path}/spend", json={"money": usd(1)}, headers=headers(FINANCE, revision=2)),
            api.post(approving, json={}, headers=headers(SECOND, revision=1)),
        )
        assert {answer.status_code for answer in answers} <= {200, 412}, [one.text for one in answers]


async def test_facts_without_rows_are_found(api: Client, databases: Mapping[str, Database], database_url: str) -> None:
    await agreed(api, 100)
    async with databases["pledges"].transaction() as tx:
        assert (await verify(tx)).findings == []
    async with connected(database_url, "pledges", owner=True) as owner, owner.transaction() as tx:
        await tx.execute("SET LOCAL session_replication_role = replica")
        await tx.execute("DELETE FROM pledge")
    async with databases["pledges"].transaction() as tx:
        found = (await verify(tx)).findings
    assert ["pledge"] == [one.table for one in found]
    assert found[0].what.endswith("has facts but no row")


async def test_final_refund_in_other_currency_takes_remaining_support_cost(api: Client) -> None:
    body = {"committed_on": "2026-03-05", "support_cost_basis_points": 1300}
    made = await post(api, "/v1/pledges", "NOR:donor_officer", fund=FUND, money=eur(99), pledged_on="2026-02-12")
    one = await receive(api, await move(api, made, "commit", **body), eur(99))
    for minor in (33, 33, 33):
        await approve(api, await move(api, one, "refund", money=eur(minor), reason="not_used"))
        one = await pledge_of(api, one)
    fund = await get(api, f"/v1/funds/{FUND}")
    assert "refunded" == one["status"]
    assert 0 == fund["programme_support_usd_minor"]
