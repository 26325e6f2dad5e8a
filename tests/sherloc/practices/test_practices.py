"""Practices over HTTP: recorded by a State or a provider, catalogued by UNODC, found in six languages (I.f, II.i)."""

from uuid import uuid4

import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from services.sherloc.wiring import SERVICE
from tests.builders import headers
from tests.sherloc.practices.steps import (
    AUDITOR,
    COORDINATOR,
    FORM,
    KENYA,
    KENYAS_OFFICIAL,
    KENYAS_PROVIDER,
    NORWAY,
    OTHERS,
    UGANDA,
    Client,
    catalogued,
    completed,
    found,
    move,
    reading,
    recorded,
    recording,
    shown,
    slug,
    tried,
)


async def test_draft_is_read_by_its_author_alone(api: Client, db: Database) -> None:
    practice_id = await recorded(api)

    for by in (KENYA, KENYAS_OFFICIAL):
        view = await shown(api, practice_id, by)
        assert FORM == {name: view[name] for name in FORM}
        assert ("draft", "KEN", None) == (view["status"], view["state"], view["provider"])
    for by in (COORDINATOR, AUDITOR, *OTHERS):
        assert (404, "not-found") == slug(await reading(api, practice_id, by))
        assert [] == await found(api, by)
    await move(api, practice_id, "withdraw", KENYA)
    assert (404, "not-found") == slug(await reading(api, practice_id, COORDINATOR)), "an unsubmitted practice is hidden"
    assert not await verify(db, SERVICE)


@pytest.mark.parametrize("author", [KENYA, NORWAY])
async def test_practice_is_catalogued_and_then_read_by_every_appointment(
    api: Client, db: Database, author: str
) -> None:
    practice_id = await recorded(api, author)
    await move(api, practice_id, "submit", author)
    assert (404, "not-found") == slug(await reading(api, practice_id, UGANDA))
    assert ["return_practice", "catalogue_practice"] == (await shown(api, practice_id, COORDINATOR))["moves"]

    await move(api, practice_id, "catalogue", COORDINATOR, comment="Fictitious: read.")

    for by in (*OTHERS, AUDITOR):
        assert ("catalogued", FORM["title"]) == (
            (view := await shown(api, practice_id, by))["status"],
            view["title"],
        )
        assert ("" if by not in (author, AUDITOR) else "Fictitious: read.") == view["comment"]
    assert (403, "practice-not-yours") == slug(await tried(api, practice_id, "withdraw", UGANDA, revision=3))
    assert (403, "practice-not-yours") == slug(await tried(api, practice_id, "withdraw", KENYAS_PROVIDER, revision=3))
    assert not await verify(db, SERVICE)


async def test_practice_is_returned_with_a_reason_revised_and_submitted_again(api: Client) -> None:
    practice_id = await recorded(api)
    await move(api, practice_id, "submit", KENYA)
    answer = await tried(api, practice_id, "return", COORDINATOR, revision=2, reason="evidence_insufficient")
    assert (400, "unknown-code") == slug(answer)
    view = await move(api, practice_id, "return", COORDINATOR, reason="too_general", comment="Fictitious: how?")
    assert ("returned", "too_general", "Fictitious: how?") == (view["status"], view["reason"], view["comment"])

    await move(api, practice_id, "revise", KENYAS_OFFICIAL, **FORM | {"text": "Fictitious: in detail."})
    view = await move(api, practice_id, "submit", KENYA)

    assert ("submitted", None, "", "Fictitious: in detail.") == (
        *(view["status"], view["reason"]),
        *(view["comment"], view["text"]),
    )
    assert (409, "practice-status") == slug(await tried(api, practice_id, "revise", KENYA, revision=5, **FORM))


async def test_withdrawn_practice_loses_its_words_and_leaves_the_catalogue(api: Client, db: Database) -> None:
    practice_id = await catalogued(api)

    view = await move(api, practice_id, "withdraw", KENYA)

    assert ("withdrawn", "", "", []) == (view["status"], view["title"], view["text"], view["moves"])
    assert (404, "not-found") == slug(await reading(api, practice_id, UGANDA))
    assert [] == await found(api, COORDINATOR, q="urgent")
    async with db.transaction() as tx:
        for table in ("practice_text", "practice_stems", "practice_remark"):
            assert 0 == await tx.fetchval(f"SELECT count(*) FROM {table}"), table
    assert not await verify(db, SERVICE)


async def test_practice_is_recorded_from_a_completed_delivery_of_its_author(api: Client, db: Database) -> None:
    delivery_id = str(await completed(db))
    for by in (KENYA, NORWAY):
        practice_id = await catalogued(api, by, delivery_id=delivery_id)
        assert delivery_id == (await shown(api, practice_id, by))["delivery_id"]
        assert delivery_id == (await shown(api, practice_id, COORDINATOR))["delivery_id"]
        assert (await shown(api, practice_id, UGANDA))["delivery_id"] is None
    for by, given in ((UGANDA, delivery_id), (KENYAS_PROVIDER, delivery_id), (KENYA, str(uuid4()))):
        assert (400, "practice-delivery-unknown") == slug(await recording(api, by, delivery_id=given))


