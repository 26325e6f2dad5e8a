"""Lists of matches with the titles of both sides, as far as the reader may read them."""

from typing import Any

import pytest

from tests.builders import headers
from tests.matching.offerings.steps import approved
from tests.matching.steps import CEB, COORDINATOR, KENYA, NORWAY, Client, Owner, matches_of, opened
from tests.matching.texts.steps import Stage

BOTH = {"expand": ["request", "offering"]}
TITLES = {"request_title", "offering_title"}


async def listed(stage: Stage, by: str, **asked: Any) -> list[dict[str, Any]]:
    answer = await stage.api.get("/v1/matches", params=asked, headers=headers(by))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["matches"])


async def presented(stage: Stage, provider: str, **changes: Any) -> dict[str, Any]:
    """Present a match of an open request titled "needs" with an offering titled "gives"."""
    await approved(stage.api, provider, title="gives", summary="")
    request = await stage.files("needs", **changes)
    for move in ("register", "open"):
        request = await stage.moves(request, move)
    (match,) = await stage.matches(request)
    path = f"/v1/matches/{match['match_id']}/present"
    shown = await stage.api.post(path, json={}, headers=headers(COORDINATOR, revision=match["revision"]))
    assert shown.status_code == 200, shown.text
    return dict(shown.json())


async def test_both_titles_stand_in_the_list_that_asks_for_them(stage: Stage) -> None:
    match = await presented(stage, NORWAY, circulation="granted")
    for who in (COORDINATOR, KENYA, NORWAY):
        (one,) = await listed(stage, who, **BOTH)
        assert (one["match_id"], one["request_title"], one["offering_title"]) == (match["match_id"], "needs", "gives")
        (plain,) = await listed(stage, who)
        assert plain == {name: value for name, value in one.items() if name not in TITLES}
        (half,) = await listed(stage, who, expand="offering")
        assert TITLES & set(half) == {"offering_title"}


async def test_title_of_a_request_is_absent_for_those_who_may_not_read_it(stage: Stage) -> None:
    await presented(stage, CEB, circulation="none")
    (one,) = await listed(stage, CEB, **BOTH)
    assert TITLES & set(one) == {"offering_title"}
    (seen,) = await listed(stage, COORDINATOR, **BOTH)
    assert seen["request_title"] == "needs"


async def test_list_without_its_titles_is_refused_if_their_owner_is_silent(api: Client, owner: Owner) -> None:
    await approved(api, NORWAY)
    fact = await opened(owner)
    assert await matches_of(api, fact)
    path = f"/v1/matches?request={fact.request_id}"
    refused = await api.get(path + "&expand=request", headers=headers(COORDINATOR))
    assert (refused.status_code, refused.json()["slug"]) == (503, "titles-unheard")
    assert (await api.get(path + "&expand=offering", headers=headers(COORDINATOR))).status_code == 200


async def test_explanation_of_a_listed_match_is_that_of_the_match_itself(stage: Stage) -> None:
    match = await presented(stage, NORWAY, circulation="granted")
    for who in (COORDINATOR, KENYA, NORWAY):
        (one,) = await listed(stage, who, expand="explanation", limit=30)
        alone = await stage.api.get(f"/v1/matches/{match['match_id']}", headers=headers(who))
        assert one["explanation"] == alone.json()["explanation"]
        assert [why["criterion"] for why in one["explanation"]] == [share["criterion"] for share in one["shares"]]
    refused = await stage.api.get("/v1/matches?expand=explanation&limit=31", headers=headers(COORDINATOR))
    assert (refused.status_code, refused.json()["details"]["field"]) == (400, "limit")


@pytest.mark.parametrize("expand", ["line", ["request", "offering", "request", "offering"]])
async def test_unknown_expansion_is_refused(api: Client, expand: Any) -> None:
    refused = await api.get("/v1/matches", params={"expand": expand}, headers=headers(COORDINATOR))
    assert (refused.status_code, refused.json()["slug"]) == (400, "invalid-request")
