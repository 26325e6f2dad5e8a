"""Steps of tests of requests."""

from collections.abc import Mapping
from typing import Any

import httpx

from tests.builders import a_line, a_request, headers

COORDINATOR = "UNODC:coordinator"
KENYA = "KEN:focal_point"
NORWAY = "NOR:provider_officer"
FRANCE = "FRA:provider_officer"
CEB = "UNODC-CEB:provider_officer"
Client = httpx.AsyncClient


async def audience(api: Client, request: Mapping[str, Any], by: str = KENYA) -> dict[str, Any]:
    answer = await api.get(f"/v1/requests/{request['request_id']}/audience", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def readers(api: Client, request: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    found = (await audience(api, request))["readers"]
    return sorted((one["organization"], one["role"], one["times"]) for one in found)


async def opened(api: Client, **changes: Any) -> dict[str, Any]:
    """Return an open request without consents, with a distinct word in each field."""
    line = a_line(
        outcome="Canary-outcome of the training", in_place="Canary-place of today", markers_justification="Canary-markers",
        institution_name="Canary-name",
    )  # fmt: skip
    body = a_request(title="Canary-title", need="Canary-need", circulation="none", lines=[line]) | changes
    request = (await api.post("/v1/requests", json=body, headers=headers())).json()
    for name in ("register", "open"):
        path = f"/v1/requests/{request['request_id']}/{name}"
        request = (await api.post(path, json={}, headers=headers(COORDINATOR, revision=request["revision"]))).json()
    return dict(request)


async def consent(api: Client, request: Mapping[str, Any], by: str = KENYA, **body: Any) -> dict[str, Any]:
    answer = await attempt(api, request, by, **body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def attempt(api: Client, request: Mapping[str, Any], by: str = KENYA, **body: Any) -> httpx.Response:
    verb = "consents" if by == KENYA else "record-consent"
    path = f"/v1/requests/{request['request_id']}/{verb}"
    return await api.post(path, json=body, headers=headers(by, revision=request["revision"]))


async def withdraw(api: Client, request: Mapping[str, Any], consent_id: str, by: str = KENYA) -> httpx.Response:
    path = f"/v1/requests/{request['request_id']}/consents/{consent_id}"
    return await api.delete(path, headers=headers(by, revision=request["revision"]))


async def visible_text(api: Client, request: Mapping[str, Any], by: str) -> str:
    """Return all that a caller reads of a request as one text: its detail, its history, the list."""
    path = f"/v1/requests/{request['request_id']}"
    answers = [await api.get(one, headers=headers(by)) for one in (path, f"{path}/history", "/v1/requests")]
    assert {answer.status_code for answer in answers} <= {200, 404}
    return "\n".join(answer.text for answer in answers if answer.status_code == 200)


async def shown_to(api: Client, request: Mapping[str, Any], *callers: str) -> list[bool]:
    return [request["request_id"] in await visible_text(api, request, by) for by in callers]


async def filed(api: Client, appointment: str = "KEN:focal_point", **changes: Any) -> dict[str, Any]:
    answer = await api.post("/v1/requests", json=a_request(**changes), headers=headers(appointment))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
