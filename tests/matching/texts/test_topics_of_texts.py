"""The route that suggests topics for a text, which is not stored."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from chassis.db.database import Database
from tests.builders import headers
from tests.matching.steps import COORDINATOR, KENYA, NORWAY, Client
from tests.platform.operations import ACTORS

IN_SIX_LANGUAGES = {
    "ar": "نحتاج إلى دعم في حماية الشهود وفي الأدلة الإلكترونية أمام المحاكم.",
    "en": "Our courts need support with the protection of witnesses and with electronic evidence.",
    "es": "Nuestros tribunales necesitan apoyo en la protección de testigos y las pruebas electrónicas.",
    "fr": "Nos tribunaux ont besoin d’un appui pour la protection des témoins et les preuves électroniques.",
    "ru": "Нашим судам нужна поддержка для защиты свидетелей и работы с электронными доказательствами.",
    "zh": "我国法院在证人保护和电子证据方面需要支持。",
}


async def ask(api: Client, text: Any, by: str = KENYA, language: str = "en") -> httpx.Response:
    reader = headers(by) | {"Accept-Language": language}
    return await api.post("/v1/matches/topics", json={"text": text}, headers=reader)


@pytest.mark.parametrize("language", IN_SIX_LANGUAGES)
async def test_text_in_any_language_gets_topics_with_passages(api: Client, language: str) -> None:
    text = IN_SIX_LANGUAGES[language]

    answer = await ask(api, text, language="ru")

    assert answer.status_code == 200, answer.text
    found = {one["topic"]: one for one in answer.json()["topics"]}
    assert {"witness_protection", "electronic_evidence"} <= set(found)
    assert "Защита свидетелей" == found["witness_protection"]["label"]
    for one in found.values():
        for passage in one["passages"]:
            assert text[passage["start"] : passage["end"]].strip()


async def test_empty_and_malformed_texts_have_clear_answers(api: Client) -> None:
    for nothing in ("x", "👍🏽 ‏‎", "1234567890" * 100, "\u202e\u200f"):
        answer = await ask(api, nothing)
        assert (200, []) == (answer.status_code, answer.json()["topics"]), nothing
    for wrong in ("", "a" * 20_001, None, 7, ["a"]):
        assert 400 == (await ask(api, wrong)).status_code, wrong


async def test_only_writers_may_ask_for_topics(api: Client) -> None:
    for by in ACTORS:
        answer = await ask(api, "mutual legal assistance", by)
        writes = by.split(":")[1] in {"focal_point", "official", "provider_officer", "coordinator"}
        assert (200 if writes else 403) == answer.status_code, by


async def test_text_is_not_stored(
    api: Client, databases: Mapping[str, Database], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    await ask(api, "canary-of-a-draft about mutual legal assistance", NORWAY)
    await ask(api, "canary-of-a-draft" * 2000, COORDINATOR)

    assert "canary-of-a-draft" not in caplog.text + "".join(capsys.readouterr())
    async with databases["matching"].transaction() as tx:
        for table in ("journal", "audit", "command", "remark"):
            rows = await tx.fetch(f"SELECT {table}::text AS row FROM {table}")
            assert not [row for row in rows if "canary" in row["row"]], table
