"""Reversals of facts of a pledge, once, by two people; afterwards all is as if the fact had not been recorded."""

from collections.abc import Mapping
from uuid import UUID

from chassis.db.database import Database
from services.pledges.ledger import store as ledger
from services.pledges.ledger.postings import EntryType
from tests.builders import headers
from tests.pledges.open_data.flow_chains import chained, check_chains
from tests.pledges.open_data.steps import check_sums, reported
from tests.pledges.pledge.steps import (
    all_reversible_facts,
    assert_not_reversible,
    carried_over,
    check_reversal,
    in_parts,
    met,
    proposed,
    prove,
    reduced,
    refunded,
    standing,
    taken_back,
    written_off,
)
from tests.pledges.steps import (
    FINANCE,
    NORWAY,
    SECOND,
    Client,
    agreed,
    committed,
    date_back_one_day,
    entry_of,
    eur,
    fund,
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

# -- refunds ----------------------------------------------------------------------------------------------------------


async def test_refund_is_reversed(api: Client, databases: Mapping[str, Database], database_url: str) -> None:
    pledge = await receive(api, await committed(api, basis_points=1300), eur(10_000_00))
    before = await standing(api, pledge)
    entry = await refunded(api, pledge, eur(4_000_00))
    assert await standing(api, pledge) != before

    await check_reversal(api, entry)

    assert await standing(api, pledge) == before
    await refunded(api, pledge, eur(10_000_00))
    assert (await pledge_of(api, pledge))["status"] == "refunded", "the whole amount can be refunded, as before"
    await prove(databases, database_url)


async def test_money_of_reversed_refund_can_be_allocated(api: Client) -> None:
    pledge = await receive(api, await agreed(api, 1000), usd(1000))
    entry = await refunded(api, pledge, usd(1000))
    body = {"fund": "SHERLOC-MNT", "money": usd(1000), "work_package": "training"}
    assert await refused(api, "/v1/allocations", **body) == (409, "balance-exceeded")
    wrong = await taken_back(api, entry)
    await post(api, "/v1/allocations", FINANCE, **body)
    assert (await pledge_of(api, pledge))["status"] == "received"

    flows = (await get(api, "/v1/flows?boundary=outgoing"))["flows"]
    assert [(one["entry_type"], one["usd_minor"], one["destination"]) for one in flows] == [
        ("reversed", -1000, "NOR"),
        ("refunded", 1000, "NOR"),
    ]
    assert flows[0]["parent_flow_id"] == flows[1]["flow_id"]
    assert flows[0]["entry_id"] == wrong["entry_id"]


async def test_reversal_that_became_impossible_is_rejected(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    pledge = await receive(api, await agreed(api, 1000), usd(1000))
    proposal = await proposed(api, await entry_of(api, "received"))
    await post(api, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(1), work_package="training")
    before = await standing(api, pledge)
    path = f"/v1/proposals/{proposal['proposal_id']}"
    assert await refused(api, f"{path}/approve", SECOND, revision=1) == (409, "balance-exceeded")
    assert before == await standing(api, pledge)
    assert "open" == (await get(api, "/v1/proposals"))["proposals"][0]["status"]
    await post(api, f"{path}/refuse", FINANCE, revision=1)
    await prove(databases, database_url)


# -- write-offs -------------------------------------------------------------------------------------------------------


async def test_write_off_reversal_restores_conditional_instalments(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    pledge = await in_parts(api)
    before = await standing(api, pledge)
    entry = await written_off(api, pledge)
    after = await pledge_of(api, pledge)
    assert (after["status"], [one["minor"] for one in after["instalments"]]) == ("received", [300_00, 100_00, 0])

    await check_reversal(api, entry)

    assert await standing(api, pledge) == before
    now = await move(api, await pledge_of(api, pledge), "meet-condition", instalment=3, met_on="2026-05-02")
    assert (await receive(api, now, usd(900_00)))["status"] == "received"
    await prove(databases, database_url)


async def test_write_off_reversal_keeps_later_amounts(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    pledge = await in_parts(api)
    receipt = await entry_of(api, "received")
    entry = await written_off(api, pledge)
    await taken_back(api, receipt)
    now = await move(api, await pledge_of(api, pledge), "reduce", money=usd(40_00), reason="donor_budget")
    assert (now["status"], now["outstanding"]) == ("committed", usd(60_00))

    await taken_back(api, entry)

    now = await pledge_of(api, pledge)
    assert (now["status"], now["money"], now["outstanding"]) == ("committed", usd(960_00), usd(360_00))
    assert [one["minor"] for one in now["instalments"]] == [300_00, 60_00, 600_00]
    await prove(databases, database_url)


async def test_reversal_reopens_a_closed_pledge(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    pledge = await in_parts(api)
    entry = await written_off(api, pledge)
    await move(api, await pledge_of(api, pledge), "close")
    await taken_back(api, entry)
    assert (await pledge_of(api, pledge))["status"] == (await pledge_of(api, await in_parts(api)))["status"]

    other = await receive(api, await agreed(api, 50), usd(50))
    for entry in (
        await refunded(api, other, usd(20)),
        await carried_over(api, other, 10),
        await entry_of(api, "received"),
    ):
        await move(api, await pledge_of(api, other), "close")
        await taken_back(api, entry)
        assert (await pledge_of(api, other))["status"] in {"received", "committed"}
    assert (await pledge_of(api, other))["outstanding"] == usd(50)
    await prove(databases, database_url)


# -- conditions -------------------------------------------------------------------------------------------------------


async def test_condition_reversal_restores_the_condition(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    pledge = await in_parts(api)
    before = await standing(api, pledge)
    entry = await met(api, pledge)
    assert (await pledge_of(api, pledge))["outstanding"] == usd(900_00)

    await check_reversal(api, entry)

    assert await standing(api, pledge) == before
    await met(api, pledge)
    assert (await receive(api, await pledge_of(api, pledge), usd(900_00)))["status"] == "received"
    await prove(databases, database_url)


async def test_condition_reversal_after_payment_or_reduction_is_rejected(api: Client) -> None:
    pledge = await in_parts(api)
    entry = await met(api, pledge)
    await receive(api, await pledge_of(api, pledge), usd(301_00))
    paid = await entry_of(api, "received")
    await assert_not_reversible(api, entry, "pledge-exceeded")
    await taken_back(api, paid)
    await move(api, await pledge_of(api, pledge), "reduce", money=usd(1), reason="donor_budget")
    await assert_not_reversible(api, entry, "pledge-exceeded")

    other = await in_parts(api)
    entry = await met(api, other)
    await receive(api, await pledge_of(api, other), usd(900_00))
    await assert_not_reversible(api, entry, "pledge-status")


async def test_no_cent_is_carried_without_an_amount(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    """Each receipt of a cent was rounded down, and together they were carried at one cent more."""
    pledge = await pledged(api, money=eur(8))
    parts = [part(3, "2026-04-01"), part(1, "2026-04-01"), part(4, "2026-06-01", "report_accepted")]
    body = {"instalments": parts, "support_cost_basis_points": 0}
    pledge = await move(api, pledge, "commit", committed_on="2026-03-05", **body)
    entry = await met(api, pledge)
    for _ in range(4):
        await receive(api, await pledge_of(api, pledge), eur(1))
    await assert_not_reversible(api, entry, "pledge-exceeded")

    await taken_back(api, await entry_of(api, "received"))
    await taken_back(api, entry)

    now = await pledge_of(api, pledge)
    assert (now["outstanding"], now["conditional"], now["status"]) == (eur(1), eur(4), "partially_received")
    assert (await receive(api, now, eur(1)))["outstanding"] == eur(0)
    await prove(databases, database_url)


# -- reductions -------------------------------------------------------------------------------------------------------


async def test_reduction_reversal_restores_conditional_instalments(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    pledge = await in_parts(api)
    before = await standing(api, pledge)
    entry = await reduced(api, pledge, usd(650_00))
    now = await pledge_of(api, pledge)
    assert (now["money"], [one["minor"] for one in now["instalments"]]) == (usd(350_00), [300_00, 50_00, 0])

    await check_reversal(api, entry)

    assert await standing(api, pledge) == before
    entry = await reduced(api, pledge, usd(900_00))
    assert (await pledge_of(api, pledge))["status"] == "received"
    await taken_back(api, entry)
    assert await standing(api, pledge) == before
    await prove(databases, database_url)


async def test_reduction_reversal_after_agreement_is_rejected(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    pledge = await pledged(api)
    before = await standing(api, pledge)
    await check_reversal(api, await reduced(api, pledge, eur(4_000_00)))
    assert await standing(api, pledge) == before

    entry = await reduced(api, pledge, eur(1_000_00))
    now = await move(api, await pledge_of(api, pledge), "commit", committed_on="2026-03-05")
    assert now["money"] == eur(9_000_00)
    await assert_not_reversible(api, entry, "pledge-status")

    other = await pledged(api)
    entry = await reduced(api, other, eur(1_000_00))
    await move(api, await pledge_of(api, other), "lapse")
    await assert_not_reversible(api, entry, "pledge-status")
    await prove(databases, database_url)


async def test_reduction_without_entry_cannot_be_reversed(api: Client, databases: Mapping[str, Database]) -> None:
    """The reduction is of a conditional instalment only."""
    pledge = await in_parts(api)
    await move(api, await pledge_of(api, pledge), "reduce", money=usd(600_00), reason="donor_budget")
    async with databases["pledges"].transaction() as tx:
        events = "SELECT event_id FROM journal WHERE aggregate_id = $1 ORDER BY version DESC LIMIT 1"
        event_id = await tx.fetchval(events, UUID(pledge["pledge_id"]))

    body = {"entry_id": str(event_id), "reason": "recorded_wrongly"}
    assert await refused(api, "/v1/ledger/reversals", **body) == (404, "not-found")


# -- all of them ------------------------------------------------------------------------------------------------------


async def test_reversals_are_in_flows_statements_and_files(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    await all_reversible_facts(api)
    await post(api, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(5), work_package="training")

    async with databases["pledges"].transaction() as tx:
        read = await ledger.page(tx, after=UUID(int=0), limit=100)
    entries = sorted(read, key=lambda one: (one.recorded_at, one.type is EntryType.BROUGHT_FORWARD))
    by_rules = chained(entries)
    check_chains(by_rules)
    shown = await reported(api)
    assert len(shown) == len(by_rules)
    check_sums(shown, (await get(api, "/v1/funds"))["funds"])
    assert [one["destination"] for one in shown if not one["destination"]] == []
    statement = await get(api, "/v1/statements/NOR/data")
    figures = await fund(api)
    assert statement["closing"]["received_usd_minor"] == figures["paid"] - figures["refunded"]
    file = await api.get("/v1/funds/SHERLOC-MNT/iati.xml", headers=headers(FINANCE))
    assert file.status_code == 200
    await prove(databases, database_url)
    await date_back_one_day(database_url)
    statement = await get(api, "/v1/statements/NOR/data")
    shares = {one["fund"]: one["contributed_usd_minor"] for one in statement["funds"]}
    assert shares == {"SHERLOC-MNT": figures["available"] + figures["allocated"]}


async def test_pledge_and_agreement_have_separate_transitions(api: Client) -> None:
    """An agreement is a document: it is reduced, or written off."""
    await agreed(api, 1000)
    await move(api, await pledged(api), "withdraw", NORWAY)
    await move(api, await pledged(api), "lapse")

    for kind in ("pledged", "committed", "withdrawn", "lapsed"):
        body = {"entry_id": (await entry_of(api, kind))["entry_id"], "reason": "recorded_wrongly"}
        assert await refused(api, "/v1/ledger/reversals", **body) == (409, "entry-not-reversible"), kind
