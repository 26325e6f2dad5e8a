"""Steps of tests about offerings."""

from collections.abc import Mapping
from typing import Any

import httpx

from tests.builders import headers
from tests.matching.builders import an_offering_body

Client = httpx.AsyncClient
COORDINATOR = "UNODC:coordinator"
NORWAY = "NOR:provider_officer"


async def offered(api: Client, by: str = NORWAY, **changes: Any) -> dict[str, Any]:
    answer = await api.post("/v1/offerings", json=an_offering_body(**changes), headers=headers(by))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def move(api: Client, offering: Mapping[str, Any], name: str, by: str, **body: Any) -> dict[str, Any]:
    answer = await api.post(
        f"/v1/offerings/{offering['offering_id']}/{name}", json=body, headers=headers(by, revision=offering["revision"])
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def approved(api: Client, by: str = NORWAY, **changes: Any) -> dict[str, Any]:
    return await move(api, await offered(api, by, **changes), "approve", COORDINATOR)
