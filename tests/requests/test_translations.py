"""Translations of a request's texts: beside the source, marked, and shown to those who may read the source."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.matching import MatchConfirmed
from services.requests.request import actions
from services.requests.wiring import SERVICE
from tests.builders import NOON, a_caller, a_line, an_event, headers
from tests.databases import connected
from tests.matching.builders import SPRING
from tests.requests.steps import COORDINATOR, KENYA, NORWAY, Client, consent, filed, opened, withdraw
from tests.requests.translation_steps import ARABIC_TITLE, path_of, translated, translation_of

OFFICIAL = "KEN:official"
SOURCES = {"Canary-title", "Canary-need", "Canary-outcome", "Canary-place", "Canary-markers", "Canary-name"}


async def read(api: Client, request: Mapping[str, Any], by: str = KENYA, **more: str) -> dict[str, Any]:
    answer = await api.get(f"/v1/requests/{request['request_id']}", headers=headers(by) | more)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_reader_gets_the_translation_beside_the_source(api: Client, database_url: str) -> None:
    request = await opened(api)
    added = await translated(api, request)

    shown = await read(api, request, **{"Accept-Language": "fr"})

    assert shown["translation"] == added
    assert (added["language"], added["source_language"], added["made_by"], added["stale"]) == (
        "fr", "en", "unodc", False,
    )  # fmt: skip
    assert (shown["title"], added["title"]) == ("Canary-title", "Traduction-title")
    assert added["lines"][0]["outcome"] == "Traduction-outcome"
    assert shown["revision"] == request["revision"]
    for language in ("en", "ru"):
        assert (await read(api, request, **{"Accept-Language": language}))["translation"] is None
    path = f"/v1/requests/{request['request_id']}?language=fr"
    assert (await api.get(path, headers=headers(KENYA))).json()["translation"] == added
    async with connected(database_url, "requests", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_lists_have_the_title_in_arabic(api: Client) -> None:
    request, other = await opened(api), await opened(api)
    await translated(api, request, by=OFFICIAL, language="ar", title=ARABIC_TITLE, need="", lines=[])

    listed = (await api.get("/v1/requests", headers=headers(KENYA) | {"Accept-Language": "ar"})).json()["requests"]

    by_id = {one["request_id"]: one for one in listed}
    assert by_id[request["request_id"]]["title"] == "Canary-title"
    assert by_id[request["request_id"]]["title_translation"] == {
        "title": ARABIC_TITLE, "language": "ar", "made_by": "state", "stale": False,
    }  # fmt: skip
    assert by_id[other["request_id"]]["title_translation"] is None


@pytest.mark.parametrize(
    ("by", "machine", "made_by"),
    [
        (KENYA, False, "state"),
        (OFFICIAL, True, "machine"),
        (COORDINATOR, False, "unodc"),
        (COORDINATOR, True, "machine"),
    ],
)
async def test_the_maker_follows_from_the_role(api: Client, by: str, machine: bool, made_by: str) -> None:
    request = await opened(api)

    assert (await translated(api, request, by=by, machine=machine))["made_by"] == made_by


async def test_a_translation_is_stale_once_its_texts_change(api: Client) -> None:
    draft = await filed(api, submit=False)
    await translated(api, draft, by=KENYA)

    async def revised(revision: int, **changes: Any) -> dict[str, Any]:
        given = headers(KENYA, revision=revision) | {"Accept-Language": "fr"}
        answer = await api.patch(f"/v1/requests/{draft['request_id']}", json=changes, headers=given)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["translation"])

    assert (await revised(1, visibility="private"))["stale"] is False
    assert (await revised(2, need="Fictitious: another need."))["stale"] is True
    body = {name: one for name, one in translation_of(draft).items() if name != "language"}

    async def replaced(source_revision: int, revision: int) -> dict[str, Any]:
        sent = body | {"source_revision": source_revision, "title": "Nouveau titre"}
        answer = await api.put(path_of(draft, "fr"), json=sent, headers=headers(KENYA, revision=revision))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    assert (await replaced(2, 1))["stale"] is True
    again = await replaced(3, 2)
    assert (again["stale"], again["title"], again["revision"]) == (False, "Nouveau titre", 3)


async def test_texts_of_a_removed_line_are_deleted(api: Client, db: Database) -> None:
    draft = await filed(api, submit=False, lines=[a_line(), a_line()])
    await translated(api, draft, by=KENYA)
    path = f"/v1/requests/{draft['request_id']}/lines/{draft['lines'][0]['line_id']}"

    assert (await api.delete(path, headers=headers(KENYA, revision=1))).status_code == 200

    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM translated_line_text") == 0
    assert (await read(api, draft, **{"Accept-Language": "fr"}))["translation"]["lines"] == []


async def test_it_is_shown_where_the_words_are(api: Client) -> None:
    """Norway reads nothing with codes only, all but the institution's name with words, nothing after the withdrawal."""
    request = await opened(api)
    await translated(api, request)
    path, given = path_of(request, "fr"), headers(NORWAY) | {"Accept-Language": "fr"}

    async def texts() -> set[str]:
        answers = [await api.get(f"/v1/requests{one}", headers=given) for one in
                   ("", f"/{request['request_id']}", f"/{request['request_id']}/translations",
                    f"/{request['request_id']}/translations/fr")]  # fmt: skip
        return {word for answer in answers for word in answer.text.split('"') if word.startswith("Traduction")}

    assert await texts() == set()
    request = await consent(api, request, recipients=["NOR"], fields=["codes", "institution"])
    assert await texts() == set()
    assert (await api.get(path, headers=given)).status_code == 404
    assert (await api.get(path_of(request), headers=given)).status_code == 404
    request = await consent(api, request, recipients=["NOR"], fields=["codes", "words"])
    shown = {"Traduction-title", "Traduction-need", "Traduction-outcome", "Traduction-place", "Traduction-markers"}
    assert await texts() == shown
    for given_now in [one for one in request["consents"] if one["in_force"]]:
        answer = await withdraw(api, request, given_now["consent_id"])
        request = answer.json()
    assert await texts() == set()
    assert (await api.get(path, headers=given)).status_code == 404


