"""The words of a submission are fetched by hash, by services only; those of a draft are never served."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.builders import a_line, a_request, headers
from tests.requests.steps import Client

COORDINATOR, MATCHING = "UNODC:coordinator", "service:matching"


async def filed(api: Client, **changes: Any) -> dict[str, Any]:
    answer = await api.post("/v1/requests", json=a_request(**changes), headers=headers())
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def moved(api: Client, request: Mapping[str, Any], name: str, by: str = COORDINATOR, **body: Any) -> Any:
    path = f"/v1/requests/{request['request_id']}/{name}"
    answer = await api.post(path, json=body, headers=headers(by, revision=request["revision"]))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ask(api: Client, request_id: object, by: str = MATCHING, **query: str) -> httpx.Response:
    return await api.get(f"/internal/requests/{request_id}/words", params=query, headers=headers(by))


async def test_service_reads_the_words_of_a_submission_only(api: Client) -> None:
    request = await filed(api, lines=[a_line(), a_line(outcome="Second.", in_place="")])

    answer = await ask(api, request["request_id"])

    assert answer.status_code == 200, answer.text
    words = answer.json()
    assert (request["title"], request["need"]) == (words["title"], words["need"])
    assert [{name: line[name] for name in ("line_id", "outcome", "in_place")} for line in request["lines"]] == words[
        "lines"
    ]
    assert {"request_id", "texts_hash", "title", "need", "lines"} == words.keys()


async def test_hash_of_a_fact_does_not_match_later_words(api: Client) -> None:
    request = await filed(api)
    before = (await ask(api, request["request_id"])).json()
    assert before == (await ask(api, request["request_id"], texts=before["texts_hash"])).json()
    request = await moved(api, request, "return", reason="incomplete")
    body = {name: value for name, value in a_request(title="Changed").items() if name != "submit"}
    path = f"/v1/requests/{request['request_id']}"
    request = (await api.patch(path, json=body, headers=headers(revision=request["revision"]))).json()

    assert 404 == (await ask(api, request["request_id"])).status_code, "the returned request is a draft again"
    request = await moved(api, request, "submit", "KEN:focal_point")

    assert 404 == (await ask(api, request["request_id"], texts=before["texts_hash"])).status_code
    assert "Changed" == (await ask(api, request["request_id"])).json()["title"]


@pytest.mark.parametrize("by", ["KEN:focal_point", COORDINATOR, "UNODC:auditor", "NOR:provider_officer"])
async def test_words_are_answered_to_services_only(api: Client, by: str) -> None:
    request = await filed(api)

    answers = [await ask(api, one, by) for one in (request["request_id"], uuid4())]

    assert [(403, "not-for-your-role")] * 2 == [(answer.status_code, answer.json()["slug"]) for answer in answers]


@pytest.mark.parametrize(
    ("move", "by", "body"),
    [
        ("withdraw", "KEN:focal_point", {}),
        ("decline", COORDINATOR, {"reason": "other"}),
        ("return", COORDINATOR, {"reason": "incomplete"}),
    ],
)
async def test_words_of_a_withdrawn_or_returned_request_are_not_answered(
    api: Client, move: str, by: str, body: Mapping[str, Any]
) -> None:
    request, draft = await filed(api), await filed(api, submit=False)
    await moved(api, request, move, by, **body)

    answers = [await ask(api, one) for one in (request["request_id"], draft["request_id"], uuid4())]

    assert [404] * 3 == [answer.status_code for answer in answers]
    assert 1 == len({answer.json()["slug"] for answer in answers})


async def test_read_by_a_service_is_reported_to_the_state(api: Client) -> None:
    request = await filed(api)
    await ask(api, request["request_id"])

    audience = (await api.get(f"/v1/requests/{request['request_id']}/audience", headers=headers())).json()

    assert ["service"] == [one["role"] for one in audience["readers"]]
