"""Steps of tests of the outreach plan: a planned activity, and its moves."""

from typing import Any

import httpx

from tests.builders import headers
from tests.clocks import TODAY
from tests.sherloc.steps import COORDINATOR, Client

PATH = "/v1/outreach-activities"
WEBINAR = {
    "audience": "judges_and_prosecutors",
    "outreach_kind": "webinar",
    "language": "en",
    "title": "Fictitious: how courts find comparable decisions",
    "languages": ["en", "fr"],
    "starts": str(TODAY),
    "ends": str(TODAY),
    "budget": {"minor": 400_000, "currency": "USD"},
    "reach_target": 250,
}


async def planned(api: Client, **changes: Any) -> dict[str, Any]:
    answer = await api.post(PATH, json=WEBINAR | changes, headers=headers(COORDINATOR))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def tried(api: Client, one: dict[str, Any], name: str, by: str = COORDINATOR, **body: Any) -> httpx.Response:
    given = headers(by, revision=one["revision"])
    return await api.post(f"{PATH}/{one['outreach_activity_id']}/{name}", json=body, headers=given)
