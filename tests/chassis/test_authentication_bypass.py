"""Path variants, method overrides and forged headers give no more access than the plain request."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest

from chassis.runtime import http_server, listener
from tests.builders import a_request, headers, token

Client = httpx.AsyncClient
Say = Callable[..., Awaitable[tuple[int, bytes]]]

DETOURS = [
    "/{}/",
    "//{}",
    "/./{}",
    "/x/../{}",
    "/%2e/{}",
    "/x/%2e%2e/{}",
    "/x/..%2f{}",
    "/x%2f..%2f{}",
    "/{};a=b",
    "/{}%3ba=b",
    "/{}%20",
    "/{}%09",
    "/{}.json",
    "/{}%2f",
    "/{}/.",
    "/{}/x/..",
    "/{}#a",
    "/\\{}",
    "/health/live/../../{}",
    "/health/live/{}",
    "/{}/health/live",
    "/docs/../{}",
    "/v1/reference/../../{}",
]


@pytest.fixture
async def say(client_of: Callable[..., Awaitable[Client]]) -> AsyncIterator[Say]:
    """Send a request byte for byte and return status and body; a client would normalize the path."""
    client = await client_of("requests")
    bound = listener("127.0.0.1", 0)
    server = http_server(cast(Any, client._transport).app, "127.0.0.1", 0)
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started:
        await asyncio.sleep(0.01)

    async def say(method: str, target: str, **given: str) -> tuple[int, bytes]:
        reader, writer = await asyncio.open_connection(*bound.getsockname())
        head = {"Host": "test", "Connection": "close"} | {
            name.replace("_", "-"): value for name, value in given.items()
        }
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return int(answer.split(b" ", 2)[1]), answer.partition(b"\r\n\r\n")[2]

    yield say
    server.should_exit = True
    await serving


def bearer(appointment: str = "KEN:focal_point") -> str:
    return f"Bearer {token(appointment)}"


@pytest.mark.parametrize("target", ["v1/requests", "internal/events?owner=requests"])
async def test_path_variants_do_not_bypass_authentication(say: Say, target: str) -> None:
    path, _, query = target.partition("?")
    assert (401 if path.startswith("v1") else 404) <= (await say("GET", f"/{target}"))[0] <= 404
    for detour in [
        *DETOURS,
        "/{}".replace("{}", path.upper()),
        "/" + path.replace("/", "%2f"),
        "http://other.example/{}",
    ]:
        for method in ("GET", "POST", "HEAD", "DELETE"):
            status, body = await say(method, detour.format(path) + (f"?{query}" if query else ""))
            assert status in {400, 401, 404, 405}, (method, detour, status, body)


async def test_path_variant_with_a_token_is_the_plain_path_or_not_found(say: Say) -> None:
    """The journal is for services only, and another State's request is not found by any path variant."""
    ours = headers()
    for path in ("internal/events", f"v1/requests/{uuid4()}"):
        for detour in DETOURS:
            status, body = await say("GET", detour.format(path), Authorization=ours["Authorization"])
            # Paths below `/health/live/` do not exist and must not be answered like `/health/live`.
            assert status in {400, 403, 404}, (detour, status, body)


@pytest.mark.parametrize(
    "name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method", "_method"]
)
async def test_method_override_headers_are_ignored(say: Say, name: str) -> None:
    status, body = await say("GET", "/v1/requests", Authorization=bearer(), **{name: "POST"})
    assert (200, b'{"requests":[],"cursor":null}') == (status, body)

    status, _ = await say(
        "POST", "/v1/requests?_method=GET", Authorization=bearer(), Content_Length="0", **{name: "GET"}
    )
    assert status == 400

    status, _ = await say(
        "GET", f"/v1/requests/{uuid4()}/consents/{uuid4()}", Authorization=bearer(), **{name: "DELETE"}
    )
    assert status == 405


@pytest.mark.parametrize(
    "name", ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Path", "X-Forwarded-Prefix", "X-Host"]
)
async def test_path_override_headers_are_ignored(say: Say, name: str) -> None:
    assert (200, b"live\n") == await say("GET", "/health/live", **{name: "/v1/requests"})
    status, _ = await say("GET", "/v1/requests", **{name: "/health/live"})
    assert status == 401


@pytest.mark.parametrize(
    "given",
    [
        {"X-User": "coordinator"},
        {"X-Forwarded-User": "coordinator"},
        {"X-Remote-User": "coordinator"},
        {"X-Authorization": "Bearer x"},
        {"Acting-As": "UNODC:coordinator"},
        {"Cookie": "session=1"},
        {"Proxy-Authorization": "Basic eDp5"},
    ],
    ids=lambda given: next(iter(given)),
)
async def test_identity_headers_are_ignored(say: Say, given: dict[str, str]) -> None:
    status, body = await say("GET", "/v1/requests", **given)
    assert (401, True) == (status, b"token-missing" in body)


async def test_two_tokens_are_rejected(say: Say) -> None:
    both = f"{bearer()}\r\nAuthorization: Bearer made.up.token"

    assert (await say("GET", "/v1/requests", Authorization=both))[0] == 400


async def test_repeated_query_parameter_is_rejected(say: Say) -> None:
    """A proxy in front may use the other value."""
    for query in ("limit=1&limit=2", "limit=2&limit=2", "limit=1&limit=x"):
        status, body = await say("GET", f"/v1/requests?{query}", Authorization=bearer())
        assert (400, True) == (status, b'"parameter-repeated"' in body), query


async def test_plain_path_answers(say: Say, client_of: Callable[..., Awaitable[Client]]) -> None:
    """This shows that the service was available in the tests above."""
    client = await client_of("requests")
    filed = await client.post("/v1/requests", json=a_request(), headers=headers())

    status, body = await say("GET", filed.headers["Location"], Authorization=bearer())
    assert (200, True) == (status, b"Fictitious sample" in body)