async def test_who_serves_a_line_reads_its_translation(api: Client, db: Database) -> None:
    """The words of the whole request stay hidden; the institution's name needs a consent and both acceptances."""
    request = await opened(api)
    await translated(api, request)
    ids = {"request_id": UUID(request["request_id"]), "line_id": UUID(request["lines"][0]["line_id"])}
    match = MatchConfirmed(
        match_id=uuid4(), offering_id=uuid4(), state="KEN", provider="NOR", capacity_period=SPRING, confirmed_at=NOON,
        **ids,
    )  # fmt: skip
    async with db.transaction() as tx:
        await actions.on_match_changed(tx, an_event(match, 1), match)

    async def texts() -> set[str]:
        answer = await api.get(path_of(request, "fr"), headers=headers(NORWAY))
        assert answer.status_code == 200, answer.text
        return {word for word in answer.text.split('"') if word.startswith("Traduction")}

    line = {"Traduction-outcome", "Traduction-place", "Traduction-markers"}
    assert await texts() == line
    request = (await api.get(f"/v1/requests/{request['request_id']}", headers=headers(KENYA))).json()
    await consent(api, request, recipients=["NOR"], fields=["codes", "institution"])
    assert await texts() == line | {"Traduction-name"}


async def test_row_level_security_hides_the_texts_of_a_translation(api: Client, db: Database) -> None:
    request = await opened(api)
    await translated(api, request)
    await consent(api, request, recipients=["FRA"], fields=["codes"])

    async def rows(by: str) -> list[int]:
        async with db.transaction(by=a_caller(by)) as tx:
            return [
                await tx.fetchval(f"SELECT count(*) FROM {table}")
                for table in ("translation", "translation_text", "translated_line_text")
            ]

    assert await rows("KEN:official") == [1, 1, 1]
    assert await rows("UNODC:auditor") == [1, 1, 1]
    for by in ("UGA:focal_point", NORWAY, "FRA:provider_officer", "UNODC:finance_officer"):
        assert await rows(by) == [0, 0, 0], by


async def test_what_the_state_translated_only_the_state_replaces(api: Client) -> None:
    request = await opened(api)
    await translated(api, request, by=OFFICIAL)
    body = {name: one for name, one in translation_of(request).items() if name != "language"}

    by_unodc = await api.put(path_of(request, "fr"), json=body, headers=headers(COORDINATOR, revision=1))
    taken = await api.delete(path_of(request, "fr"), headers=headers(COORDINATOR, revision=1))
    stale = await api.put(path_of(request, "fr"), json=body, headers=headers(KENYA, revision=9))
    own = await api.put(path_of(request, "fr"), json=body, headers=headers(KENYA, revision=1))

    assert [one.status_code for one in (by_unodc, taken, stale, own)] == [403, 403, 412, 200]


