"""Gaps of the register: a request is proposed for an instrument with a gap, and its State files it unchanged."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.builders import headers
from tests.sherloc.steps import COORDINATOR, KENYA, UGANDA, Client, published, recorded, slug

NO_LAW: dict[str, Any] = {
    "status": "none",
    "title": "",
    "language": None,
    "in_force_on": None,
    "gazette": "",
    "address": "",
}


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]]) -> Client:
    """A client of sherloc and of the requests service, which receives the draft."""
    return await client_of("sherloc", "requests")


async def gaps(api: Client, by: str, **query: Any) -> list[dict[str, Any]]:
    answer = await api.get("/v1/legislation/gaps", params=query, headers=headers(by))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["gaps"])


@pytest.mark.all_schemas
async def test_request_of_paragraph_one_a_is_proposed_and_filed_by_the_focal_point(api: Client) -> None:
    await recorded(api, article="UNTOC:20", **NO_LAW)
    for article in ("UNTOC:18", "UNTOC:5", "UNTOC:6"):
        await recorded(api, article=article)
    await published(api, article="UNTOC:16")
    assert [] == await gaps(api, KENYA), "four lacking articles are not a gap"
    await recorded(api, article="UNTOC:7", status="outdated")

    (gap,) = await gaps(api, KENYA)

    assert (["UNTOC:20"], ["UNTOC:5", "UNTOC:6", "UNTOC:18"], ["UNTOC:7"]) == (
        gap["without_law"],
        gap["not_on_sherloc"],
        gap["outdated_on_sherloc"],
    )
    draft = gap["request"]
    filed = await api.post(draft["address"], json=draft["body"], headers=headers(KENYA))
    assert filed.status_code == 201, filed.text
    first, second = filed.json()["lines"]
    assert ("legislative_drafting", ["UNTOC:20"], ["I.a"]) == (first["kind"], first["articles"], first["paragraphs"])
    assert ("sherloc_record_update", ["UNTOC:5", "UNTOC:6", "UNTOC:7", "UNTOC:18"]) == (
        second["kind"],
        second["articles"],
    )
    assert "draft" == filed.json()["status"]


@pytest.mark.all_schemas
async def test_gaps_are_shown_to_the_state_and_unodc(api: Client) -> None:
    await recorded(api)

    assert ["KEN"] == [one["state"] for one in await gaps(api, COORDINATOR, at_least=1)]
    assert [] == await gaps(api, UGANDA, at_least=1, state="KEN")
    answer = await api.get("/v1/legislation/gaps", headers=headers("NOR:donor_officer"))
    assert (403, "not-for-your-role") == slug(answer)


@pytest.mark.all_schemas
async def test_line_of_the_draft_has_no_more_articles_than_a_line_may_have(api: Client) -> None:
    for number in range(1, 24):
        await recorded(api, article=f"UNTOC:{number}")

    (gap,) = await gaps(api, KENYA)

    assert [20, 3] == [len(line["articles"]) for line in gap["request"]["body"]["lines"]]
    filed = await api.post("/v1/requests", json=gap["request"]["body"], headers=headers(KENYA))
    assert filed.status_code == 201, filed.text
