"""A State previews the suggestions for a draft, which is not stored."""

import asyncio
import threading
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx
import pytest

from chassis.db.database import Database
from services.matching.matches import preview_api
from tests.builders import a_line, headers
from tests.matching.builders import a_contract_line, a_drafted_line, a_submission
from tests.matching.offerings.steps import approved, move, offered
from tests.matching.steps import CEB, COORDINATOR, KENYA, NORWAY, Client, Owner, matches_of, opened
from tests.platform.operations import ACTORS

IN_FRENCH = "Nos tribunaux ont besoin d’un appui pour la protection des témoins."


async def ask(api: Client, by: str = KENYA, language: str = "en", **changes: Any) -> httpx.Response:
    reader = headers(by) | {"Accept-Language": language}
    return await api.post("/v1/matches/preview", json=a_drafted_line(**changes), headers=reader)


async def foreseen(api: Client, **changes: Any) -> list[dict[str, Any]]:
    answer = await ask(api, **changes)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["offerings"])


async def test_preview_equals_the_suggestions_after_submission(api: Client, owner: Owner) -> None:
    for topics in (["mutual_legal_assistance"], ["wildlife_forest_fisheries"], ["electronic_evidence"]):
        await approved(api, CEB, topics=topics)
    await approved(api, NORWAY, kinds=["mentoring"])

    before = await foreseen(api)

    after = await matches_of(api, await opened(owner, a_submission(a_contract_line())))
    assert 3 == len(after)
    assert [(one["offering_id"], one["score"]) for one in after] == [
        (one["offering_id"], one["score"]) for one in before
    ]
    assert [one["shares"] for one in after] == [
        [{name: share[name] for name in ("criterion", "points", "of")} for share in one["explanation"]]
        for one in before
    ]


async def test_preview_explains_in_the_readers_language(api: Client) -> None:
    await approved(api, title="Fictitious sample: exercises")

    (one,) = await foreseen(api, language="fr")

    said = {why["criterion"]: why["says"] for why in one["explanation"]}
    assert "Offert comme demandé\u00a0: Anglais." == said["language"]
    assert ("Fictitious sample: exercises", "NOR") == (one["title"], one["provider"])


async def test_topics_are_read_from_the_text_if_none_are_given(api: Client) -> None:
    fits = await approved(api, topics=["witness_protection"])
    await approved(api, CEB, topics=["wildlife_forest_fisheries"])

    read = (await ask(api, topics=[], articles=[], text=IN_FRENCH)).json()
    given = (await ask(api, topics=["electronic_evidence"], text=IN_FRENCH)).json()

    assert ["witness_protection"] == read["topics"]
    assert fits["offering_id"] == read["offerings"][0]["offering_id"]
    assert ["electronic_evidence"] == given["topics"], "topics that the State names are used"