async def test_a_withdrawn_translation_leaves_no_text(api: Client, db: Database, database_url: str) -> None:
    request = await opened(api)
    await translated(api, request)

    answer = await api.delete(path_of(request, "fr"), headers=headers(COORDINATOR, revision=1))

    assert (answer.status_code, answer.json()["translations"]) == (200, [])
    assert (await api.get(path_of(request, "fr"), headers=headers(COORDINATOR))).status_code == 404
    async with db.transaction() as tx:
        kept = await tx.fetchval(
            "SELECT (SELECT count(*) FROM translation_text) + (SELECT count(*) FROM translated_line_text)"
        )
        events = [row["event"] for row in await tx.fetch("SELECT event FROM journal")]
    assert kept == 0
    assert not [one for one in events if "Traduction" in one]
    await translated(api, request, by=KENYA)
    async with connected(database_url, "requests", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_erased_texts_leave_the_source(api: Client, db: Database) -> None:
    request = await opened(api)
    await translated(api, request)
    async with db.transaction() as tx:
        await tx.execute("DELETE FROM translation_text")
        await tx.execute("DELETE FROM translated_line_text")

    shown = await read(api, request, **{"Accept-Language": "fr"})

    assert (shown["title"], shown["translation"]["lines"]) == ("Canary-title", [])
    assert "title" not in shown["translation"]


@pytest.mark.parametrize(
    ("changes", "status", "slug", "field"),
    [
        ({"language": "en"}, 400, "translation-language", "language"),
        ({"language": "de"}, 400, "invalid-field", "language"),
        ({"title": "", "need": "", "lines": []}, 400, "translation-empty", None),
        ({"source_revision": 99}, 400, "invalid-field", "source_revision"),
        ({"title": "x" * 401}, 400, "invalid-field", "title"),
        ({"lines": [{"line_id": "0f8fad5b-d9cb-469f-a165-70867728950e"}]}, 400, "line-unknown", "lines[0].line_id"),
    ],
)
async def test_a_wrong_translation_is_refused(
    api: Client, changes: dict[str, Any], status: int, slug: str, field: str | None
) -> None:
    request = await opened(api)

    answer = await api.post(path_of(request), json=translation_of(request, **changes), headers=headers(COORDINATOR))

    assert (status, slug) == (answer.status_code, answer.json()["slug"]), answer.text
    assert answer.json().get("details", {}).get("field") == field


async def test_a_text_that_the_source_lacks_is_not_translated(api: Client) -> None:
    request = await opened(api, need="")

    answer = await api.post(path_of(request), json=translation_of(request), headers=headers(COORDINATOR))

    assert (400, "translation-without-source") == (answer.status_code, answer.json()["slug"])
    assert [error["field"] for error in answer.json()["details"]["errors"]] == ["need"]


async def test_others_do_not_translate(api: Client) -> None:
    request = await opened(api)
    request = await consent(api, request, recipients=["NOR"])

    answers = [
        (await api.post(path_of(request), json=translation_of(request), headers=headers(by))).status_code
        for by in (NORWAY, "UNODC:auditor", "UGA:focal_point", "FRA:provider_officer")
    ]

    assert answers == [403, 403, 404, 404]


async def test_two_translators_make_one_translation(
    api: Client, client_of: Callable[..., Awaitable[httpx.AsyncClient]]
) -> None:
    """Two clients stand for two processes: they do not share locks of records."""
    request = await opened(api)
    other = await client_of("requests")

    answers = await asyncio.gather(
        *(
            one.post(path_of(request), json=translation_of(request), headers=headers(COORDINATOR))
            for one in (api, other)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert [answer.json()["slug"] for answer in answers if answer.status_code == 409] == ["translation-exists"]


async def test_a_repeated_command_translates_once(api: Client) -> None:
    request = await opened(api)
    body, given = translation_of(request), headers(COORDINATOR, key="translated-once")

    first, again = [await api.post(path_of(request), json=body, headers=given) for _ in range(2)]

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.headers["location"] == path_of(request, "fr")
    assert SOURCES & set((await api.get(path_of(request), headers=headers(COORDINATOR))).text.split('"')) == set()