async def test_uses_are_counted_for_all_and_shown_to_their_sides(api: Client, db: Database) -> None:
    practice_id = await catalogued(api)
    ugandas, chiles = [str(await completed(db, state=state)) for state in ("UGA", "CHL")]
    await move(api, practice_id, "add-use", UGANDA, delivery_id=ugandas)
    await move(api, practice_id, "add-use", NORWAY, delivery_id=chiles)
    answer = await tried(api, practice_id, "add-use", UGANDA, revision=5, delivery_id=chiles)
    assert (400, "practice-delivery-unknown") == slug(answer)
    answer = await tried(api, practice_id, "add-use", UGANDA, revision=5, delivery_id=ugandas)
    assert (409, "practice-use-known") == slug(answer)

    seen = {by: await shown(api, practice_id, by) for by in (KENYA, UGANDA, NORWAY, COORDINATOR)}

    assert {2} == {view["uses"] for view in seen.values()}
    assert {KENYA: set(), UGANDA: {ugandas}, NORWAY: {ugandas, chiles}, COORDINATOR: {ugandas, chiles}} == {
        by: set(view["used_in"]) for by, view in seen.items()
    }
    view = await move(api, practice_id, "remove-use", UGANDA, delivery_id=ugandas)
    assert (1, []) == (view["uses"], view["used_in"])
    answer = await tried(api, practice_id, "remove-use", UGANDA, revision=6, delivery_id=ugandas)
    assert (409, "practice-use-unknown") == slug(answer)
    assert not await verify(db, SERVICE)


async def test_only_the_state_itself_enters_what_comes_from_its_review(api: Client) -> None:
    assert (400, "practice-review-not-yours") == slug(await recording(api, NORWAY, country_review="entered_by_state"))
    practice_id = await recorded(api, KENYA, country_review="entered_by_state")
    assert "entered_by_state" == (await shown(api, practice_id, KENYA))["country_review"]
    unstated = {name: value for name, value in FORM.items() if name != "country_review"}
    answer = await api.post("/v1/practices", json=unstated, headers=headers(KENYA))
    assert 400 == answer.status_code


async def test_practice_is_refused_for_what_does_not_fit(api: Client) -> None:
    for changes in ({"articles": ["UNTOC:999"]}, {"topics": ["unheard_of"]}):
        assert (400, "unknown-code") == slug(await recording(api, **changes))
    for by in (COORDINATOR, "NOR:donor_officer"):
        assert (403, "not-for-your-role") == slug(await recording(api, by))
    practice_id = await recorded(api, articles=[], topics=[])
    assert (400, "practice-not-tagged") == slug(await tried(api, practice_id, "submit", KENYA, revision=1))
    assert (412, "revision-stale") == slug(await tried(api, practice_id, "submit", KENYA, revision=9))


async def test_repeated_command_records_once(api: Client) -> None:
    given = headers(KENYA)
    first, second = [await api.post("/v1/practices", json=FORM, headers=given) for _ in range(2)]

    assert (201, first.json()) == (second.status_code, second.json())
    assert 1 == len(await found(api, KENYA))


IN_LANGUAGES = {
    "ar": ("نموذج واحد للطلبات العاجلة", "الطلب العاجل"),
    "en": ("One form for urgent requests", "REQUESTED forms"),
    "es": ("Un formulario único para solicitudes urgentes", "formularios urgente"),
    "fr": ("Un formulaire unique pour les demandes urgentes", "formulaires urgent"),
    "ru": ("Единая форма для срочных запросов", "срочный запрос"),
    "zh": ("紧急请求统一表格", "紧急表格"),
}


@pytest.mark.parametrize("language", IN_LANGUAGES)
async def test_practice_is_found_by_other_forms_of_its_words(api: Client, language: str) -> None:
    title, asked = IN_LANGUAGES[language]
    practice_id = await catalogued(api, title=title, text=title, language=language)
    await catalogued(api, title="Fictitious", text="Fictitious")

    assert [practice_id] == await found(api, q=asked)


@pytest.mark.parametrize(
    "asked",
    ["المساعدة القانونية", "mutual legal assistance", "asistencia judicial", "entraides judiciaires",
     "взаимной правовой помощи", "司法协助"],
)  # fmt: skip
async def test_practice_is_found_in_six_languages_by_what_it_is_about(api: Client, asked: str) -> None:
    practice_id = await catalogued(api)
    await catalogued(api, articles=[], topics=["obstruction_of_justice"])

    assert [practice_id] == await found(api, q=asked)


async def test_catalogue_is_filtered_and_paged(api: Client) -> None:
    kenyas = await catalogued(api, practice_kind="tool", articles=["UNTOC:18", "UNTOC:27"], topics=[])
    norways = await catalogued(api, NORWAY, language="fr", articles=[], topics=["obstruction_of_justice"])
    draft = await recorded(api, practice_kind="challenge")

    assert [norways, kenyas] == await found(api)
    assert [draft, norways, kenyas] == await found(api, KENYA)
    assert [draft] == await found(api, KENYA, status="draft")
    for query, expected in (
        ({"kind": "tool"}, [kenyas]),
        ({"article": "UNTOC:27"}, [kenyas]),
        ({"topic": "organized_group_offences"}, [norways]),
        ({"state": "KEN"}, [kenyas]),
        ({"language": "fr"}, [norways]),
        ({"q": "urgent nothing"}, []),
        ({"q": "the"}, []),
    ):
        assert expected == await found(api, **query), query
    answer = await api.get("/v1/practices?limit=1", headers=headers(UGANDA))
    assert [kenyas] == await found(api, cursor=answer.json()["cursor"])
    answer = await api.get("/v1/practices?topic=unheard_of", headers=headers(UGANDA))
    assert (400, "unknown-code") == slug(answer)
