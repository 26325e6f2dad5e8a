"""Unfunded requirements shown to donors by consent, and pledges to them."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from chassis.journal.inbox import Inbox
from chassis.rebuild import verify
from contracts.matching import MatchRevoked
from services.pledges.wiring import SERVICE
from tests.builders import NOON, an_event, headers
from tests.databases import connected
from tests.pledges.allocations.steps import LACKING, PERIOD, UNFUNDED, lacking, shown
from tests.pledges.steps import FINANCE, NORWAY, Client, a_pledge, funded, get, post, usd
from tests.requests.steps import consent, opened, withdraw

FRANCE = "FRA:donor_officer"


@pytest.fixture
async def api(prepared_ledger: None, client_of: Callable[..., Awaitable[Client]]) -> Client:
    return await client_of("requests", "pledges")


async def test_donor_sees_unfunded_requirements_by_consent(api: Client, inbox: Inbox) -> None:
    request = await consent(api, await opened(api), recipients=["NOR"], fields=["codes"])
    hidden = await opened(api)
    for one in (request, hidden):
        await lacking(inbox, one)

    (seen,) = await shown(api)

    assert (seen["request_id"], seen["state"], seen["gap_usd_minor"]) == (request["request_id"], "KEN", LACKING)
    assert seen["money"] == usd(LACKING)
    assert not {"provider", "match_id"} & seen.keys(), "the provider and the match are not shown to donors"
    assert await shown(api, FRANCE) == []
    assert len(await shown(api, FINANCE)) == 2
    await withdraw(api, request, request["consents"][0]["consent_id"])
    assert await shown(api) == []


async def test_covered_or_revoked_requirements_are_not_unfunded(api: Client, inbox: Inbox) -> None:
    request = await consent(api, await opened(api), recipients=["providers"])
    match = await lacking(inbox, request)
    await lacking(inbox, request)
    revoked = MatchRevoked(**match, reason="other", capacity_period=PERIOD, revoked_at=NOON)
    await inbox.receive(an_event(revoked, 2))
    (left,) = await shown(api)
    await funded(api, LACKING, "TA-REQUESTS")
    gaps = []
    for minor in (LACKING - 1, 1):
        purpose = {"fund": "TA-REQUESTS", "requirement_id": left["requirement_id"]}
        await post(api, "/v1/allocations", FINANCE, **purpose, money=usd(minor))
        gaps.append([one["gap_usd_minor"] for one in await shown(api)])
    assert gaps == [[1], []]
    (last, *_) = (await get(api, "/v1/allocations"))["allocations"]
    await post(api, f"/v1/allocations/{last['allocation_id']}/return", FINANCE, revision=1)
    assert [one["gap_usd_minor"] for one in await shown(api)] == [1], "returned money is lacking again"


async def test_unfunded_pages_contain_only_shown_requirements(api: Client, inbox: Inbox) -> None:
    request, hidden = await consent(api, await opened(api), recipients=["NOR"]), await opened(api)
    for one in (request, hidden, request, hidden, request):
        await lacking(inbox, one)

    ours = {one["requirement_id"] for one in await shown(api)}
    found: list[str] = []
    path: str | None = f"{UNFUNDED}?limit=2"
    while path:
        page = await get(api, path, NORWAY)
        assert page["cursor"] is None or page["cursor"] in ours, "the cursor discloses no other requirement"
        found += [one["requirement_id"] for one in page["requirements"]]
        path = page["cursor"] and f"{UNFUNDED}?limit=2&cursor={page['cursor']}"

    assert len(found) == len(set(found)) == 3
    assert ours == set(found)
    theirs = next(one["requirement_id"] for one in await shown(api, FINANCE) if one["requirement_id"] not in ours)
    answers = [await get(api, f"{UNFUNDED}?cursor={of}", NORWAY) for of in (theirs, uuid4())]
    assert answers == [{"requirements": [], "cursor": None}] * 2


@pytest.mark.parametrize("by", ["KEN:focal_point", "NOR:provider_officer", "UNODC-CEB:provider_officer"])
async def test_unfunded_list_is_for_donors_only(api: Client, by: str) -> None:
    answer = await api.get(UNFUNDED, headers=headers(by))
    assert (answer.status_code, answer.json()["slug"]) == (403, "not-for-your-role")


async def test_unavailable_consents_hide_all_requirements(
    client_of: Callable[..., Awaitable[Client]], api: Client, inbox: Inbox
) -> None:
    await lacking(inbox, await consent(api, await opened(api), recipients=["NOR"]))
    alone = await client_of("pledges")

    answer = await alone.get(UNFUNDED, headers=headers(NORWAY))

    assert (answer.status_code, answer.json()["slug"]) == (503, "consents-unheard")
    assert len(await shown(alone, FINANCE)) == 1, "UNODC needs no consent"


# -- pledging to it ---------------------------------------------------------------------------------------------------


async def test_donor_pledges_to_a_requirement(api: Client, inbox: Inbox, database_url: str) -> None:
    request = await consent(api, await opened(api), recipients=["NOR"])
    await lacking(inbox, request)
    (seen,) = await shown(api)
    body = a_pledge(fund="TA-REQUESTS", money=usd(300_000), requirement_id=seen["requirement_id"])
    given = headers(NORWAY)

    pledge = (await api.post("/v1/pledges", json=body, headers=given)).json()

    assert (pledge["requirement_id"], pledge["earmarking"]) == (seen["requirement_id"], "tightly_earmarked")
    assert (await get(api, f"/v1/pledges/{pledge['pledge_id']}"))["requirement_id"] == seen["requirement_id"]
    await withdraw(api, request, request["consents"][0]["consent_id"])
    again = await api.post("/v1/pledges", json=body, headers=given)
    assert (again.status_code, again.json()["pledge_id"]) == (201, pledge["pledge_id"]), (
        "a repeat returns the first outcome"
    )
    async with connected(database_url, "pledges", owner=True) as owner:
        assert await verify(owner, SERVICE) == []


async def test_pledge_to_hidden_or_missing_requirement_is_rejected(api: Client, inbox: Inbox) -> None:
    await lacking(inbox, await opened(api))
    (hidden,) = await shown(api, FINANCE)
    answers = [
        await api.post("/v1/pledges", json=a_pledge(requirement_id=str(one)), headers=headers(NORWAY))
        for one in (hidden["requirement_id"], uuid4())
    ]
    first, second = ({**answer.json(), "correlation_id": ""} for answer in answers)
    assert [answer.status_code for answer in answers] == [404, 404]
    assert first == second


async def test_pledge_to_covered_requirement_or_with_loose_earmark_is_rejected(api: Client, inbox: Inbox) -> None:
    request = await consent(api, await opened(api), recipients=["NOR"])
    match = await lacking(inbox, request)
    (seen,) = await shown(api)
    to_it = a_pledge(requirement_id=seen["requirement_id"])

    async def refused(**changes: Any) -> tuple[int, str]:
        answer = await api.post("/v1/pledges", json=to_it | changes, headers=headers(NORWAY))
        return answer.status_code, answer.json()["slug"]

    assert await refused(earmarking="earmarked") == (422, "earmarking-too-loose")
    revoked = MatchRevoked(**match, reason="other", capacity_period=PERIOD, revoked_at=NOON)
    await inbox.receive(an_event(revoked, 2))
    assert await refused() == (409, "requirement-cancelled")
    assert (await get(api, "/v1/pledges"))["pledges"] == []


async def test_consents_route_is_for_services_only(api: Client) -> None:
    request = await consent(api, await opened(api), recipients=["NOR"], fields=["words"])
    asked = {"organization": "NOR", "request_ids": [request["request_id"], str(uuid4())]}
    service = headers("service:pledges")

    answer = await api.post("/internal/shown", json=asked, headers=service)
    other = await api.post("/internal/shown", json=asked | {"organization": "FRA"}, headers=service)

    assert answer.json() == [{"request_id": request["request_id"], "fields": ["codes", "words"]}]
    assert other.json() == []
    for by in (NORWAY, FINANCE, "KEN:focal_point"):
        assert (await api.post("/internal/shown", json=asked, headers=headers(by))).status_code == 403
