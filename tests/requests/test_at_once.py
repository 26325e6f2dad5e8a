"""Many callers at once: one key has one effect, and no update is lost."""

import asyncio
from collections.abc import Mapping
from uuid import uuid4

import httpx
import pytest

from chassis.db.database import Database
from tests.builders import a_request, headers
from tests.requests.steps import Client, filed

pytestmark = pytest.mark.usefixtures("patient")


async def test_fifty_concurrent_commands_with_one_key_have_one_effect(
    api: Client, databases: Mapping[str, Database]
) -> None:
    body, given = a_request(), headers(key=str(uuid4()))

    async def ask() -> httpx.Response:
        # On a busy machine one may wait for the others longer than `lock_timeout`, and is asked to come again.
        while (answer := await api.post("/v1/requests", json=body, headers=given)).status_code == 503:
            assert "Retry-After" in answer.headers
        return answer

    answers = await asyncio.gather(*(ask() for _ in range(50)))

    codes = {answer.status_code for answer in answers}
    assert codes <= {201, 409}
    assert 201 in codes
    assert len({a.json()["request_id"] for a in answers if a.status_code == 201}) == 1
    assert {a.json()["slug"] for a in answers if a.status_code == 409} <= {"command-under-way"}
    async with databases["requests"].transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM request") == 1


async def test_twenty_concurrent_editors_lose_no_update(api: Client) -> None:
    draft = await filed(api, submit=False)
    path = f"/v1/requests/{draft['request_id']}"
    accepted: list[str] = []

    async def edit(editor: int) -> None:
        for attempt in range(5):
            revision = (await api.get(path, headers=headers())).json()["revision"]
            title = f"editor {editor} attempt {attempt}"
            body = {k: v for k, v in a_request(title=title).items() if k != "submit"}
            answer = await api.patch(path, json=body, headers=headers(revision=revision))
            assert answer.status_code in {200, 412}, answer.text
            if answer.status_code == 200:
                accepted.append(title)

    await asyncio.gather(*(edit(editor) for editor in range(20)))

    final = (await api.get(path, headers=headers())).json()
    assert final["revision"] == 1 + len(accepted)
    assert final["title"] in accepted
