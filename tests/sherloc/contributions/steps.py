"""Steps of tests of contributions: a State submits a court decision, a coordinator checks and publishes it."""

from typing import Any

import httpx

from tests.builders import headers
from tests.sherloc.steps import COORDINATOR, KENYA, Client

PATH, EXPORTS = "/v1/contributions", "/v1/contribution-exports"
CHECKED = dict.fromkeys(("complete", "rights_checked", "no_personal_data"), True)
CASE = {
    "kind": "court_decision",
    "language": "en",
    "title": "Fictitious: Republic v. A.",
    "text": "Fictitious: the accused was convicted of laundering proceeds.",
    "articles": ["UNTOC:5", "UNTOC:6"],
    "rights": "public_domain",
    "court": "Fictitious: High Court",
    "decided_on": "2026-11-02",
    "parties": ["Republic", "A."],
    "offence": "money_laundering",
    "outcome": "conviction",
    "authors": "",
    "address": "https://judgments.example/112",
}
OF_DECISION = ("court", "decided_on", "parties", "offence", "outcome")
NAMED = "Fictitious: Mr. John Sample was convicted."


def body_of(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (CASE | changes).items() if value is not None}


async def drafting(api: Client, by: str = KENYA, **changes: Any) -> httpx.Response:
    return await api.post(PATH, json=body_of(**changes), headers=headers(by))


async def drafted(api: Client, by: str = KENYA, **changes: Any) -> str:
    answer = await drafting(api, by, **changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["contribution_id"])


async def shown(api: Client, contribution_id: str, by: str = COORDINATOR) -> dict[str, Any]:
    answer = await api.get(f"{PATH}/{contribution_id}", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def tried(api: Client, contribution_id: str, name: str, by: str, **body: Any) -> httpx.Response:
    """Attempt a move in the current revision."""
    given = headers(by, revision=(await shown(api, contribution_id))["revision"])
    return await api.post(f"{PATH}/{contribution_id}/{name}", json=body, headers=given)


async def move(api: Client, contribution_id: str, name: str, by: str, **body: Any) -> dict[str, Any]:
    answer = await tried(api, contribution_id, name, by, **body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def submitted(api: Client, **changes: Any) -> str:
    contribution_id = await drafted(api, **changes)
    await move(api, contribution_id, "submit", KENYA)
    return contribution_id


async def published(api: Client, number: int = 1, **changes: Any) -> str:
    contribution_id = await submitted(api, **changes)
    await move(api, contribution_id, "accept", COORDINATOR, **CHECKED)
    page = f"https://sherloc.example/cases/{number}"
    await move(api, contribution_id, "publish", COORDINATOR, portal_address=page)
    return contribution_id


async def listed(api: Client, by: str = KENYA, **query: Any) -> list[dict[str, Any]]:
    answer = await api.get(PATH, params=query, headers=headers(by))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["contributions"])


async def exporting(api: Client, by: str = COORDINATOR) -> httpx.Response:
    return await api.post(EXPORTS, json={}, headers=headers(by))


async def exported(api: Client, by: str = COORDINATOR) -> dict[str, Any]:
    answer = await exporting(api, by)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def rows_of(api: Client, export_id: str, by: str = COORDINATOR) -> list[dict[str, Any]]:
    answer = await api.get(f"{EXPORTS}/{export_id}/contributions", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["contributions"])


async def confirmed(api: Client, export_id: str, by: str = COORDINATOR) -> httpx.Response:
    given = headers(by, revision=1)
    return await api.post(f"{EXPORTS}/{export_id}/confirm", json={}, headers=given)
