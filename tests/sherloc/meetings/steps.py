"""Steps of tests of informal meetings: a planned meeting, and its moves."""

from typing import Any
from uuid import UUID, uuid4

import httpx

from tests.builders import headers
from tests.clocks import TODAY
from tests.sherloc.steps import COORDINATOR, Client

PATH = "/v1/meetings"
PLAN = {
    "starts_on": str(TODAY),
    "place": "https://meeting.example/1",
    "language": "en",
    "title": "Fictitious: what helped",
    "agenda": "Fictitious: experiences, questions.",
    "invitation": "Fictitious: practitioners are welcome.",
}
LESSON = "Fictitious: a list of documents halves the questions."
KEPT = "SELECT (SELECT count(*) FROM journal), (SELECT count(*) FROM audit), (SELECT count(*) FROM command)"


async def planned(api: Client, *, states: tuple[str, ...] = ("KEN", "UGA"), **changes: Any) -> dict[str, Any]:
    answer = await api.post(PATH, json=PLAN | changes, headers=headers(COORDINATOR))
    assert answer.status_code == 201, answer.text
    one = dict(answer.json())
    return await move(api, one, "invite", states=states) if states else one


async def tried(
    api: Client, one: dict[str, Any], name: str, by: str = COORDINATOR, *, lesson_id: UUID | None = None, **body: Any
) -> httpx.Response:
    at = f"{PATH}/{one['meeting_id']}/{name}"
    if name == "lessons":
        return await api.put(f"{at}/{lesson_id or uuid4()}", json=body, headers=headers(by))
    if lesson_id is not None:
        body["lesson_id"] = str(lesson_id)
    given = headers(by, revision=one["revision"])
    return await api.post(at, json=body, headers=given)


async def move(api: Client, one: dict[str, Any], name: str, by: str = COORDINATOR, **body: Any) -> dict[str, Any]:
    answer = await tried(api, one, name, by, **body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
