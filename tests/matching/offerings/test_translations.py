"""Translations of an offering's texts are shown with the source, marked, to all who see the offering."""

from typing import Any

import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from services.matching.wiring import SERVICE
from tests.builders import headers
from tests.databases import connected
from tests.matching.offerings.steps import COORDINATOR, NORWAY, Client, approved, offered

ARABIC = {"title": "مثال وهمي: تدريب السلطات المركزية", "summary": "مثال وهمي. أسبوعان من التمارين."}
FRANCE, KENYA = "FRA:provider_officer", "KEN:focal_point"


def path_of(offering: dict[str, Any], language: str = "") -> str:
    return f"/v1/offerings/{offering['offering_id']}/translations" + (f"/{language}" if language else "")


async def translated(api: Client, offering: dict[str, Any], by: str = NORWAY, **changes: Any) -> dict[str, Any]:
    body = {"language": "ar", "source_revision": offering["revision"], **ARABIC} | changes
    answer = await api.post(path_of(offering), json=body, headers=headers(by))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_reader_gets_the_translation_beside_the_source(api: Client, database_url: str) -> None:
    offering = await approved(api)
    added = await translated(api, offering)

    given = headers(KENYA) | {"Accept-Language": "ar"}
    shown = (await api.get(f"/v1/offerings/{offering['offering_id']}", headers=given)).json()
    listed = (await api.get("/v1/offerings?language=ar", headers=headers(FRANCE))).json()["offerings"]

    assert (added["made_by"], added["source_language"], added["stale"]) == ("provider", "en", False)
    assert {name: added[name] for name in ARABIC} == ARABIC
    assert shown["translation"] == added
    assert (shown["title"], shown["language"]) == (offering["title"], "en")
    assert [one["translation"] for one in listed] == [added]
    plain = (await api.get(f"/v1/offerings/{offering['offering_id']}", headers=headers(KENYA))).json()
    assert plain["translation"] is None
    async with connected(database_url, "matching", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


@pytest.mark.parametrize(
    ("words", "is_found"),
    [("AUTHORITIES central", True), ("السلطات", True), ("central السلطات", False), ("100%", False)],
)
async def test_an_offering_is_found_by_the_words_of_a_title_in_one_of_its_languages(
    api: Client, words: str, is_found: bool
) -> None:
    offering = await approved(api, title="Training of central authorities")
    await translated(api, offering)
    for who in (COORDINATOR, NORWAY, KENYA):
        answer = await api.get("/v1/offerings", params={"q": words}, headers=headers(who))
        assert answer.status_code == 200, answer.text
        assert [one["offering_id"] for one in answer.json()["offerings"]] == [offering["offering_id"]] * is_found


async def test_a_translation_is_stale_once_its_texts_change(api: Client) -> None:
    offering = await offered(api)
    await translated(api, offering, by=COORDINATOR)

    async def revised(revision: int, **changes: Any) -> Any:
        given = headers(NORWAY, revision=revision) | {"Accept-Language": "ar"}
        answer = await api.patch(f"/v1/offerings/{offering['offering_id']}", json=changes, headers=given)
        assert answer.status_code == 200, answer.text
        return answer.json()["translation"]["stale"]

    assert await revised(1, group_size_max=50) is False
    assert await revised(2, summary="Fictitious: three weeks.") is True
    body = {"source_revision": 3, **ARABIC}
    answer = await api.put(path_of(offering, "ar"), json=body, headers=headers(NORWAY, revision=1))
    assert (answer.status_code, answer.json()["stale"], answer.json()["made_by"]) == (200, False, "provider")


async def test_what_the_provider_translated_only_the_provider_replaces(api: Client, db: Database) -> None:
    offering = await approved(api)
    await translated(api, offering)
    body = {"source_revision": 1, "title": "Autre"}

    answers = [
        (await api.put(path_of(offering, "ar"), json=body, headers=headers(by, revision=1))).status_code
        for by in (COORDINATOR, FRANCE, KENYA)
    ]
    taken = await api.delete(path_of(offering, "ar"), headers=headers(NORWAY, revision=1))

    assert answers == [403, 403, 403]
    assert (taken.status_code, taken.json()["translations"]) == (200, [])
    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM offering_translation_text") == 0


async def test_a_translation_of_a_hidden_offering_is_hidden(api: Client) -> None:
    offering = await offered(api)
    await translated(api, offering)

    answers = [(await api.get(path, headers=headers(FRANCE))).status_code
               for path in (path_of(offering), path_of(offering, "ar"))]  # fmt: skip

    assert answers == [404, 404]


@pytest.mark.parametrize(
    ("changes", "status", "slug"),
    [
        ({"language": "en"}, 400, "translation-language"),
        ({"title": "", "summary": ""}, 400, "translation-empty"),
        ({"source_revision": 9}, 400, "invalid-field"),
    ],
)
async def test_a_wrong_translation_is_refused(api: Client, changes: dict[str, Any], status: int, slug: str) -> None:
    offering = await offered(api)
    body = {"language": "ar", "source_revision": 1, **ARABIC} | changes

    answer = await api.post(path_of(offering), json=body, headers=headers(NORWAY))

    assert (status, slug) == (answer.status_code, answer.json()["slug"]), answer.text


async def test_a_second_translation_into_a_language_is_refused(api: Client) -> None:
    offering = await offered(api)
    await translated(api, offering)

    body = {"language": "ar", "source_revision": 1, **ARABIC}
    answer = await api.post(path_of(offering), json=body, headers=headers(NORWAY))

    assert (409, "translation-exists") == (answer.status_code, answer.json()["slug"])
