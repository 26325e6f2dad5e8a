"""Steps of tests of the import of IATI files."""

from collections.abc import Mapping
from typing import Any

import httpx

from tests.builders import headers
from tests.pledges.steps import FINANCE, Client, get

AS_FILE = {"Content-Type": "application/octet-stream", "File-Name": "activities.xml"}


async def send(api: Client, content: bytes, *, query: str = "", by: str = FINANCE, **more: str) -> httpx.Response:
    path = f"/v1/imports?format=iati{query}"
    return await api.post(path, content=content, headers=headers(by) | AS_FILE | more)


async def imported(api: Client, content: bytes, **more: str) -> dict[str, Any]:
    answer = await send(api, content, **more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def flows_of(api: Client, made: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list((await get(api, f"/v1/imports/{made['import_id']}/flows"))["flows"])
