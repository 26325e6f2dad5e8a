"""Steps of tests of notifications."""

from typing import Any

import httpx

from tests.builders import headers

Client = httpx.AsyncClient


def a_subscription(**changes: Any) -> dict[str, Any]:
    return {"email": "person@organization.example", "language": "en", "channels": ["inbox", "mail"]} | changes


async def subscribe(api: Client, *appointments: str, **changes: Any) -> None:
    for appointment in appointments:
        answer = await api.put("/v1/subscriptions", json=a_subscription(**changes), headers=headers(appointment))
        assert answer.status_code == 200, answer.text


async def notifications_of(api: Client, appointment: str, query: str = "", **more: str) -> list[dict[str, Any]]:
    answer = await api.get(f"/v1/notifications{query}", headers=headers(appointment) | more)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["notifications"])
