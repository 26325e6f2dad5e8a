"""Records of SHERLOC's desk in the sample world: a published contribution, in a batch for the portal."""

import httpx

from tests.sherloc.contributions.steps import CASE, CHECKED
from tests.system.desk_records import COORDINATOR, KENYA, Headers

PAGE = {"portal_address": "https://sherloc.example/cases/1"}
MOVES = ((KENYA, "submit", {}), (COORDINATOR, "accept", CHECKED), (COORDINATOR, "publish", PAGE))


def create(client: httpx.Client, headers: Headers) -> None:
    one = client.post("/v1/contributions", json=CASE, headers=headers(KENYA)).raise_for_status().json()
    path = f"/v1/contributions/{one['contribution_id']}"
    for who, move, body in MOVES:
        given = {**headers(who), "If-Match": f'"{one["revision"]}"'}
        one = client.post(f"{path}/{move}", json=body, headers=given).raise_for_status().json()
    client.post("/v1/contribution-exports", json={}, headers=headers(COORDINATOR)).raise_for_status()
