"""Money earmarked for one requirement is used for another only with the donor's consent, recorded by two people."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.builders import headers
from tests.pledges.funds.steps import FUND, Need, parts
from tests.pledges.steps import (
    FINANCE,
    NORWAY,
    Client,
    approve,
    committed,
    funded,
    get,
    move,
    pledge_of,
    pledged,
    receive,
    refused,
    usd,
)

ALLOCATIONS = "/v1/allocations"


@pytest.fixture
async def api(prepared_ledger: None, client_of: Callable[..., Awaitable[Client]]) -> Client:
    return await client_of("requests", "pledges")


async def released(client: Client, pledge: dict[str, Any]) -> dict[str, Any]:
    return await move(client, pledge, "release-earmark", reason="donor_agreed")


async def test_earmarked_money_cannot_be_allocated_to_another_requirement(api: Client, inbox: Any) -> None:
    one, other = await Need(api, inbox).opened(), await Need(api, inbox).opened()
    await one.paid_by_norway(3_000)
    await funded(api, 1_000, FUND)
    body = {"fund": FUND, "requirement_id": other.requirement_id, "money": usd(1_001)}

    answer = await api.post(ALLOCATIONS, json=body, headers=headers(FINANCE))

    assert (409, "earmark-mismatch") == (answer.status_code, answer.json()["slug"])
    assert {"available_usd_minor": 1_000} == answer.json()["details"]
    await other.allocated(1_000)
    await one.allocated(3_000)


async def test_earmarked_money_is_not_carried_over_for_another_donor(api: Client, inbox: Any) -> None:
    """The carry-over is refused even if the fund has as much money: the other donor gave it for other purposes."""
    one, other = await Need(api, inbox).opened(), await Need(api, inbox).opened()
    given = await receive(api, await committed(api, fund=FUND, money=usd(2_000)), usd(2_000))
    await other.allocated(2_000)
    paid = await one.paid_by_norway(3_000)
    over = {"to_fund": "SHERLOC-MNT", "money": usd(500)}

    path = f"/v1/pledges/{given['pledge_id']}/carry-over"
    assert (409, "earmark-mismatch") == await refused(api, path, FINANCE, revision=given["revision"], **over)
    await move(api, paid, "carry-over", **over)


async def test_earmark_is_released_by_two_people(api: Client, inbox: Any) -> None:
    one, other = await Need(api, inbox).opened(), await Need(api, inbox).opened()
    paid = await one.paid_by_norway(3_000)

    proposal = await released(api, paid)
    assert ("earmark_release", "donor_agreed", None) == (proposal["measure"], proposal["reason"], proposal["money"])
    path = f"/v1/proposals/{proposal['proposal_id']}/approve"
    assert (403, "own-proposal") == await refused(api, path, FINANCE, revision=1)
    assert (3_000, {one.line_id: 3_000}) == await parts(api), "the proposal alone changes nothing"
    await approve(api, proposal)

    now = await pledge_of(api, paid)
    assert ("earmarked", one.requirement_id, "received") == (now["earmarking"], now["requirement_id"], now["status"])
    assert now["earmarking"] == (await get(api, f"/v1/pledges/{paid['pledge_id']}", NORWAY))["earmarking"]
    assert (3_000, {}) == await parts(api)
    await other.allocated(2_500)
    again = f"/v1/pledges/{paid['pledge_id']}/release-earmark"
    body = {"revision": now["revision"], "reason": "donor_agreed"}
    assert (409, "earmark-not-tight") == await refused(api, again, FINANCE, **body)


@pytest.mark.parametrize("by", [NORWAY, "UNODC:coordinator", "DEU:donor_officer"])
async def test_only_finance_officer_proposes_earmark_release(api: Client, inbox: Any, by: str) -> None:
    made = await pledged(api, fund=FUND)
    path = f"/v1/pledges/{made['pledge_id']}/release-earmark"
    status, _ = await refused(api, path, by, revision=1, reason="donor_agreed")
    assert status in {403, 404}
    assert (409, "earmark-not-tight") == await refused(api, path, FINANCE, revision=1, reason="donor_agreed")
