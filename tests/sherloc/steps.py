"""Steps of tests of SHERLOC's desk: a State records a law, a coordinator publishes it."""

from typing import Any

import httpx

from tests.builders import headers
from tests.clocks import TODAY

Client = httpx.AsyncClient
COORDINATOR, AUDITOR = "UNODC:coordinator", "UNODC:auditor"
KENYA, KENYAS_OFFICIAL, UGANDA = "KEN:focal_point", "KEN:official", "UGA:focal_point"
OTHERS = (UGANDA, "NOR:provider_officer", "NOR:donor_officer", "KEN:provider_officer", "UNODC:finance_officer")
PAGE = "https://sherloc.example/legislation/112"
LAW = {
    "state": "KEN",
    "article": "UNTOC:18",
    "status": "missing",
    "title": "Fictitious: Mutual Legal Assistance Act",
    "language": "en",
    "in_force_on": str(TODAY),
    "gazette": "Fictitious: No. 112",
    "address": "https://gazette.example/112",
}


async def recording(api: Client, by: str = KENYA, **changes: Any) -> httpx.Response:
    body = {name: value for name, value in (LAW | changes).items() if value is not None}
    return await api.post("/v1/legislation", json=body, headers=headers(by))


async def recorded(api: Client, by: str = KENYA, **changes: Any) -> str:
    answer = await recording(api, by, **changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["legislation_id"])


async def shown(api: Client, legislation_id: str, by: str = COORDINATOR) -> dict[str, Any]:
    answer = await api.get(f"/v1/legislation/{legislation_id}", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def tried(api: Client, legislation_id: str, name: str, by: str, **body: Any) -> httpx.Response:
    """Attempt a move in the current revision."""
    given = headers(by, revision=(await shown(api, legislation_id))["revision"])
    return await api.post(f"/v1/legislation/{legislation_id}/{name}", json=body, headers=given)


async def move(api: Client, legislation_id: str, name: str, by: str, **body: Any) -> dict[str, Any]:
    answer = await tried(api, legislation_id, name, by, **body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def published(api: Client, by: str = KENYA, **changes: Any) -> str:
    legislation_id = await recorded(api, by, **changes)
    await move(api, legislation_id, "submit", by)
    await move(api, legislation_id, "review", COORDINATOR)
    await move(api, legislation_id, "publish", COORDINATOR, portal_address=PAGE)
    return legislation_id


async def listed(api: Client, by: str = KENYA, **query: Any) -> list[dict[str, Any]]:
    """Return a page of the register."""
    answer = await api.get("/v1/legislation", params=query, headers=headers(by))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["legislation"])


def slug(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["slug"]
