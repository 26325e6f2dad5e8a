"""Steps of tests about the thread of a delivery."""

from typing import Any

import httpx

from tests.builders import headers
from tests.delivery.steps import KENYA, Client

TEXT = "Fictitious: when can the trainers come?"


async def sending(api: Client, delivery_id: str, by: str = KENYA, **changes: Any) -> httpx.Response:
    body = {"text": TEXT, "language": "en"} | changes
    return await api.post(f"/v1/deliveries/{delivery_id}/messages", json=body, headers=headers(by))


async def sent(api: Client, delivery_id: str, by: str = KENYA, **changes: Any) -> dict[str, Any]:
    answer = await sending(api, delivery_id, by, **changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def page(api: Client, delivery_id: str, by: str = KENYA, **query: Any) -> dict[str, Any]:
    answer = await api.get(f"/v1/deliveries/{delivery_id}/messages", params=query, headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
