"""Steps of tests about results."""

from typing import Any

import httpx

from tests.builders import NOON, headers
from tests.delivery.steps import NORWAY, Client


async def reporting(api: Client, delivery_id: str, by: str = NORWAY, **changes: Any) -> httpx.Response:
    day = {"measured_on": str(NOON.date())}
    body = {"indicator": "people_trained", "baseline": 0, "target": 25, "actual": 21, **day, **changes}
    return await api.post(f"/v1/deliveries/{delivery_id}/results", json=body, headers=headers(by))


async def reported(api: Client, delivery_id: str, by: str = NORWAY, **changes: Any) -> dict[str, Any]:
    answer = await reporting(api, delivery_id, by, **changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
