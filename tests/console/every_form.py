"""Every form of the console: found by following links, filled in, and sent to an API that answers as a test wants."""

import csv
import html
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Container, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from ipaddress import IPv4Address
from itertools import count
from pathlib import Path
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

import httpx
from litestar.handlers import HTTPRouteHandler

from chassis.http.asgi import Application
from chassis.runtime import connected_services
from chassis.settings import Settings
from services.composition import all_services
from services.console import wiring
from services.console.offerings.form_pages import BASE
from tests.console.site import PERSON

HERE = "http://127.0.0.1"
TRIED_MAX, RECORDS_MAX = 2, 8
"""Number of pages of one kind that one person opens in search of forms, and of records."""

SAMPLE = {"date": "2027-03-01", "email": "sample@example.org", "number": "1", "numeric": "1", "decimal": "100"}
"""What is typed into a field, by its type or input mode."""

TEXT = "Typed once"
ELSEWHERE = re.compile(r"^/en/public|\.\w{2,5}(\?|$)|/(json|events|export)(\?|/|$)")
"""Matches pages without forms, and files."""

TYPED = {
    "table": "KEN\tA name\tsample@example.org\ten\tofficial\t2027-01-01",
    "received_on": "2026-11-02",
    "holidays": "2027-01-01",
    "charges_minor": "0",
    "arrived_minor": "100",
}
"""What is typed into fields of these names."""

TABLE = ("sample.csv", b"sample", "text/csv")
PICTURE = (
    "sample.png",
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
        "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
    ),
    "image/png",
)
ADDRESSES = count(int(IPv4Address("10.0.0.1")))
PERMITTED = Path(__file__).parents[1] / "rules" / "permitted.csv"


