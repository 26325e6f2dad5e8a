"""Observations of the review: a State enters them for itself and begins a request from them."""

import asyncio
from typing import Any

import pytest

from contracts import reference
from contracts.values import Language
from tests.builders import a_line, headers
from tests.requests.steps import COORDINATOR, KENYA, NORWAY, Client, filed

OFFICIAL, UGANDA = "KEN:official", "UGA:focal_point"
LATE = {
    "article": "UNTOC:18",
    "cluster": "international_cooperation",
    "language": "en",
    "text": "Fictitious sample: requests are answered late.",
}


async def entered(api: Client, by: str = KENYA, **changes: Any) -> dict[str, Any]:
    answer = await api.post("/v1/observations", json=LATE | changes, headers=headers(by))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def listed(api: Client, by: str = KENYA, **asked: Any) -> list[str]:
    answer = await api.get("/v1/observations", params=asked, headers=headers(by))
    assert answer.status_code == 200, answer.text
    return [one["article"] for one in answer.json()["observations"]]


async def begun(api: Client, *observations: dict[str, Any], by: str = KENYA, **body: Any) -> Any:
    ids = [one["observation_id"] for one in observations]
    return await api.post("/v1/requests", json={"language": "en", "from_observations": ids} | body, headers=headers(by))


async def test_state_enters_filters_revises_and_removes_its_observations(api: Client) -> None:
    one = await entered(api, OFFICIAL)
    await entered(api, article="UNTOC:16", cluster=None)
    assert await listed(api) == await listed(api, OFFICIAL) == ["UNTOC:18", "UNTOC:16"]
    assert await listed(api, article="UNTOC:16") == ["UNTOC:16"]
    assert await listed(api, cluster="international_cooperation") == ["UNTOC:18"]

    path = f"/v1/observations/{one['observation_id']}"
    patch = {"cluster": None, "text": "Fictitious sample: otherwise."}
    revised = (await api.patch(path, json=patch, headers=headers(KENYA, revision=1))).json()
    assert revised == one | patch | {"revision": 2}
    assert (await api.get(path, headers=headers(OFFICIAL))).json() == revised
    stale = await api.patch(path, json=patch, headers=headers(KENYA, revision=1))
    assert (stale.status_code, stale.json()["slug"]) == (412, "revision-stale")
    assert (await api.delete(path, headers=headers(KENYA, revision=2))).status_code == 204
    assert await listed(api) == ["UNTOC:16"]


async def test_no_one_else_sees_them(api: Client) -> None:
    one = await entered(api)
    path = f"/v1/observations/{one['observation_id']}"
    assert await listed(api, UGANDA) == []
    for who in (UGANDA, "KEN:provider_officer", COORDINATOR, NORWAY, "UNODC:auditor"):
        hidden = await api.get(path, headers=headers(who))
        assert (hidden.status_code, hidden.json()["slug"]) == (404, "not-found"), who
        for method, body in (("PATCH", {"text": "mine"}), ("DELETE", None)):
            answer = await api.request(method, path, json=body, headers=headers(who, revision=1))
            assert (answer.status_code, answer.json()["slug"]) == (404, "not-found"), (who, method)
    for who in (COORDINATOR, NORWAY):
        for answer in (
            await api.get("/v1/observations", headers=headers(who)),
            await api.post("/v1/observations", json=LATE, headers=headers(who)),
        ):
            assert (answer.status_code, answer.json()["slug"]) == (403, "not-for-your-role"), who


async def test_request_begins_with_a_line_for_each_article_and_the_texts_as_its_need(api: Client) -> None:
    one, same = await entered(api), await entered(api, text="Fictitious sample: no central register.")
    other = await entered(api, article="UNTOC:16", cluster=None)

    answer = await begun(api, one, other, same, by=OFFICIAL)

    assert answer.status_code == 201, answer.text
    draft = answer.json()
    assert draft["status"] == "draft"
    assert [line["articles"] for line in draft["lines"]] == [["UNTOC:18"], ["UNTOC:16"]]
    assert draft["need"].split("\n\n") == [f"{each['article']}: {each['text']}" for each in (one, other, same)]

    own = (await begun(api, one, title="Ours", need="Our need", lines=[a_line()])).json()
    assert (own["title"], own["need"], own["lines"][0]["group_size"]) == ("Ours", "Our need", a_line()["group_size"])


async def test_request_begins_only_from_own_observations_in_one_language(api: Client) -> None:
    one, french = await entered(api), await entered(api, language="fr")
    for answer, expected in (
        (await begun(api, one, by=UGANDA), (404, "not-found")),
        (await begun(api, one, french), (400, "observations-language-differs")),
        (await begun(api, french), (400, "copy-language-differs")),
        (await begun(api, one, from_request=(await filed(api))["request_id"]), (400, "prefilled-from-both")),
    ):
        assert (answer.status_code, answer.json()["slug"]) == expected
    long = [await entered(api, text="x" * 1999) for _ in range(2)]
    refused = await begun(api, *long)
    assert (refused.status_code, refused.json()["slug"]) == (400, "observations-too-long")


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"article": "UNTOC:181"}, "unknown-code"),
        ({"cluster": "cooperation"}, "unknown-code"),
        ({"language": "de"}, "invalid-field"),
        ({"text": ""}, "invalid-field"),
    ],
)
async def test_bad_observation_is_refused(api: Client, changes: dict[str, Any], slug: str) -> None:
    refused = await api.post("/v1/observations", json=LATE | changes, headers=headers(KENYA))
    assert (refused.status_code, refused.json()["slug"]) == (400, slug)
    one = await entered(api)
    path = f"/v1/observations/{one['observation_id']}"
    patched = await api.patch(path, json=changes, headers=headers(KENYA, revision=1))
    assert patched.json()["slug"] == slug


async def test_limit_of_a_state_holds_for_parallel_entries(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.requests.observation.actions.OBSERVATIONS_MAX", 2)
    key = headers(KENYA)
    first = await api.post("/v1/observations", json=LATE, headers=key)
    assert (await api.post("/v1/observations", json=LATE, headers=key)).json() == first.json()
    answers = await asyncio.gather(
        *(api.post("/v1/observations", json=LATE, headers=headers(who)) for who in (KENYA, OFFICIAL, KENYA, OFFICIAL))
    )
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    assert {one.json()["slug"] for one in answers if one.is_error} == {"observation-limit-reached"}


def test_clusters_of_the_review_have_labels_in_six_languages() -> None:
    assert len(reference.review_clusters()) == 4
    assert all(set(one.labels) == set(Language) for one in reference.review_clusters().values())
