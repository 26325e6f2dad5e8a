"""The pages read well without a script, by keyboard and screen reader, on a slow line."""

import json
from collections import Counter
from collections.abc import Mapping
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
from services.composition import all_services
from services.documents.files import inert_application, text_of
from services.documents.kept import CONTRACTS
from services.documents.openapi import openapi
from services.documents.pages import api_page


@pytest.fixture(scope="module")
def app() -> Litestar:
    return inert_application(all_services())


@pytest.fixture(scope="module")
def document(app: Litestar) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(text_of(openapi(app)))
    return found


class Page(HTMLParser):
    """What a page is made of, and whether every element is closed where it should be."""

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


@pytest.mark.parametrize(
    "path",
    ["/docs", "/docs/shapes", "/docs/shapes/answers", "/docs/events", "/docs/events/shapes", "/docs/permissions"],
)
async def test_a_page_reads_well_by_keyboard_and_screen_reader(app: Litestar, path: str) -> None:
    answer = await _get(app, path)
    page = Page(answer.text)

    assert "text/html; charset=utf-8" == answer.headers["content-type"]
    assert [] == page.open
    assert {"lang": "en", "dir": "ltr"} == page.attributes["html"]
    assert 1 == page.tags["h1"] == page.tags["main"]
    assert [] == [one for one, times in Counter(page.ids).items() if times > 1]
    assert [] == [link for link in page.links if link.startswith("#") and link[1:] not in page.ids]
    assert "#content" == page.links[1], "the first link after the style sheet skips the contents"
    assert 0 == page.tags["script"] == page.tags["style"] == page.tags["img"]
    assert " style=" not in answer.text
    assert len(answer.raw_bytes) < 40_000, "some seconds on the slowest lines"


@pytest.mark.parametrize(
    ("path", "where", "least"),
    [("/docs", "/docs/shapes", 70), ("/docs", "/docs/shapes/answers", 60), ("/docs/events", "/docs/events/shapes", 90)],
)
async def test_every_shape_that_a_page_names_is_on_the_page_of_shapes(
    app: Litestar, path: str, where: str, least: int
) -> None:
    page, shapes = Page((await _get(app, path)).text), Page((await _get(app, where)).text)

    named = {link.partition("#")[2] for link in page.links if link.startswith(f"{where}#")}
    assert len(named) > least
    assert named <= set(shapes.ids)


def test_what_a_page_is_made_from_cannot_become_markup(document: Mapping[str, Any]) -> None:
    hostile = json.loads(json.dumps(document).replace("The requests this caller may see", "<script>alert(1)</script>&"))

    page = api_page(hostile)

    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;" in page


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


async def _get(app: Litestar, path: str) -> Answer:
    transport = httpx.ASGITransport(Edge(app, RateLimiter(NoDirectory()), Uploads({}, Path())))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        async with client.stream("GET", path) as streamed:
            raw = b"".join([chunk async for chunk in streamed.aiter_raw()])
        answer = await client.get(path)
        assert 200 == answer.status_code == streamed.status_code
        return Answer(answer, raw)
