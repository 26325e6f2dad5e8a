"""A presented match keeps its explanation when its offering changes."""

from collections.abc import Mapping
from typing import Any

import httpx

from tests.builders import headers
from tests.matching.builders import an_offering_body
from tests.matching.offerings.steps import approved
from tests.matching.offerings.steps import move as move_offering
from tests.matching.steps import COORDINATOR, KENYA, NORWAY, Owner, matches_of, move, opened, presented

Client = httpx.AsyncClient


async def detail(api: Client, match: Mapping[str, Any], by: str = COORDINATOR) -> dict[str, Any]:
    answer = await api.get(f"/v1/matches/{match['match_id']}", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def agreed(api: Client, match: Mapping[str, Any]) -> dict[str, Any]:
    return await move(api, await move(api, match, "accept", KENYA), "confirm", NORWAY)


def load_of(match: Mapping[str, Any]) -> list[tuple[int, str]]:
    return [(one["points"], one["says"]) for one in match["explanation"] if one["criterion"] == "load"]


async def test_explanation_is_stored_as_presented(api: Client, owner: Owner) -> None:
    match = await presented(api, owner)
    before = await detail(api, match, KENYA)

    match = await agreed(api, match)

    after = await detail(api, match, KENYA)
    assert before["explanation"] == after["explanation"], "the stored explanation is unchanged"
    assert (before["score"], before["shares"]) == (after["score"], after["shares"])
    assert len(after["shares"]) == len(after["explanation"])
    in_arabic = await api.get(f"/v1/matches/{match['match_id']}", headers=headers(KENYA) | {"Accept-Language": "ar"})
    assert len(in_arabic.json()["explanation"]) == len(after["explanation"])


async def test_confirmed_match_keeps_its_explanation_after_a_revision(api: Client, owner: Owner) -> None:
    match = await presented(api, owner)
    before = await detail(api, await agreed(api, match), KENYA)
    path = f"/v1/offerings/{match['offering_id']}"
    offering = (await api.get(path, headers=headers(NORWAY))).json()
    other = {name: value for name, value in an_offering_body(topics=["cybercrime"]).items() if name != "submit"}

    revised = await api.patch(path, json=other, headers=headers(NORWAY, revision=offering["revision"]))
    assert 200 == revised.status_code, revised.text
    await move_offering(api, revised.json(), "approve", COORDINATOR)

    assert before == await detail(api, match, KENYA)


async def test_match_is_scored_again_when_presented(api: Client, owner: Owner) -> None:
    await approved(api, NORWAY)
    first, second = await opened(owner), await opened(owner)
    (waiting,) = await matches_of(api, second)
    await agreed(api, await move(api, (await matches_of(api, first))[0], "present", COORDINATOR))

    assert [] == load_of(await detail(api, waiting)), "the basis of the share has changed, so it has no explanation"

    shown = await detail(api, await move(api, waiting, "present", COORDINATOR), KENYA)
    assert shown["score"] == sum(share["points"] for share in shown["shares"]) < waiting["score"]
    assert [(19, "Deliveries of the offering that are taken: 1 of 3. In full where none is taken.")] == load_of(shown)
    assert len(shown["shares"]) == len(shown["explanation"])
