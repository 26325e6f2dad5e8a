"""A command that is sent again with the same idempotency key has one effect."""

from collections.abc import Mapping
from uuid import uuid4

from chassis.db.database import Database
from tests.builders import a_request, headers
from tests.requests.steps import Client


async def test_same_key_and_body_have_one_effect(api: Client, databases: Mapping[str, Database]) -> None:
    body, key = a_request(), str(uuid4())
    answers = [await api.post("/v1/requests", json=body, headers=headers(key=key)) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.text for answer in answers}) == 1
    async with databases["requests"].transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM request") == 1


async def test_repeated_command_returns_the_current_record(api: Client) -> None:
    body, key = a_request(), str(uuid4())
    first = (await api.post("/v1/requests", json=body, headers=headers(key=key))).json()
    await api.post(f"/v1/requests/{first['request_id']}/withdraw", json={}, headers=headers(revision=first["revision"]))

    again = await api.post("/v1/requests", json=body, headers=headers(key=key))

    assert again.status_code == 201
    assert again.json()["request_id"] == first["request_id"]
    assert again.json()["status"] == "withdrawn"


async def test_key_reused_with_another_body_is_rejected(api: Client) -> None:
    key = str(uuid4())
    await api.post("/v1/requests", json=a_request(), headers=headers(key=key))
    answer = await api.post("/v1/requests", json=a_request(title="Other"), headers=headers(key=key))

    assert (answer.status_code, answer.json()["slug"]) == (422, "idempotency-key-reused")


async def test_keys_of_different_callers_are_independent(api: Client) -> None:
    key = str(uuid4())
    first = await api.post("/v1/requests", json=a_request(), headers=headers("KEN:focal_point", key=key))
    second = await api.post("/v1/requests", json=a_request(), headers=headers("PER:focal_point", key=key))

    assert (first.json()["state"], second.json()["state"]) == ("KEN", "PER")
