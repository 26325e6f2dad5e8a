"""Every invalid request is answered with one problem document in the caller's language."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.routes import HTTPRoute

from chassis.auth.tokens import Issuer
from chassis.db.database import POOL_MAX, RESERVED_FRACTION, Database
from chassis.http import edge
from chassis.http.application import litestar_of
from chassis.http.edge import BODY_BYTES_MAX, NESTING_MAX, malformed_slug
from chassis.runtime import http_server, listener
from services.composition import all_services
from tests.builders import a_request, headers, token
from tests.chassis.steps import check_problem

Client = httpx.AsyncClient
PUBLIC_ROUTES = {
    "/health/live",
    "/health/ready",
    "/metrics",
    "/v1/public/requests",
    "/v1/public/requests/{request_id}",
    "/v1/public/offerings",
    "/v1/public/offerings/{offering_id}",
    "/v1/public/funds",
    "/v1/public/figures/{figure}",
    "/v1/public/figures/{figure}/chart",
    "/v1/public/figures/{figure}/table",
    "/v1/public/datasets",
    "/v1/public/catalogue",
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
    "/v1/token",
    "/v1/unsubscribe",
    "/v1/follow-ups/link",
    "/v1/legislation/checks/link",
    "/v1/matches/link",
    "/.well-known/jwks.json",
}
"""All routes that need no token in a process of services alone; the composition root adds its documents."""


async def post(api: Client, content: bytes, **more: str) -> httpx.Response:
    given = headers() | {"Content-Type": "application/json"} | more
    return await api.post("/v1/requests", content=content, headers=given)


@pytest.mark.writes_nothing
@pytest.mark.parametrize(
    ("content", "status", "slug"),
    [
        (b"", 400, "missing-field"),
        (b"{", 400, "malformed-json"),
        (b'{"title": NaN}', 400, "malformed-json"),
        (b'{"title": Infinity}', 400, "malformed-json"),
        (b"[]", 400, "invalid-field"),
        (b"null", 400, "invalid-field"),
        (b'{"title": "a\x00b"}', 400, "nul-character"),
        (b'{"title": "a\\u0000b"}', 400, "nul-character"),
        (b'{"title": "a\\ud800b"}', 400, "invalid-unicode"),
        (b'{"title": "\xff"}', 400, "invalid-unicode"),
        (b"[" * 100_000, 400, "nesting-too-deep"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, 400, "nesting-too-deep"),
        (b'{"title": "' + b"x" * BODY_BYTES_MAX + b'"}', 413, "body-too-large"),
        (b"x" * 11_000_000, 413, "body-too-large"),
    ],
    ids=lambda value: repr(value)[:30],
)
async def test_malformed_body_is_rejected(api: Client, content: bytes, status: int, slug: str) -> None:
    check_problem(await post(api, content), status, slug)


async def test_brackets_inside_a_string_do_not_count_as_depth(api: Client) -> None:
    answer = await post(api, json.dumps(a_request(need="[" * 100 + '\\"{')).encode())

    assert answer.status_code == 201, answer.text


async def test_emoji_as_a_surrogate_pair_is_accepted(api: Client) -> None:
    answer = await post(api, json.dumps(a_request(need="😀")).encode())

    assert answer.status_code == 201
    assert answer.json()["need"] == "😀"


@pytest.mark.writes_nothing
@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_media_type_other_than_json_is_rejected(api: Client, media_type: str) -> None:
    answer = await post(api, json.dumps(a_request()).encode(), **{"Content-Type": media_type})

    check_problem(answer, 415, "media-type-unsupported")


async def test_wrong_path_wrong_method_and_crash_are_problem_documents(
    api: Client, databases: Mapping[str, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    check_problem(await api.get("/v1/nothing", headers=headers()), 404, "not-found")
    check_problem(await api.get("/v1/requests/not-an-id", headers=headers()), 404, "not-found")
    refused = await api.delete("/v1/requests", headers=headers())
    check_problem(refused, 405, "method-not-allowed")
    assert {"GET", "POST"} <= set(refused.headers["Allow"].split(", "))

    def crash(*_args: object, **_more: object) -> None:
        raise RuntimeError("planted: nobody outside may read this")

    monkeypatch.setattr(databases["requests"], "transaction", crash)
    answer = await api.get("/v1/requests", headers=headers())
    check_problem(answer, 500, "internal-error")
    assert "planted" not in answer.text


@pytest.mark.writes_nothing
@pytest.mark.parametrize(
    ("query", "status", "slug"),
    [
        ("limit=-5", 400, "invalid-request"),
        ("limit=1000000", 400, "invalid-request"),
        ("limit=x", 400, "invalid-request"),
        ("status=nonsense", 400, "invalid-request"),
        ("cursor=nonsense", 400, "invalid-request"),
        ("status=%00", 400, "nul-character"),
        ("a=" + "x" * 5000, 414, "query-too-long"),
    ],
)
async def test_malformed_query_is_rejected(api: Client, query: str, status: int, slug: str) -> None:
    answer = await api.get(f"/v1/requests?{query}", headers=headers())

    check_problem(answer, status, slug)
    assert "nonsense" not in answer.text


@pytest.mark.parametrize("language", ["fr", "ar", "xx, zh;q=0.5", "ru-RU"])
async def test_problem_is_in_the_requested_language(api: Client, language: str) -> None:
    english = (await api.get("/v1/nothing", headers=headers())).json()["title"]
    theirs = (await api.get("/v1/nothing", headers=headers() | {"Accept-Language": language})).json()["title"]

    assert theirs != english


async def test_command_without_idempotency_key_is_rejected(api: Client) -> None:
    without = {"Authorization": f"Bearer {token()}"}

    check_problem(await api.post("/v1/requests", json=a_request(), headers=without), 400, "idempotency-key-missing")
    for key in ("short", "with space in it", "x" * 129, "schlüssel-1"):
        odd = without | {"Idempotency-Key": key.encode("latin-1")}
        answer = await api.post("/v1/requests", json=a_request(), headers=odd)
        check_problem(answer, 400, "idempotency-key-invalid")


async def test_unavailable_database_is_answered_with_503_at_once(
    api: Client, databases: Mapping[str, Database]
) -> None:
    db = databases["requests"]
    held = [await db.for_reading()._take() for _ in range(POOL_MAX - POOL_MAX // RESERVED_FRACTION)]
    try:
        started = time.monotonic()
        answer = await api.get("/v1/requests", headers=headers())
        check_problem(answer, 503, "overloaded")
        assert answer.headers["Retry-After"] == "2"
        assert time.monotonic() - started < 4
    finally:
        for connection in held:
            db._pool.release(connection, sound=True)
    assert (await api.get("/v1/requests", headers=headers())).status_code == 200


async def test_correlation_id_is_passed_from_the_header_to_the_fact(
    api: Client, databases: Mapping[str, Database]
) -> None:
    sent = "01a21090-442f-7ccb-ace8-373a8b73b92c"
    answer = await api.post("/v1/requests", json=a_request(), headers=headers() | {"X-Correlation-Id": sent.upper()})

    assert answer.headers["X-Correlation-Id"] == sent
    async with databases["requests"].transaction() as tx:
        assert json.loads(await tx.fetchval("SELECT event FROM journal"))["correlationid"] == sent


async def test_malformed_correlation_id_is_replaced(api: Client) -> None:
    for odd in ("a b", "x" * 65, "é", "note-verbale-7", "Wanjiru-Kamau", "01a21090442f7ccbace8373a8b73b92c"):
        answer = await api.get("/health/live", headers={"X-Correlation-Id": odd.encode()})
        assert UUID(answer.headers["X-Correlation-Id"])
        assert odd != answer.headers["X-Correlation-Id"]


async def test_responses_have_security_headers(api: Client) -> None:
    for path in ("/health/live", "/v1/nothing", "/v1/requests"):
        answer = await api.get(path, headers=headers())
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "server" not in answer.headers


# -- authentication ---------------------------------------------------------------------------------------------------


@pytest.mark.all_schemas
async def test_every_route_requires_a_token_except_public_ones(
    client_of: Callable[..., Awaitable[Client]],
) -> None:
    api = await client_of(*(service.name for service in all_services()))
    edge = api._transport.app  # type: ignore[attr-defined]
    walked = 0
    for route in litestar_of(edge).routes:
        if not isinstance(route, HTTPRoute):
            continue
        path = route.path_format
        for parameter in route.path_parameters.values():
            path = path.replace(f"{{{parameter.name}}}", "2026" if parameter.type is int else str(uuid4()))
        for method in route.methods - {"OPTIONS", "HEAD"}:
            answer = await api.request(method, path)
            walked += 1
            if route.path_format in PUBLIC_ROUTES:
                assert answer.status_code not in {401, 500}, path
            else:
                check_problem(answer, 401, "token-missing")
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert walked > 20


async def test_caller_with_several_appointments_must_name_one(api: Client, issuer: Issuer) -> None:
    several = {
        "Authorization": f"Bearer {token('NOR:focal_point', 'NOR:donor_officer')}",
        "Idempotency-Key": str(uuid4()),
    }

    check_problem(await api.post("/v1/requests", json=a_request(), headers=several), 403, "appointment-not-named")
    named = several | {"Acting-As": "NOR:focal_point"}
    assert (await api.post("/v1/requests", json=a_request(), headers=named)).status_code == 201
    other = several | {"Acting-As": "KEN:focal_point"}
    check_problem(await api.post("/v1/requests", json=a_request(), headers=other), 403, "appointment-not-held")


# -- overload and slow bodies -----------------------------------------------------------------------------------------


async def test_slow_body_is_rejected(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "BODY_SECONDS_MAX", 0.2)

    async def trickle() -> Any:
        yield b"{"
        await asyncio.sleep(5)
        yield b"}"

    answer = await api.post("/v1/requests", content=trickle(), headers=headers() | {"Content-Type": "application/json"})

    check_problem(answer, 408, "body-too-slow")


async def test_overload_is_rejected_and_the_liveness_probe_still_answers(
    api: Client, databases: Mapping[str, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "UNDER_WAY_MAX", 3)
    answers = await asyncio.gather(*(api.get("/v1/requests", headers=headers()) for _ in range(30)))

    refused = [answer for answer in answers if answer.status_code != 200]
    assert refused
    for answer in refused:
        check_problem(answer, 503, "overloaded")
        assert answer.headers["Retry-After"] == "2"
    monkeypatch.setattr(edge, "UNDER_WAY_MAX", 0)
    assert (await api.get("/health/live")).status_code == 200
    monkeypatch.undo()
    assert (await api.get("/v1/requests", headers=headers())).status_code == 200


# -- bodies -----------------------------------------------------------------------------------------------------------


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_json_is_rejected_only_for_depth_and_nul(value: Any) -> None:
    body = json.dumps(value).encode()

    def depth(inner: Any) -> int:
        if isinstance(inner, dict):
            return 1 + max((depth(v) for v in inner.values()), default=0)
        return 1 + max((depth(v) for v in inner), default=0) if isinstance(inner, list) else 0

    text = json.dumps(value, ensure_ascii=False)
    fault = malformed_slug(body)
    if depth(value) > NESTING_MAX:
        assert fault == "nesting-too-deep"
    elif "\\u0000" in text.replace("\\\\", ""):
        assert fault == "nul-character"
    else:
        assert fault is None


@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_cause_a_server_error(body: bytes) -> None:
    assert malformed_slug(body) in {None, "invalid-unicode", "nul-character", "nesting-too-deep"}


async def test_body_in_chunks_is_accepted(api: Client) -> None:
    async def pieces() -> Any:
        for piece in json.dumps(a_request()).encode().split(b","):
            yield piece + b","
            await asyncio.sleep(0)

    answer = await api.post("/v1/requests", content=pieces(), headers=headers() | {"Content-Type": "application/json"})

    check_problem(answer, 400, "malformed-json")


async def test_problem_does_not_repeat_input(api: Client) -> None:
    for secret in ({"language": "canary - at `$.title`"}, {"visibility": "canary"}, {"x" * 70 + "canary": 1}):
        answer = await api.post("/v1/requests", json=a_request(**secret), headers=headers())
        assert answer.status_code == 400
        assert "canary" not in answer.text


async def test_truncated_body_is_not_executed(api: Client) -> None:
    """A consent whose connection broke during its body has no effect; sent again, it is the first."""
    filed = (await api.post("/v1/requests", json=a_request(circulation="none"), headers=headers())).json()
    path, given = f"/v1/requests/{filed['request_id']}/consents", headers(revision=1)
    bound = listener("127.0.0.1", 0)
    server = http_server(cast(Any, api._transport).app, "127.0.0.1", 0)
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started:
        await asyncio.sleep(0.01)

    _, writer = await asyncio.open_connection(*bound.getsockname())
    head = {"Host": "test", "Content-Type": "application/json", "Content-Length": "30"} | given
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    await writer.drain()
    await asyncio.sleep(0.2)
    writer.close()
    # The server ends when every request that it has begun has ended.
    server.should_exit = True
    await serving

    answer = await api.post(path, json={"comment": "Fictitious sample"}, headers=given)
    assert (answer.status_code, answer.json().get("revision")) == (201, 2), answer.text
