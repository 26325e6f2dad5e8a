"""The reference routes, called without a token, in any language, and with any typed text."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from rdflib import Graph

from chassis.auth.tokens import NoDirectory
from chassis.http.application import application
from contracts import reference as tables
from services import reference
from tests.chassis.steps import check_problem


@pytest.fixture
async def api() -> AsyncIterator[httpx.AsyncClient]:
    app = application([], NoDirectory(), routes=reference.ROUTES)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


async def found(api: httpx.AsyncClient, q: str, **more: str | int) -> list[tuple[str, str]]:
    answer = await api.get("/v1/reference/search", params={"q": q, **more})
    assert 200 == answer.status_code, answer.text
    return [(hit["table"], hit["code"]) for hit in answer.json()["found"]]


async def test_what_somebody_types_is_found_with_its_label_in_the_language_asked_for(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/reference/search", params={"q": "entraide p", "language": "ru", "table": "topics"})

    assert [
        {
            "table": "topics",
            "code": "mutual_legal_assistance",
            "label": "Взаимная правовая помощь",
            "how": "alternative",
            "matched": "Entraide pénale",
            "matched_language": "fr",
        }
    ] == answer.json()["found"]
    assert "public, max-age=3600" == answer.headers["Cache-Control"]


async def test_countries_are_sorted_in_the_language_asked_for(api: httpx.AsyncClient) -> None:
    french = (await api.get("/v1/reference/countries", params={"language": "fr"})).json()["entries"]

    assert ["Afghanistan", "Afrique du Sud", "Albanie", "Algérie", "Allemagne"] == [
        one["labels"]["fr"] for one in french[:5]
    ]
    by_code = (await api.get("/v1/reference/countries")).json()["entries"]
    assert [one["code"] for one in by_code] == sorted(one["code"] for one in french)


async def test_no_more_is_found_than_was_asked_for(api: httpx.AsyncClient) -> None:
    assert 3 == len(await found(api, "a", limit=3))
    assert 20 == len(await found(api, "a"))
    assert 50 == len(await found(api, "a", limit=50))


@pytest.mark.parametrize("q", ["!", " ", "\u064e\u0651", "—", "🙂", "\u200f"])
async def test_a_text_without_a_letter_or_a_digit_is_refused_in_words_of_its_own(
    api: httpx.AsyncClient, q: str
) -> None:
    check_problem(await api.get("/v1/reference/search", params={"q": q}), 400, "search-text-empty")
    spoken = await api.get("/v1/reference/search", params={"q": q}, headers={"Accept-Language": "zh"})
    assert "搜索" in spoken.json()["title"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "q=",
        f"q={'a' * 101}",
        "q=a&limit=0",
        "q=a&limit=51",
        "q=a&limit=x",
        "q=a&language=de",
        "q=a&table=countries",
    ],
)
async def test_what_is_out_of_bounds_is_refused(api: httpx.AsyncClient, query: str) -> None:
    answer = await api.get(f"/v1/reference/search?{query}")

    assert 400 == answer.status_code
    assert "application/problem+json" == answer.headers["Content-Type"]
    assert "no-store" == answer.headers["Cache-Control"]


async def test_the_tables_to_search_in_are_those_of_the_scheme(api: httpx.AsyncClient) -> None:
    for table in {concept.table for concept in tables.scheme().concepts.values()}:
        assert {table} == {where for where, _ in await found(api, "p", table=table, limit=50)}


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "text/turtle"),
        ("*/*", "text/turtle"),
        ("text/html", "text/turtle"),
        ("text/turtle, application/ld+json", "text/turtle"),
        ("application/ld+json", "application/ld+json"),
        ("application/json", "application/ld+json"),
        ("text/turtle;q=0.5, application/ld+json", "application/ld+json"),
        ("text/turtle;q=0.5, application/ld+json;q=0.2", "text/turtle"),
        ("application/*;q=0.9, */*;q=0.1", "application/ld+json"),
        ("text/turtle;q=inf", "text/turtle"),
        ("," * 3000, "text/turtle"),
    ],
)
async def test_the_scheme_comes_in_the_format_that_is_preferred(
    api: httpx.AsyncClient, accept: str | None, media_type: str
) -> None:
    answer = await api.get("/v1/reference/scheme", headers={"Accept": accept} if accept else {})

    assert (200, media_type) == (answer.status_code, answer.headers["Content-Type"].partition(";")[0])
    assert "Accept" in answer.headers["Vary"]
    if media_type == "application/ld+json":
        assert len(tables.scheme().concepts) < len(json.loads(answer.text)["@graph"])
    else:
        assert len(tables.scheme().concepts) < len(Graph().parse(data=answer.text, format="turtle"))


async def test_a_list_shows_what_else_a_code_is_called_and_whose_words_its_labels_are(api: httpx.AsyncClient) -> None:
    topics = {entry["code"]: entry for entry in (await api.get("/v1/reference/topics")).json()["entries"]}
    kinds = {entry["code"]: entry for entry in (await api.get("/v1/reference/kinds")).json()["entries"]}

    assert {"text": "AML", "status": "compiled"} in topics["money_laundering"]["alternatives"]["en"]
    assert ("official", "compiled") == tuple(topics["money_laundering"]["statuses"][lang] for lang in ("en", "fr"))
    assert {"articles/UNTOC:6", "articles/UNTOC:7"} <= set(topics["money_laundering"]["related"])
    assert ["training"] == kinds["mla_training"]["parents"]
    assert not any(entry["retired"] for entry in topics.values())


async def test_reasons_of_every_move_that_needs_one_are_listed(api: httpx.AsyncClient) -> None:
    moves = json.loads((Path(tables.__file__).parent / "reasons.json").read_bytes())["moves"]
    for move in moves:
        answer = await api.get(f"/v1/reference/reasons/{move}")
        assert {entry["code"] for entry in answer.json()["entries"]} == set(tables.reasons(move)), move

    check_problem(await api.get("/v1/reference/reasons/submit"), 404, "not-found")
