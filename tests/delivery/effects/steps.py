"""Steps of tests about effects; the sample is a changed law."""

from typing import Any

import httpx

from tests.builders import headers
from tests.clocks import TODAY
from tests.delivery.steps import COORDINATOR, KENYA, Client

LAW = {
    "change": "law_changed",
    "happened_on": str(TODAY),
    "language": "en",
    "title": "Fictitious: Mutual Legal Assistance Act",
    "gazette": "Fictitious: No. 112",
    "articles": ["UNTOC:18", "TIP:5"],
    "address": "https://gazette.example/112",
}


async def recording(api: Client, delivery_id: str, by: str = KENYA, **changes: Any) -> httpx.Response:
    body = {name: value for name, value in (LAW | changes).items() if value is not None}
    return await api.post(f"/v1/deliveries/{delivery_id}/effects", json=body, headers=headers(by))


async def recorded(api: Client, delivery_id: str, by: str = KENYA, **changes: Any) -> str:
    answer = await recording(api, delivery_id, by, **changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["effect_id"])


async def shown(api: Client, effect_id: str, by: str = COORDINATOR) -> dict[str, Any]:
    answer = await api.get(f"/v1/effects/{effect_id}", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def tried(api: Client, effect_id: str, name: str, by: str, **body: Any) -> httpx.Response:
    given = headers(by, revision=(await shown(api, effect_id))["revision"])
    return await api.post(f"/v1/effects/{effect_id}/{name}", json=body, headers=given)
