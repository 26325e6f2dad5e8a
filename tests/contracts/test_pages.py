"""The documentation pages are accessible without a script, by keyboard and screen reader, and on a slow line."""

import json
from collections import Counter
from collections.abc import Mapping
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from chassis.auth.tokens import NoDirectory
from chassis.http.edge import Edge
from chassis.http.uploads import Uploads
from chassis.rate_limiter import RateLimiter
from contracts.reference.refusal_words import refusal_words
from contracts.values import Language
from services.composition import all_services
from services.documents.files import inert_application, text_of
from services.documents.openapi import openapi
from services.documents.pages import api_pages, event_pages
from services.documents.problems_page import problem_page
from services.documents.stored_examples import CONTRACTS
from tests.soak import IS_SOAK

COMMITTED, FACTS = (
    json.loads((CONTRACTS / "schemas" / f"{name}.json").read_text(encoding="utf-8")) for name in ("openapi", "asyncapi")
)
PATHS = [*api_pages(COMMITTED), *event_pages(FACTS), "/problems", "/problems/not-found", "/docs/permissions"]
READ = PATHS if IS_SOAK else PATHS[:-1:4]
"""Pages that are checked completely. The last is the largest and takes seconds."""

BYTES_MAX = 40_000
"""Maximum compressed size of a page: some seconds on the slowest lines."""


@pytest.fixture(scope="module")
def app() -> Litestar:
    return inert_application(all_services())


@pytest.fixture(scope="module")
def document(app: Litestar) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(text_of(openapi(app)))
    return found