async def test_previews_are_limited_per_state(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, running, most = threading.Event(), 0, 0

    def slow(_text: str) -> list[Any]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        assert go_on.wait(60)
        running -= 1
        return []

    monkeypatch.setattr(preview_api, "suggested", slow)
    asked = [asyncio.create_task(ask(api, topics=[], text=IN_FRENCH)) for _ in range(12)]
    try:
        async with asyncio.timeout(30):
            while running < 2 or sum(one.done() for one in asked) < 2:
                await asyncio.sleep(0.01)
        other = await ask(api, by="UGA:focal_point")
    finally:
        go_on.set()
    answers = sorted(await asyncio.gather(*asked), key=lambda one: one.status_code)

    assert [200] * 10 + [429] * 2 == [one.status_code for one in answers]
    assert ("organization-limit-reached", {"limit": 10}) == (answers[-1].json()["slug"], answers[-1].json()["details"])
    assert answers[-1].headers["Retry-After"]
    assert 200 == other.status_code
    assert 2 == most


async def test_unavailable_or_unfit_offerings_are_not_previewed(api: Client) -> None:
    await offered(api, NORWAY)
    suspended = await approved(api, NORWAY)
    await move(api, suspended, "suspend", NORWAY)
    await approved(api, NORWAY, group_size_max=5)
    await approved(api, NORWAY, eligible={"states": [], "regions": [], "excluded_states": ["KEN"]})

    assert [] == await foreseen(api)
    assert [] == await foreseen(api, addressee={"to": "states", "states": ["FRA"]})


async def test_hard_requirements_apply_to_the_preview(api: Client) -> None:
    await approved(api, NORWAY)
    await approved(api, CEB, resource_status="partly", funding_needed={"minor": 5, "currency": "USD"})

    assert {"NOR", "UNODC-CEB"} == {one["provider"] for one in await foreseen(api)}
    assert ["UNODC-CEB"] == [one["provider"] for one in await foreseen(api, excluded_providers=["NOR"])]
    assert ["NOR"] == [one["provider"] for one in await foreseen(api, cannot_wait=True)]


async def test_offering_with_treaties_is_previewed_for_parties(api: Client) -> None:
    await approved(api, CEB, treaties=["UNTOC"])

    assert 1 == len(await foreseen(api))
    assert [] == await foreseen(api, by="SOM:focal_point")


async def test_addressed_line_previews_its_addressees(api: Client) -> None:
    await approved(api, NORWAY)
    units = await approved(api, CEB)

    found = await foreseen(api, addressee={"to": "unodc", "states": []})

    assert [units["offering_id"]] == [one["offering_id"] for one in found]


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"topics": [], "articles": []}, "subject-missing"),
        ({"topics": [], "articles": [], "text": " \n"}, "subject-missing"),
        ({"topics": ["mutual_legal_assistance"] * 50}, "invalid-field"),
        ({"topics": ["no_such_topic"]}, "unknown-code"),
        ({"kind": "no_such_kind"}, "unknown-code"),
        ({"modality": "by_post"}, "unknown-code"),
        ({"addressee": {"to": "states", "states": ["ZZZ"]}}, "unknown-code"),
        ({"window": {"from": "2027-06-30", "until": "2027-02-01"}}, "dates-reversed"),
        ({"excluded_providers": ["ZZZ"]}, "unknown-code"),
        ({"languages": []}, "invalid-field"),
        ({"languages": ["tlh"]}, "invalid-field"),
        ({"group_size": 0}, "number-out-of-range"),
        ({"text": "a" * 20_001}, "invalid-field"),
        ({"line_id": "x"}, "invalid-field"),
        ({"lined": "x"}, "unknown-field"),
    ],
)
async def test_invalid_draft_has_a_clear_refusal(api: Client, changes: dict[str, Any], slug: str) -> None:
    answer = await ask(api, **changes)

    assert (400, slug) == (answer.status_code, answer.json()["slug"])


async def test_only_drafters_of_a_state_may_preview(api: Client) -> None:
    for by in ACTORS:
        drafts = by.split(":")[1] in {"focal_point", "official"}
        assert (200 if drafts else 403) == (await ask(api, by)).status_code, by


async def test_states_own_offering_is_not_previewed(api: Client) -> None:
    await approved(api, NORWAY)

    assert [] == await foreseen(api, by="NOR:focal_point")


async def test_draft_is_not_stored(
    api: Client, databases: Mapping[str, Database], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    await approved(api)
    await ask(api, text="canary-of-a-draft about mutual legal assistance", topics=[])
    await ask(api, text="canary-of-a-draft " * 2000)

    assert "canary-of-a-draft" not in caplog.text + "".join(capsys.readouterr())
    async with databases["matching"].transaction() as tx:
        for table in ("journal", "audit", "command", "remark", "wanted_line", "match"):
            rows = await tx.fetch(f"SELECT {table}::text AS row FROM {table}")
            assert not [row for row in rows if "canary" in row["row"]], table
        assert 0 == await tx.fetchval("SELECT count(*) FROM wanted_line")
    assert [] == (await api.get("/v1/matches", headers=headers(COORDINATOR))).json()["matches"]


async def test_line_as_filed_is_previewed(api: Client) -> None:
    """A line is pasted from the body of a request; the topics are read from its outcome if none are given."""
    offering = await approved(api)
    filed = {**a_line(outcome="Fictitious sample. Help with electronic evidence."), "line_id": str(uuid4())}

    given = (await ask(api, **filed)).json()
    read = (await ask(api, **filed | {"topics": [], "text": ""})).json()

    assert [offering["offering_id"]] == [one["offering_id"] for one in given["offerings"]]
    assert filed["topics"] == given["topics"]
    assert read["topics"]
