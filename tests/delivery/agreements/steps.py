"""Steps of tests about agreements: proposals in turn and signatures."""

from typing import Any

import httpx

from tests.builders import headers
from tests.delivery.steps import COORDINATOR, KENYA, NORWAY, Client, a_version


async def read(api: Client, delivery_id: str, by: str = COORDINATOR) -> httpx.Response:
    return await api.get(f"/v1/deliveries/{delivery_id}/agreement", headers=headers(by))


async def propose(api: Client, delivery_id: str, by: str, **changes: Any) -> httpx.Response:
    """Propose the first version, or another one in the current revision."""
    path = f"/v1/deliveries/{delivery_id}/agreement"
    before = await read(api, delivery_id)
    if before.status_code == 404:
        return await api.post(path, json=a_version(**changes), headers=headers(by))
    revision = before.json()["revision"]
    return await api.post(f"{path}/propose", json=a_version(**changes), headers=headers(by, revision=revision))


async def act(api: Client, delivery_id: str, name: str, by: str, **body: Any) -> httpx.Response:
    before = (await read(api, delivery_id)).json()
    body = {"version": before["version"], **body} if name == "sign" else body
    path = f"/v1/deliveries/{delivery_id}/agreement/{name}"
    return await api.post(path, json=body, headers=headers(by, revision=before["revision"]))


async def agreed(api: Client, delivery_id: str) -> dict[str, Any]:
    assert 201 == (await propose(api, delivery_id, NORWAY)).status_code
    assert 200 == (await act(api, delivery_id, "sign", KENYA)).status_code
    answer = await act(api, delivery_id, "sign", NORWAY)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
