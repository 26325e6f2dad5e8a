"""Reversals of spending of a returned allocation, whose money goes back to the fund."""

from collections import Counter
from collections.abc import Mapping

import pytest
from lxml import etree

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from contracts.matching import MatchRevoked
from contracts.values import Money
from services.pledges.consumers import HANDLERS
from tests.builders import NOON, an_event, headers
from tests.pledges.allocations.steps import PERIOD, a_match, confirmed
from tests.pledges.pledge.steps import prove, taken_back
from tests.pledges.steps import FINANCE, Client, funded, get, post, usd


@pytest.mark.parametrize("revoked", [False, True])
async def test_reversed_spending_of_returned_allocation_returns_to_fund(
    api: Client, databases: Mapping[str, Database], database_url: str, revoked: bool
) -> None:
    inbox, match = Inbox(databases["pledges"], "pledges", ["matching"], HANDLERS), a_match()
    await inbox.receive(an_event(confirmed(match, Money(minor=10_000, currency="USD")), 1))
    (requirement,) = (await get(api, f"/v1/requirements?request={match['request_id']}"))["requirements"]
    await funded(api, 8_000)
    body = {"fund": "SHERLOC-MNT", "money": usd(6_000), "requirement_id": requirement["requirement_id"]}
    path = f"/v1/allocations/{(await post(api, '/v1/allocations', FINANCE, **body))['allocation_id']}"
    for revision, minor in ((1, 1_000), (2, 500)):
        await post(api, f"{path}/spend", FINANCE, revision=revision, money=usd(minor))
    if revoked:
        gone = MatchRevoked(**match, reason="other", capacity_period=PERIOD, revoked_at=NOON)
        await inbox.receive(an_event(gone, 2))
    else:
        await post(api, f"{path}/return", FINANCE, revision=3)
    spent = [one for one in (await get(api, "/v1/ledger/entries"))["entries"] if one["type"] == "spent"]

    (out, back) = (await taken_back(api, spent[1]))["postings"]

    assert [("spent", 1_000), ("available", -1_000)] == [(one["account"], one["usd_minor"]) for one in (out, back)]
    shown = await get(api, "/v1/funds/SHERLOC-MNT")
    figures = ("allocated", "spent", "available")
    assert [500, 500, 7_500] == [shown[f"{name}_usd_minor"] for name in figures]
    now = await get(api, path)
    assert ("returned", 500, 5) == (now["status"], now["spent_usd_minor"], now["revision"])
    (requirement,) = (await get(api, f"/v1/requirements?request={match['request_id']}"))["requirements"]
    assert (500, 0 if revoked else 9_500) == (requirement["covered_usd_minor"], requirement["gap_usd_minor"])
    await taken_back(api, spent[0])
    assert 8_000 == (await get(api, "/v1/funds/SHERLOC-MNT"))["available_usd_minor"]
    file = await api.get("/v1/funds/SHERLOC-MNT/iati.xml", headers=headers(FINANCE))
    (activity,) = (
        one
        for one in etree.fromstring(file.content)
        if one.findtext("iati-identifier", "").endswith(requirement["requirement_id"])
    )
    published = Counter[str]()
    for one in activity.iter("transaction"):
        published[one.find("transaction-type").get("code")] += round(100 * float(one.findtext("value")))
    assert ({"2": 0, "4": 0}, "5") == (dict(published), activity.find("activity-status").get("code")), (
        "all of the money was returned"
    )
    await prove(databases, database_url)
