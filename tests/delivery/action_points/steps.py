"""Steps of tests about action points."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx

from tests.builders import NOON, headers
from tests.delivery.steps import COORDINATOR, NORWAY, Client

DAY = timedelta(days=1)
DUE = NOON.date() + 30 * DAY


async def adding(api: Client, delivery_id: str, by: str = NORWAY, **changes: Any) -> httpx.Response:
    body = {
        "source": "evaluation",
        "text": "Fictitious: train two more prosecutors.",
        "language": "en",
        "owner": "state",
        "due_on": str(DUE),
        **changes,
    }
    return await api.post(f"/v1/deliveries/{delivery_id}/action-points", json=body, headers=headers(by))


async def added(api: Client, delivery_id: str, by: str = NORWAY, **changes: Any) -> dict[str, Any]:
    answer = await adding(api, delivery_id, by, **changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def shown(api: Client, point: Mapping[str, Any], by: str = COORDINATOR) -> dict[str, Any]:
    answer = await api.get(f"/v1/action-points/{point['action_point_id']}", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def tried(api: Client, point: Mapping[str, Any], name: str, by: str, **body: Any) -> httpx.Response:
    given = headers(by, revision=(await shown(api, point))["revision"])
    path = f"/v1/action-points/{point['action_point_id']}"
    if name:
        return await api.post(f"{path}/{name}", json=body, headers=given)
    return await api.put(path, json=body, headers=given)


async def move(api: Client, point: Mapping[str, Any], name: str, by: str, **body: Any) -> dict[str, Any]:
    answer = await tried(api, point, name, by, **body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
