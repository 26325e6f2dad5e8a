"""Every response has the security headers; methods not in use are rejected."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler

from chassis.db.database import Database
from chassis.http import edge
from chassis.http.application import application, litestar_of
from chassis.http.edge import BODY_BYTES_MAX, Edge
from chassis.runtime import http_server, listener, verifier
from chassis.settings import Settings
from services.composition import all_services
from tests.builders import a_request, headers
from tests.chassis.steps import check_problem
from tests.conftest import Within, running_of
from tests.soak import DAY, IS_SOAK

pytestmark = pytest.mark.all_schemas

CACHEABLE = {
    "/openapi.json",
    "/asyncapi.json",
    "/docs",
    "/docs/api/{group}",
    "/docs/shapes",
    "/docs/shapes/{group}",
    "/docs/events",
    "/docs/events/of/{group}",
    "/docs/events/shapes",
    "/docs/events/shapes/{group}",
    "/docs/permissions",
    "/docs/style.css",
    "/problems",
    "/problems/{slug}",
    "/v1/reference/{table}",
}
CACHEABLE |= {"/v1/reference/scheme", "/v1/public/requests", "/v1/public/requests/{request_id}"}
CACHEABLE |= {"/v1/public/offerings", "/v1/public/offerings/{offering_id}", "/v1/public/funds"}
CACHEABLE |= {"/v1/public/datasets", "/v1/public/catalogue"}
OPEN_FILES = {
    "/v1/public/requests.csv",
    "/v1/public/requests.jsonl",
    "/v1/public/offerings.csv",
    "/v1/public/offerings.jsonl",
    "/v1/public/funds.csv",
    "/v1/public/funds.jsonl",
    "/v1/public/legislation.csv",
    "/v1/public/legislation.jsonl",
    "/v1/public/figures.csv",
    "/v1/public/figures.jsonl",
}
CACHEABLE |= OPEN_FILES
"""Responses that any cache may store, because they are the same for all callers."""

PAGES = {
    "/docs",
    "/docs/api/{group}",
    "/docs/shapes",
    "/docs/shapes/{group}",
    "/docs/events",
    "/docs/events/of/{group}",
    "/docs/events/shapes",
    "/docs/events/shapes/{group}",
    "/docs/permissions",
    "/problems",
    "/problems/{slug}",
    "/mailbox",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
CLOSED = {"default-src 'none'", "object-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"}

FILES = {
    "/v1/flows.csv",
    "/v1/flows.xlsx",
    "/v1/work.csv",
    "/v1/work.xlsx",
    "/v1/offerings/import/template",
    "/v1/requests/import/template",
}
FILES |= OPEN_FILES
NAMED = {"table": "kinds", "slug": "not-found", "group": "requests", "year": "2026", "line": "2"}
"""Path parameters other than ids."""


@pytest.fixture
def app(
    settings: Settings, databases: Mapping[str, Database], common_routes: Sequence[ControllerRouterHandler]
) -> Edge:
    """The application with all routes of every process."""
    within = Within()
    running = running_of(settings, databases, *(service.name for service in all_services()), within=within)
    public = replace(settings, public_url="https://entraide.example")
    within.app = application(running, verifier(settings, running[0].callers), routes=common_routes, settings=public)
    return within.app


@pytest.fixture
async def client(app: Edge) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


def routes_of(app: Edge) -> Iterator[tuple[str, str, set[str]]]:
    """Yield the template of each route, a path of it, and its methods."""
    for route in litestar_of(app).routes:
        if isinstance(route, HTTPRoute):
            path = route.path_format
            for parameter in route.path_parameters.values():
                path = path.replace(f"{{{parameter.name}}}", NAMED.get(parameter.name, str(uuid4())))
            yield route.path_format, path, {str(method) for method in route.methods} - {"OPTIONS"}


def check_headers(
    answer: httpx.Response, *, page: bool = False, file: bool = False, cacheable: bool = False, https: bool = True
) -> None:
    said = answer.headers
    where = f"{answer.request.method} {answer.request.url.path} {answer.status_code}"
    policy = set(said["Content-Security-Policy"].split("; "))
    assert CLOSED <= policy, where
    more = {"style-src 'self'", "img-src 'self'"} if page else {"sandbox"} if file else set()
    assert policy - CLOSED == more, where
    assert "nosniff" == said["X-Content-Type-Options"], where
    assert "no-referrer" == said["Referrer-Policy"], where
    assert "DENY" == said["X-Frame-Options"], where
    assert ("same-origin", "require-corp", "same-origin") == tuple(
        said[f"Cross-Origin-{what}-Policy"] for what in ("Opener", "Embedder", "Resource")
    ), where
    record = answer.request.method in {"GET", "HEAD"} and answer.status_code == 200 and "ETag" in said and not file
    private = "private, no-cache" if record else "no-store"
    assert said["Cache-Control"].startswith("public") if cacheable else private == said["Cache-Control"], where
    if said.get("Content-Type", "").startswith(("application/problem+json", "text/html")):
        assert said["Content-Language"] in {"ar", "en", "es", "fr", "ru", "zh"}, where
    assert ("max-age=31536000; includeSubDomains" == said.get("Strict-Transport-Security")) is https, where
    assert not {"server", "x-powered-by", "set-cookie"} & said.keys(), where
    assert not [name for name in said if name.startswith("access-control-")], where
    assert all(len(said.get_list(name)) == 1 for name in said), where
    if answer.content and answer.headers["Content-Type"].startswith("text/"):
        assert "charset=utf-8" in answer.headers["Content-Type"], where


@pytest.mark.thinned
async def test_every_route_and_method_sends_security_headers(app: Edge, client: httpx.AsyncClient) -> None:
    """Every second call has a token, the others on the next day; in a soak each is made with and without."""
    statuses: set[int] = set()
    turns = 0
    both = ({}, {"Origin": "https://evil.example", **headers("UNODC:coordinator")})
    for number, (template, path, methods) in enumerate(routes_of(app)):
        methods |= {"HEAD"} if "GET" in methods else set()
        for method in METHODS:
            # Outside a soak, a method that a route does not have is tried at every 24th route.
            if not (method in methods or IS_SOAK or number % 24 == 0):
                continue
            turns += 1
            for given in both if IS_SOAK else both[(turns + DAY) % 2 :][:1]:
                answer = await client.request(method, path, headers=given)
                shown = answer.status_code == 200
                page, file = shown and template in PAGES, shown and template in FILES
                check_headers(answer, page=page, file=file, cacheable=shown and template in CACHEABLE)
                assert (answer.status_code == 405) is (method not in methods), f"{method} {path}"
                statuses.add(answer.status_code)
    assert {200, 400, 401, 403, 404, 405, 428} <= statuses


async def test_wrong_method_is_rejected_with_the_allowed_ones(client: httpx.AsyncClient) -> None:
    for method in ("TRACE", "OPTIONS", "DELETE", "PROPFIND"):
        answer = await client.request(method, "/v1/requests", headers=headers())
        check_problem(answer, 405, "method-not-allowed")
        assert {"GET", "HEAD", "POST"} == set(answer.headers["Allow"].split(", "))
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    check_problem(await client.options("/v1/requests", headers=preflight), 405, "method-not-allowed")


async def test_every_kind_of_refusal_has_security_headers(
    client: httpx.AsyncClient, databases: Mapping[str, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refusals of the routes, refusals of the edge before any route, and a crash."""
    json = {"Content-Type": "application/json"}

    async def post(content: bytes = b"", **more: Any) -> httpx.Response:
        return await client.post("/v1/requests", content=content, headers=headers() | json | more)

    filed = await client.post("/v1/requests", json=a_request(), headers=headers())
    path, key = filed.headers["Location"], headers()
    answers = [
        filed,
        await client.get(path, headers=headers()),
        await client.get("/v1/requests", headers=headers()),
        await client.get("/v1/requests"),
        await client.get("/v1/nothing"),
        await client.get("/internal/events?owner=requests", headers=headers()),
        await client.get(path, headers=headers("NOR:donor_officer")),
        await client.get("/v1/requests?limit=x", headers=headers()),
        await client.get("/v1/requests?status=%00", headers=headers()),
        await client.get("/v1/requests?a=" + "x" * 5000, headers=headers()),
        await post(b"{"),
        await post(b"{}", **{"Content-Type": "text/plain"}),
        await post(b"x" * (BODY_BYTES_MAX + 1)),
        await client.post("/v1/requests", json=a_request(), headers=key),
        await client.post("/v1/requests", json=a_request(title="Another"), headers=key),
        await client.post(f"{path}/withdraw", json={}, headers=headers()),
        await client.post(f"{path}/withdraw", json={}, headers=headers(revision=9)),
    ]
    with monkeypatch.context() as tired:
        tired.setattr(edge, "UNDER_WAY_MAX", 0)
        answers.append(await client.get("/v1/requests", headers=headers()))
    with monkeypatch.context() as broken:
        broken.setattr(databases["requests"], "transaction", lambda *_, **__: 1 / 0)
        answers.append(await client.get("/v1/requests", headers=headers()))
    with monkeypatch.context() as slow:
        slow.setattr(edge, "BODY_SECONDS_MAX", 0.05)

        async def trickle() -> AsyncIterator[bytes]:
            yield b"{"
            await asyncio.sleep(5)

        answers.append(await client.post("/v1/requests", content=trickle(), headers=headers() | json))

    for answer in answers:
        check_headers(answer)
    assert {200, 201, 400, 401, 403, 404, 408, 412, 413, 414, 415, 422, 428, 500, 503} == {
        a.status_code for a in answers
    }


async def test_rate_limited_response_has_security_headers(
    settings: Settings, databases: Mapping[str, Database]
) -> None:
    [running] = running_of(settings, databases, "directory")
    app = application([], verifier(settings, running.callers))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        # On a busy machine some calls are regained meanwhile.
        while (answer := await client.post("/v1/nothing")).status_code == 404:
            pass

    check_problem(answer, 429, "too-many-requests")
    # Not sent without a public https address, because on loopback the platform would become unreachable.
    check_headers(answer, https=False)


async def test_responses_do_not_name_the_server(app: Edge) -> None:
    bound = listener("127.0.0.1", 0)
    server = http_server(app, "127.0.0.1", 0)
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started:
        await asyncio.sleep(0.01)
    host, port = bound.getsockname()
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}", trust_env=False) as client:
        for path in ("/v1/requests", "/docs", "/health/live"):
            check_headers(await client.get(path), page=path == "/docs", cacheable=path == "/docs")
        assert "server" not in (await client.request("TRACE", "/v1/requests")).headers
    server.should_exit = True
    await serving
