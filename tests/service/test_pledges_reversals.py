"""What had been recorded wrongly of a pledge is taken back, once, by two people: all stands as if it had never been."""

from collections.abc import Mapping
from typing import Any

import httpx

from chassis.db import Database
from chassis.rebuild import verify as verify_tables
from services.pledges.verify import verify
from services.pledges.wiring import SERVICE
from tests.service.test_pledges import FINANCE, api, committed, eur, get, post, receive, usd
from tests.service.test_pledges_life import SECOND, agreed, approve, entry_of, fund, move, part, pledge_of, refused

__all__ = ["api"]
Client = httpx.AsyncClient
FUNDS = ("SHERLOC-DEV", "SHERLOC-MNT", "TA-REQUESTS")
ONES_OWN = {"revision", "as_at"}


async def standing(client: Client, pledge: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The pledge, all but how often it was changed, and every figure of every fund."""
    now = await pledge_of(client, pledge)
    return {name: now[name] for name in now.keys() - ONES_OWN}, {code: await fund(client, code) for code in FUNDS}


async def proposed(client: Client, entry: Mapping[str, Any]) -> dict[str, Any]:
    return await post(client, "/v1/ledger/reversals", FINANCE, entry_id=entry["entry_id"], reason="recorded_wrongly")


async def taken_back(client: Client, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry that takes this one back, the last of them; both people do what is theirs."""
    proposal = await proposed(client, entry)
    path = f"/v1/proposals/{proposal['proposal_id']}/approve"
    assert await refused(client, path, revision=1) == (403, "own-proposal")
    await approve(client, proposal)
    entries = (await get(client, "/v1/ledger/entries"))["entries"]
    return next(dict(one) for one in entries if one["reverses"] == entry["entry_id"])


def opposite(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        one | {"minor": -one["minor"], "usd_minor": -one["usd_minor"]}
        for one in (dict(posting) for posting in entry["postings"])
    ]


async def not_taken_back(client: Client, entry: Mapping[str, Any], slug: str) -> None:
    """It was proposed, and cannot be done."""
    proposal = await proposed(client, entry)
    path = f"/v1/proposals/{proposal['proposal_id']}"
    assert await refused(client, f"{path}/approve", SECOND, revision=1) == (409, slug)
    await post(client, f"{path}/refuse", FINANCE, revision=1)


async def check_taken_back(client: Client, entry: Mapping[str, Any]) -> dict[str, Any]:
    """As `taken_back`: it is the opposite of the entry, names it, and is the only one there can be."""
    reversal = await taken_back(client, entry)
    assert (reversal["type"], reversal["postings"]) == ("reversed", opposite(entry))
    assert (reversal["fund"], reversal["donor"], reversal["pledge_id"]) == (
        entry["fund"],
        entry["donor"],
        entry["pledge_id"],
    )
    for one in (entry, reversal):
        body = {"entry_id": one["entry_id"], "reason": "recorded_wrongly"}
        assert await refused(client, "/v1/ledger/reversals", **body) == (409, "entry-not-reversible")
    return reversal


async def prove(databases: Mapping[str, Database], database_url: str) -> None:
    """The books are right, and the journal alone makes the same tables."""
    async with databases["pledges"].transaction() as tx:
        report = await verify(tx)
    assert report.findings == []
    owner = await Database.connect(database_url, "pledges", owner=True)
    try:
        assert await verify_tables(owner, SERVICE) == []
    finally:
        await owner.close()


# -- refunds ----------------------------------------------------------------------------------------------------------


async def refunded(client: Client, pledge: Mapping[str, Any], money: Mapping[str, Any]) -> dict[str, Any]:
    now = await pledge_of(client, pledge)
    body = {"money": money, "reason": "not_used", "refunded_on": "2026-05-02"}
    await approve(client, await move(client, now, "refund", **body))
    return await entry_of(client, "refunded")


async def test_a_refund_is_taken_back(api: Client, databases: Mapping[str, Database], database_url: str) -> None:
    pledge = await receive(api, await committed(api, basis_points=1300), eur(10_000_00))
    before = await standing(api, pledge)
    entry = await refunded(api, pledge, eur(4_000_00))
    assert await standing(api, pledge) != before

    await check_taken_back(api, entry)

    assert await standing(api, pledge) == before
    await refunded(api, pledge, eur(10_000_00))
    assert (await pledge_of(api, pledge))["status"] == "refunded", "all of it can go back, as before"
    await prove(databases, database_url)


async def test_what_did_not_go_back_can_be_used_and_what_is_closed_stays(api: Client) -> None:
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

    other = await receive(api, await agreed(api, 50), usd(50))
    entry = await refunded(api, other, usd(20))
    await move(api, await pledge_of(api, other), "close")
    await not_taken_back(api, entry, "pledge-status")


# -- write-offs -------------------------------------------------------------------------------------------------------


async def written_off(client: Client, pledge: Mapping[str, Any]) -> dict[str, Any]:
    await approve(client, await move(client, await pledge_of(client, pledge), "write-off", reason="not_expected"))
    return await entry_of(client, "written_off")


async def in_parts(client: Client, condition: str | None = "report_accepted") -> dict[str, Any]:
    """1000 dollars, of which 600 wait for a condition; 100 have come."""
    parts = (part(300_00, "2026-04-01"), part(100_00, "2126-01-01"), part(600_00, "2126-06-01", condition))
    return await receive(client, await agreed(client, 1000_00, *parts), usd(100_00))


async def test_a_write_off_is_taken_back_with_what_waited_for_its_condition(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    pledge = await in_parts(api)
    before = await standing(api, pledge)
    entry = await written_off(api, pledge)
    after = await pledge_of(api, pledge)
    assert (after["status"], [one["minor"] for one in after["instalments"]]) == ("received", [300_00, 100_00, 0])

    await check_taken_back(api, entry)

    assert await standing(api, pledge) == before
    now = await move(api, await pledge_of(api, pledge), "meet-condition", instalment=3, met_on="2026-05-02")
    assert (await receive(api, now, usd(900_00)))["status"] == "received"
    await prove(databases, database_url)


async def test_what_has_happened_since_a_write_off_stands_with_its_amounts(
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


async def test_what_was_written_off_of_a_pledge_that_is_closed_stays_so(api: Client) -> None:
    pledge = await in_parts(api)
    entry = await written_off(api, pledge)
    await move(api, await pledge_of(api, pledge), "close")

    await not_taken_back(api, entry, "pledge-status")


# -- all of them ------------------------------------------------------------------------------------------------------


async def all_that_can_be_taken_back(client: Client) -> None:
    """One of each, for books that are to hold every kind of fact."""
    paid = await receive(client, await agreed(client, 100), usd(100))
    await taken_back(client, await refunded(client, paid, usd(30)))
    await taken_back(client, await written_off(client, await in_parts(client)))