class Api:
    """The API of a running platform, which opens each move to everybody, and answers commands with `instead`."""

    def __init__(self, address: str) -> None:
        self._client = httpx.AsyncClient(base_url=address, trust_env=False, timeout=60)
        with PERMITTED.open(encoding="utf-8") as rows:
            self._moves = list(dict.fromkeys(row["action"] for row in csv.DictReader(rows)))
        self.instead: tuple[int, Mapping[str, object]] | None = None
        self.commands: list[tuple[str, str, str]] = []
        """Method, path and key of each command that was not passed on."""

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        method, headers = scope["method"], {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        path = scope["path"] + (f"?{scope['query_string'].decode()}" if scope["query_string"] else "")
        body = b""
        while (message := await receive()).get("more_body") or message.get("body"):
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if (
            self.instead is not None
            and method != "GET"
            and ("idempotency-key" in headers or "if-match" in headers or method != "POST")
        ):
            self.commands.append((method, scope["path"], headers.get("idempotency-key", "")))
            status, problem = self.instead
            await _answer(send, status, json.dumps(problem).encode(), [(b"content-type", b"application/problem+json")])
            return
        headers.pop("host", None)
        found = await self._client.request(method, path, content=body, headers=headers)
        passed = [
            (name.encode(), value.encode("latin-1"))
            for name, value in found.headers.items()
            if name in ("content-type", "etag", "location", "content-disposition")
        ]
        content = found.content
        if method == "GET" and "json" in found.headers.get("content-type", ""):
            content = json.dumps(self._opened(found.json())).encode()
        await _answer(send, found.status_code, content, passed)

    def _opened(self, said: Any) -> Any:
        if isinstance(said, list):
            return [self._opened(one) for one in said]
        if not isinstance(said, dict):
            return said
        return {name: self._moves if name == "moves" else self._opened(value) for name, value in said.items()}

    async def aclose(self) -> None:
        await self._client.aclose()


async def _answer(send: Any, status: int, body: bytes, headers: Sequence[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@dataclass
class Form:
    """A form as a page shows it: what it sends if nothing else is chosen, and the values of its buttons."""

    action: str
    typed: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


class Forms(HTMLParser):
    """The forms that a page posts, and the links in its main part."""

    def __init__(self, page: str, at: str) -> None:
        super().__init__()
        self._at, self._form, self._main = at, None, False
        self._text: tuple[str, list[str]] | None = None
        self._select: tuple[str, list[str], list[str]] | None = None
        self.found: list[Form] = []
        self.links: list[str] = []
        self.feed(page)

    _form: Form | None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        name, value = of.get("name", ""), of.get("value", "")
        if tag == "a" and "href" in of and "download" not in of:
            self.links.append(urljoin(self._at, of["href"]))
        elif tag == "form":
            self._form = Form(urljoin(self._at, of.get("action", ""))) if of.get("method") == "post" else None
            if self._form is not None:
                self.found.append(self._form)
        elif tag == "option" and self._select is not None:
            self._select[1 if "selected" in of else 2].append(value)
        elif (form := self._form) is None or (not name and tag != "button"):
            return
        elif tag == "button":
            form.buttons.append((name, value))
        elif tag == "textarea":
            self._text = (name, [])
        elif tag == "select":
            self._select = (name, [], [])
        elif tag == "input":
            self._input(form, name, value, of)

    def _input(self, form: Form, name: str, value: str, of: Mapping[str, str]) -> None:
        kind = of.get("type", "text")
        if kind == "file":
            form.files.append(name)
        elif kind in ("radio", "checkbox"):
            if kind == "radio" or "checked" in of or name not in form.typed:
                form.typed[name] = [value]
        elif kind == "hidden":
            form.typed.setdefault(name, []).append(value)
        else:
            usual = TYPED.get(name) or SAMPLE.get(kind) or SAMPLE.get(of.get("inputmode", "")) or TEXT
            form.typed[name] = [value or ("EUR" if name.endswith("currency") else usual)]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea" and self._text is not None and self._form is not None:
            name, _ = self._text
            # In place of what is there, which may be as long as its field allows.
            self._form.typed[name] = [TYPED.get(name) or TEXT]
            self._text = None
        elif tag == "select" and self._select is not None and self._form is not None:
            name, selected, others = self._select
            chosen = [one for one in selected + others if one]
            if chosen:
                self._form.typed[name] = chosen[:1]
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text[1].append(data)


@dataclass
class Found:
    """A form, its kind, the page that shows it, and the client of the person to whom it does."""

    kind: str
    page: str
    form: Form
    client: httpx.AsyncClient

    async def send(self, button: tuple[str, str] | None = None, **more: str) -> httpx.Response:
        typed = self.form.typed | ({button[0]: [button[1]]} if button else {}) | {n: [one] for n, one in more.items()}
        if BASE in typed:
            # What the form had shown: nothing, so that all that it sends has been changed.
            typed[BASE] = ["{}"]
        files = {name: TABLE if self.form.action.endswith("/import") else PICTURE for name in self.form.files}
        headers = {"Referer": HERE + self.page}
        return await self.client.post(self.form.action, data=typed, files=files or None, headers=headers)


def posts() -> Mapping[str, re.Pattern[str]]:
    """Return the paths of the console to which forms are posted, each with the pattern of its addresses."""
    paths = [
        path
        for route in wiring.ROUTES
        if isinstance(route, HTTPRouteHandler) and "POST" in route.http_methods
        for path in route.paths
    ]
    return {path: re.compile(re.sub(r"\{\w+:\w+\}", "[^/]+", path) + r"\Z") for path in paths}


def path_of(address: str, paths: Mapping[str, re.Pattern[str]]) -> str:
    """Return the path of the console that takes what is posted to an address, the most literal of several."""
    found = [path for path, pattern in paths.items() if pattern.match(urlsplit(address).path)]
    return min(found, key=lambda path: path.count("{"), default="")


def kind_of(address: str) -> str:
    """Return an address without ids and numbers."""
    path = urlsplit(address).path
    return "/".join("*" if len(part) >= 20 or any(one.isdigit() for one in part) else part for part in path.split("/"))


def found_in(page: Forms, address: str, client: httpx.AsyncClient) -> Sequence[Found]:
    return [Found(kind_of(form.action), address, form, client) for form in page.found]


class Search:
    """The search of one person for forms: by links, and then by the addresses that `paths` without a form would have."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._seen: Counter[str] = Counter()
        self._done: set[str] = set()
        self._ids: dict[str, dict[str, None]] = {}
        """The ids in links, by the path before them."""

    async def forms(self, paths: Mapping[str, re.Pattern[str]], known: Container[str]) -> AsyncIterator[Found]:
        waiting = ["/en"]
        while waiting:
            async for found in self._on(waiting.pop(0), waiting):
                yield found
        for path in paths:
            of = re.fullmatch(r"/\{language:str\}(/[a-z/-]+)/\{\w+:\w+\}(/[a-z/-]+)(/\{move:str\})?", path)
            for record in list(self._ids.get(of[1], ()))[:RECORDS_MAX] if of and path not in known else ():
                async for found in self._on(f"/en{of[1]}/{record}{of[2]}", []):
                    yield found

    async def around(self, address: str) -> AsyncIterator[Found]:
        """Yield the forms of a page and of those that it links to."""
        self._seen.clear()
        links: list[str] = []
        async for found in self._on(address, links):
            yield found
        for link in links:
            async for found in self._on(link, []):
                yield found

    async def _on(self, address: str, waiting: list[str]) -> AsyncIterator[Found]:
        answer = await self._client.get(address)
        if answer.status_code == 303:
            waiting.append(urljoin(address, answer.headers["location"]))
        if answer.status_code != 200 or "text/html" not in answer.headers.get("content-type", ""):
            return
        page = Forms(answer.text, address)
        for one in found_in(page, address, self._client):
            yield one
        for link in (one.partition("#")[0] for one in page.links):
            if not link.startswith("/en") or link in self._done or ELSEWHERE.search(link):
                continue
            parts = urlsplit(link).path.split("/")
            for at in range(3, len(parts)):
                if kind_of(parts[at]) == "*":
                    self._ids.setdefault("/" + "/".join(parts[2:at]), {})[parts[at]] = None
            kind = kind_of(link)
            # Not each record has what the form of its move asks for: a meeting, for instance, may have no lesson.
            if self._seen[kind] < (RECORDS_MAX if kind.endswith("*") or "/do/" in kind else TRIED_MAX):
                self._seen[kind] += 1
                self._done.add(link)
                waiting.append(link)


@asynccontextmanager
async def console(settings: Settings, api: Api) -> AsyncIterator[Any]:
    """Yield the pages of a console of its own in front of this API, with the sessions and key of the platform's."""
    [service] = [one for one in all_services() if one.name == "console"]
    async with connected_services(settings, [service], ports={}) as [running]:
        yield wiring.pages(running, cast(Application, api), None)
    await api.aclose()


class EachFromElsewhere(httpx.ASGITransport):
    """Requests to an application, each from an address of its own, because addresses are limited."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.client = (str(IPv4Address(next(ADDRESSES))), 0)
        return await super().handle_async_request(request)


def visitor(pages: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=EachFromElsewhere(pages, raise_app_exceptions=False), base_url=HERE)


async def step_into(client: httpx.AsyncClient, appointment: str) -> None:
    listed = PERSON.findall((await client.get("/en/sign-in")).text)
    person = next(one for one in listed if one.split()[1] == appointment)
    answer = await client.post("/en/sign-in/step-into", data={"person": html.unescape(person)})
    assert 303 == answer.status_code, answer.text
