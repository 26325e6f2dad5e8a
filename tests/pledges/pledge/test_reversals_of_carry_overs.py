"""Reversals of carry-overs: both halves at once, limited to what the other fund still has."""

import asyncio
from collections.abc import Mapping

import pytest

from chassis.db.database import Database
from tests.builders import headers
from tests.pledges.pledge.steps import (
    assert_not_reversible,
    carried_over,
    check_reversal,
    opposite,
    proposed,
    prove,
    standing,
    taken_back,
)
from tests.pledges.steps import (
    FINANCE,
    SECOND,
    Client,
    agreed,
    approve,
    entry_of,
    fund,
    get,
    post,
    receive,
    refused,
    usd,
)

FROM_THE_OTHER = {"fund": "SHERLOC-DEV", "work_package": "training"}


@pytest.mark.parametrize("half", ["carried_over", "brought_forward"])
async def test_carry_over_reversal_reverses_both_halves(
    api: Client, databases: Mapping[str, Database], database_url: str, half: str
) -> None:
    pledge = await receive(api, await agreed(api, 1000), usd(1000))
    before = await standing(api, pledge)
    out = await carried_over(api, pledge, 400)
    into = await entry_of(api, "brought_forward")
    named = await entry_of(api, half)
    proposal = await proposed(api, named)
    assert proposal["entry_id"] == out["entry_id"], "the proposal names the outgoing half"
    again = {"reason": "recorded_wrongly"}
    for one in (out, into):
        assert await refused(api, "/v1/ledger/reversals", entry_id=one["entry_id"], **again) == (
            409,
            "proposed-already",
        )
    await post(api, f"/v1/proposals/{proposal['proposal_id']}/refuse", FINANCE, revision=1)

    if half == "carried_over":
        await check_reversal(api, named)
    else:
        await approve(api, await proposed(api, named))

    assert await standing(api, pledge) == before
    backs = [one for one in (await get(api, "/v1/ledger/entries"))["entries"] if one["type"] == "reversed"]
    assert {(one["reverses"], one["fund"], str(opposite(one))) for one in backs} == {
        (one["entry_id"], one["fund"], str(one["postings"])) for one in (out, into)
    }
    for one in (out, into):
        body = {"entry_id": one["entry_id"]} | again
        assert await refused(api, "/v1/ledger/reversals", **body) == (409, "entry-not-reversible")
    flows = (await get(api, "/v1/flows?boundary=internal&status=paid"))["flows"]
    assert {(one["entry_type"], one["fund"], one["destination"], one["usd_minor"]) for one in flows} == {
        ("reversed", "SHERLOC-DEV", "SHERLOC-MNT", 400),
        ("reversed", "SHERLOC-MNT", "SHERLOC-DEV", -400),
        ("brought_forward", "SHERLOC-DEV", "SHERLOC-MNT", -400),
        ("carried_over", "SHERLOC-MNT", "SHERLOC-DEV", 400),
    }
    await prove(databases, database_url)


async def test_carry_over_used_by_other_fund_cannot_be_reversed(api: Client) -> None:
    pledge = await receive(api, await agreed(api, 1000), usd(1000))
    before = await standing(api, pledge)
    entry = await carried_over(api, pledge, 400)
    made = await post(api, "/v1/allocations", FINANCE, **FROM_THE_OTHER | {"money": usd(1)})
    await assert_not_reversible(api, entry, "balance-exceeded")
    await post(api, f"/v1/allocations/{made['allocation_id']}/return", FINANCE, revision=1)

    await taken_back(api, entry)

    assert await standing(api, pledge) == before


async def test_concurrent_allocation_and_carry_over_reversal_yield_one(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    pledge = await receive(api, await agreed(api, 1000), usd(1000))
    for _ in range(4):
        proposal = await proposed(api, await carried_over(api, pledge, 100))
        answers = await asyncio.gather(
            api.post("/v1/allocations", json=FROM_THE_OTHER | {"money": usd(100)}, headers=headers(FINANCE)),
            api.post(f"/v1/proposals/{proposal['proposal_id']}/approve", json={}, headers=headers(SECOND, revision=1)),
        )
        assert sorted(answer.status_code // 100 for answer in answers) == [2, 4]
        assert (await fund(api, "SHERLOC-DEV"))["available"] == 0
    await prove(databases, database_url)
