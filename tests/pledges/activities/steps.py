"""Steps of tests of activities."""

from collections.abc import Mapping
from typing import Any

from tests.pledges.steps import FINANCE, Client, get, post, usd

COORDINATOR = "UNODC:coordinator"
PATH = "/v1/activities"
TITLE = "Fictitious sample: SHERLOC pour les autorités centrales"


def an_activity(**changes: Any) -> dict[str, Any]:
    return {
        "fund": "SHERLOC-MNT",
        "activity_kind": "outreach",
        "title": TITLE,
        "language": "fr",
        "starts_on": "2026-03-09",
        "ends_on": "2026-03-11",
        "topics": ["mutual_legal_assistance"],
        "pillars": ["promote"],
        "gender_marker": 1,
    } | changes


async def planned(client: Client, by: str = COORDINATOR, **changes: Any) -> dict[str, Any]:
    return await post(client, PATH, by, **an_activity(**changes))


def path_of(one: Mapping[str, Any]) -> str:
    return f"{PATH}/{one['activity_id']}"


async def allocated(client: Client, one: Mapping[str, Any], minor: int) -> dict[str, Any]:
    body = {"fund": one["fund"], "money": usd(minor), "activity_id": one["activity_id"]}
    return await post(client, "/v1/allocations", FINANCE, **body)


async def completed(client: Client, one: Mapping[str, Any], **body: Any) -> dict[str, Any]:
    return await post(client, f"{path_of(one)}/complete", COORDINATOR, revision=one["revision"], **body)


async def revised(client: Client, one: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    return await post(client, f"{path_of(one)}/revise", FINANCE, revision=one["revision"], **an_activity(**changes))


async def all_that_can_be_done(client: Client) -> list[dict[str, Any]]:
    """Return one activity in each state; two have allocations, partly spent or returned."""
    kept = await revised(client, await planned(client), ends_on="2026-03-12")
    kept = await completed(client, kept, participants=120, completed_on="2026-03-11")
    paid = await planned(client)
    made = await allocated(client, paid, 50)
    await post(client, f"/v1/allocations/{made['allocation_id']}/spend", FINANCE, revision=1, money=usd(20))
    ended = await planned(client)
    made = await allocated(client, ended, 30)
    await post(client, f"/v1/allocations/{made['allocation_id']}/return", FINANCE, revision=1)
    body = {"reason": "priorities_changed"}
    cancelled = await post(client, f"{path_of(ended)}/cancel", FINANCE, revision=ended["revision"], **body)
    return [kept, await get(client, path_of(paid)), cancelled]