class Page(HTMLParser):
    """The elements, ids and links of a page. Parsing fails unless every element is closed in order."""

    EMPTY = frozenset({"meta", "link"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: dict[str, dict[str, str | None]] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags[tag] += 1
        self.attributes.setdefault(tag, given)
        self.ids += [str(given["id"])] if "id" in given else []
        self.links += [str(given["href"])] if "href" in given else []
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.thinned
@pytest.mark.parametrize("path", READ)
async def test_a_page_reads_well_by_keyboard_and_screen_reader(app: Litestar, path: str) -> None:
    answer = await _get(app, path)
    page = Page(answer.text)

    assert "text/html; charset=utf-8" == answer.headers["content-type"]
    assert [] == page.open
    assert {"lang": "en", "dir": "ltr"} == page.attributes["html"]
    assert 1 == page.tags["h1"] == page.tags["main"]
    assert [] == [one for one, times in Counter(page.ids).items() if times > 1]
    assert [] == [link for link in page.links if link.startswith("#") and link[1:] not in page.ids]
    assert "#content" == page.links[1], "the first link after the style sheet must skip the contents"
    assert 0 == page.tags["script"] == page.tags["style"] == page.tags["img"]
    assert " style=" not in answer.text
    assert len(answer.raw_bytes) < BYTES_MAX


def test_every_page_with_a_route_is_checked(app: Litestar) -> None:
    routes = {route.path for route in app.routes if route.path.startswith(("/docs", "/problems"))}

    assert {path for path in routes if "{" not in path} - {"/docs/style.css"} <= set(PATHS)
    parts = ("api", "shapes", "events/of", "events/shapes")
    of_groups = {f"/docs/{part}/{{group:str}}" for part in parts}
    assert of_groups | {"/problems/{slug:str}"} == {path for path in routes if "{" in path}


async def test_every_link_leads_to_a_place_on_a_page(app: Litestar) -> None:
    pages = {path: Page((await _get(app, path)).text) for path in PATHS}

    linked: Counter[str] = Counter()
    for page in pages.values():
        for link in page.links:
            path, _, place = link.partition("#")
            linked[path] += 1
            assert not place or not path or place in pages[path].ids, link
    others = {"", "/docs/style.css", "/openapi.json", "/asyncapi.json"}
    assert set(PATHS) - {"/problems/not-found"} | others == set(linked)
    assert linked["/docs/shapes/pledges"] > 100
    assert linked["/docs/events/shapes/pledges"] > 30


async def test_every_operation_is_in_the_index_and_in_full_on_the_page_of_its_group(
    app: Litestar, document: Mapping[str, Any]
) -> None:
    index = Page((await _get(app, "/docs")).text)

    for group in (one["name"] for one in document["tags"]):
        path = f"/docs/api/{group}"
        expected = {
            one["operationId"]
            for methods in document["paths"].values()
            for one in methods.values()
            if one["tags"] == [group]
        }
        page = Page((await _get(app, path)).text)
        assert path in index.links
        assert expected == {link.removeprefix(f"{path}#") for link in index.links if link.startswith(f"{path}#")}
        assert expected == {one for one in page.ids if not one.startswith("group-")} - {"content", "contents"}


async def test_every_fact_is_in_the_index_and_in_full_on_the_page_of_its_service(app: Litestar) -> None:
    index = Page((await _get(app, "/docs/events")).text)
    facts = {name for name, channel in FACTS["channels"].items() if "x-stream" in channel}

    for owner in {one.partition(".")[0] for one in facts}:
        page = Page((await _get(app, f"/docs/events/of/{owner}")).text)
        assert f"/docs/events/of/{owner}" in index.links
        assert {one for one in facts if one.startswith(f"{owner}.")} == {one for one in page.ids if one in facts}
    assert facts == {
        link.partition("#")[2] for link in index.links if link.startswith("/docs/events/of/") and "#" in link
    }


@pytest.mark.parametrize(
    ("index", "described", "shared", "of_pledges"),
    [
        ("/docs/shapes", COMMITTED, {"shape-Problem", "shape-Money"}, "shape-PledgeAccount"),
        ("/docs/events/shapes", FACTS, {"shape-Money", "shape-Period"}, "shape-AllocationMade"),
    ],
)
async def test_every_shape_is_described_once_and_linked_from_the_index_of_shapes(
    app: Litestar, index: str, described: Mapping[str, Any], shared: set[str], of_pledges: str
) -> None:
    pages = {path: Page((await _get(app, path)).text) for path in PATHS if path.startswith(index)}

    shapes = Counter(place for page in pages.values() for place in page.ids if place.startswith("shape-"))
    assert dict.fromkeys((f"shape-{name}" for name in described["components"]["schemas"]), 1) == shapes
    assert set(shapes) <= {link.partition("#")[2] for link in pages[index].links}
    assert shared <= set(pages[index].ids)
    assert of_pledges in pages[f"{index}/pledges"].ids


async def test_every_error_has_a_page_with_its_sentences(app: Litestar) -> None:
    index = (await _get(app, "/problems")).text

    for slug, sentences in refusal_words().items():
        assert f"<code>{slug}</code>" in index
        assert escape(sentences[Language.EN], quote=False) in index
        page = problem_page(slug)
        assert page is not None
        assert all(f'lang="{language}"' in page for language in Language)
        assert all(escape(sentence, quote=False) in page for sentence in sentences.values())


async def test_type_of_an_error_leads_to_its_page(app: Litestar) -> None:
    async with _client(app) as client:
        problem = (await client.get("/problems/no-such-slug")).json()
        page = await client.get(problem["type"])

    assert (404, "not-found") == (problem["status"], problem["slug"])
    assert problem["title"] in page.text


@pytest.mark.parametrize(
    "path", ["/docs/api/nothing", "/docs/shapes/nothing", "/docs/shapes/health/nothing", "/docs/events/shapes/nothing"]
)
async def test_a_group_that_is_not_there_is_not_found(app: Litestar, path: str) -> None:
    async with _client(app) as client:
        answer = await client.get(path)

    assert (404, "not-found") == (answer.status_code, answer.json()["slug"])


def test_the_media_types_of_an_answer_are_separated(document: Mapping[str, Any]) -> None:
    page = api_pages(document)["/docs/api/reference"]

    assert "application/ld+json: object, text/turtle: string" in page


def test_what_a_page_is_made_from_cannot_become_markup(document: Mapping[str, Any]) -> None:
    hostile = json.loads(json.dumps(document).replace("The requests this caller may see", "<script>alert(1)</script>&"))

    pages = api_pages(hostile)

    assert not [path for path, page in pages.items() if "<script" in page]
    escaped = "&lt;script&gt;alert(1)&lt;/script&gt;&amp;"
    assert {"/docs", "/docs/api/requests"} == {path for path, page in pages.items() if escaped in page}


async def test_programs_read_the_same_documents_from_the_running_application(
    app: Litestar, document: Mapping[str, Any]
) -> None:
    committed = json.loads((CONTRACTS / "schemas" / "asyncapi.json").read_text(encoding="utf-8"))

    assert document == (await _get(app, "/openapi.json")).json()
    assert committed == (await _get(app, "/asyncapi.json")).json()
    assert "text/css; charset=utf-8" == (await _get(app, "/docs/style.css")).headers["content-type"]


class Answer:
    def __init__(self, answer: httpx.Response, raw_bytes: bytes) -> None:
        self.text, self.headers, self.json, self.raw_bytes = answer.text, answer.headers, answer.json, raw_bytes


def _client(app: Litestar) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Edge(app, RateLimiter(NoDirectory()), Uploads({}, Path())))
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def _get(app: Litestar, path: str) -> Answer:
    async with _client(app) as client:
        async with client.stream("GET", path) as streamed:
            raw = b"".join([chunk async for chunk in streamed.aiter_raw()])
        answer = await client.get(path)
        assert 200 == answer.status_code == streamed.status_code
        return Answer(answer, raw)
