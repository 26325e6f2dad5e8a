"""A request begun from an earlier one of the State, and the objection by its own route."""

from datetime import timedelta
from typing import Any

import httpx

from tests.builders import a_line, headers
from tests.clocks import TODAY
from tests.requests.attachment_steps import attached, listed
from tests.requests.steps import COORDINATOR, KENYA, NORWAY, Client, filed, opened, shown_to

WINDOW = {"from": (TODAY - timedelta(days=90)).isoformat(), "until": (TODAY + timedelta(days=90)).isoformat()}


async def begun_from(api: Client, request_id: str, by: str = KENYA, **body: Any) -> httpx.Response:
    return await api.post(
        "/v1/requests", json={"language": "en", "from_request": request_id} | body, headers=headers(by)
    )


async def test_the_content_of_an_earlier_request_is_copied(api: Client) -> None:
    lines = [a_line(), a_line(kind="training", window=WINDOW)]
    earlier = await filed(api, submit=False, lines=lines, excluded_providers=["FRA"])
    await attached(api, earlier)

    answer = await begun_from(api, earlier["request_id"], "KEN:official")

    assert answer.status_code == 201, answer.text
    copy = answer.json()
    assert ("draft", 1) == (copy["status"], copy["revision"])
    for name in ("title", "need", "visibility", "addressee", "excluded_providers"):
        assert copy[name] == earlier[name]
    assert copy["lines"][0] | {"line_id": ""} == earlier["lines"][0] | {"line_id": ""}
    assert {one["line_id"] for one in copy["lines"]}.isdisjoint(one["line_id"] for one in earlier["lines"])
    assert "window" not in copy["lines"][1]
    assert ("none", []) == (copy["circulation_rule"], copy["consents"])
    assert [] == await listed(api, copy)


async def test_what_the_body_says_is_used_instead(api: Client) -> None:
    earlier = await filed(api)

    copy = (await begun_from(api, earlier["request_id"], title="Another year", lines=[a_line(group_size=7)])).json()

    assert ("Another year", earlier["need"]) == (copy["title"], copy["need"])
    assert [7] == [line["group_size"] for line in copy["lines"]]


async def test_only_an_own_request_in_its_language_is_copied(api: Client) -> None:
    earlier = await filed(api, circulation="granted", visibility="providers")

    another = await begun_from(api, earlier["request_id"], "UGA:focal_point")
    language = await begun_from(api, earlier["request_id"], language="fr")

    assert (404, "not-found") == (another.status_code, another.json()["slug"])
    assert (400, "copy-language-differs") == (language.status_code, language.json()["slug"])


async def test_the_state_objects_while_the_window_runs(api: Client) -> None:
    request = await opened(api, circulation="silence")
    path = f"/v1/requests/{request['request_id']}/object"

    wrong = await api.post(path, json={}, headers=headers(COORDINATOR, revision=request["revision"]))
    answer = await api.post(path, json={"comment": "Canary"}, headers=headers(KENYA, revision=request["revision"]))

    assert 403 == wrong.status_code
    assert (200, "objected") == (answer.status_code, answer.json()["circulation"]), answer.text
    assert [False] == await shown_to(api, request, NORWAY)
    again = await api.post(path, json={}, headers=headers(KENYA, revision=answer.json()["revision"]))
    assert (409, "window-not-running") == (again.status_code, again.json()["slug"])


async def test_nothing_is_objected_to_without_a_window(api: Client) -> None:
    request = await opened(api, circulation="granted")

    path = f"/v1/requests/{request['request_id']}/object"
    answer = await api.post(path, json={}, headers=headers(KENYA, revision=request["revision"]))

    assert (409, "window-not-running") == (answer.status_code, answer.json()["slug"])
