"""Requests similar to a draft: the State's own, and those that circulate in its region as far as consents allow."""

from typing import Any

import pytest

from tests.builders import a_line, headers
from tests.requests.steps import COORDINATOR, KENYA, Client, consent, filed, opened, shown_to, withdraw

UGANDA = "UGA:focal_point"
MLA = {"kind": "mla_training", "topics": ["mutual_legal_assistance"]}


async def checked(api: Client, by: str = UGANDA, **line: Any) -> dict[str, Any]:
    body = {"language": "en", "lines": [MLA | line]}
    answer = await api.post("/v1/requests/check", json=body, headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def circulating(api: Client, by: str = UGANDA, **line: Any) -> list[dict[str, Any]]:
    return list((await checked(api, by, **line))["circulating"])


async def test_request_of_the_region_is_shown_as_far_as_its_consent_goes(api: Client) -> None:
    request = await opened(api)
    assert await circulating(api) == []
    found = {
        "request_id": request["request_id"],
        "state": "KEN",
        "kinds": ["mla_training"],
        "topics": ["mutual_legal_assistance"],
    }
    request = await consent(api, request, recipients=["providers"], fields=["codes"])
    assert await circulating(api) == [found]
    assert await circulating(api, "UGA:official") == [found]
    request = await consent(api, request, recipients=["UGA"], fields=["codes", "words"])
    assert await circulating(api) == [found | {"title": "Canary-title"}]
    assert (await checked(api))["similar"] == []
    assert await shown_to(api, request, UGANDA, "UGA:provider_officer") == [False, True]

    for one in request["consents"]:
        request = (await withdraw(api, request, one["consent_id"])).json()
    assert await circulating(api) == []


async def test_consent_to_others_shows_nothing(api: Client) -> None:
    await consent(api, await opened(api), recipients=["NOR", "unodc_units"])
    assert await circulating(api) == []


async def test_excluded_state_sees_nothing(api: Client) -> None:
    await consent(api, await opened(api, excluded_providers=["UGA"]), recipients=["providers"])
    assert await circulating(api) == []
    assert len(await circulating(api, "SEN:focal_point")) == 1


@pytest.mark.parametrize("by", ["PER:focal_point", "NOR:focal_point", KENYA])
async def test_similar_requests_are_those_of_other_states_of_the_region(api: Client, by: str) -> None:
    request = await consent(api, await opened(api), recipients=["providers"])
    assert await circulating(api, by) == []
    assert (await checked(api, by))["similar"] == ([request["request_id"]] if by == KENYA else [])


async def test_kind_and_topic_of_one_line_have_to_be_in_common(api: Client) -> None:
    lines = [a_line(topics=["extradition"]), a_line(kind="sherloc_training", topics=["mutual_legal_assistance"])]
    await consent(api, await opened(api, lines=lines), recipients=["providers"])
    assert await circulating(api) == []
    assert [one["topics"] for one in await circulating(api, topics=["extradition"])] == [["extradition"]]
    both = await circulating(api, topics=["extradition", "mutual_legal_assistance"])
    assert [one["topics"] for one in both] == [["extradition"]]


async def test_request_that_no_longer_circulates_is_not_shown(api: Client) -> None:
    request = await consent(api, await opened(api), recipients=["providers"])
    path = f"/v1/requests/{request['request_id']}/hold"
    held = await api.post(path, json={"reason": "other"}, headers=headers(COORDINATOR, revision=request["revision"]))
    assert held.status_code == 200, held.text
    assert await circulating(api) == []


async def test_most_topics_in_common_come_first(api: Client) -> None:
    asked = ["mutual_legal_assistance", "extradition"]
    for topics in (asked, asked[:1]):
        await consent(api, await opened(api, lines=[a_line(topics=topics)]), recipients=["providers"])
    await filed(api)
    assert [len(one["topics"]) for one in await circulating(api, topics=asked)] == [2, 1]
