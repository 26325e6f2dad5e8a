"""Steps of tests of progress after the review: a record, its moves, and the table."""

from typing import Any

import httpx

from tests.builders import headers
from tests.sherloc.steps import KENYA, UGANDA, Client

PATH = "/v1/review-progress"
SAID = {
    "state": "KEN",
    "cluster": "international_cooperation",
    "progress": "partly_addressed",
    "language": "en",
    "text": "Fictitious: the central authority has its own budget.",
}
AGAIN = {"progress": "addressed", "language": "fr", "text": "Fictif : le registre est en ligne."}


async def recorded(api: Client, by: str = KENYA, **changes: Any) -> dict[str, Any]:
    answer = await api.post(PATH, json=SAID | changes, headers=headers(by))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def tried(api: Client, one: dict[str, Any], name: str, by: str = KENYA, **body: Any) -> httpx.Response:
    given = headers(by, revision=one["revision"])
    return await api.post(f"{PATH}/{one['review_progress_id']}/{name}", json=body, headers=given)


async def move(api: Client, one: dict[str, Any], name: str, by: str = KENYA, **body: Any) -> dict[str, Any]:
    answer = await tried(api, one, name, by, **body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def table(api: Client, by: str = UGANDA) -> list[str]:
    answer = await api.get(f"{PATH}/table", headers=headers(by))
    assert answer.status_code == 200, answer.text
    entries = answer.json()["entries"]
    assert len({one["state"] for one in entries}) == answer.json()["agreed"]
    return [f"{one['state']}: {one['progress']}" for one in entries]
