"""What an answer says of itself: a repeated command, its language, HEAD, and 304 for what the caller has."""

import httpx

from chassis.http.event_streams import EVENT_STREAM
from tests.builders import a_request, headers
from tests.chassis.steps import check_problem

Client = httpx.AsyncClient


async def test_a_repeated_command_is_marked(api: Client) -> None:
    key = headers()
    first, again = [await api.post("/v1/requests", json=a_request(), headers=key) for _ in range(2)]
    other = await api.post("/v1/requests", json=a_request(title="Another"), headers=key)

    assert first.json() == again.json()
    assert "Idempotency-Replayed" not in first.headers
    assert "true" == again.headers["Idempotency-Replayed"]
    check_problem(other, 422, "idempotency-key-reused")
    assert "Idempotency-Replayed" not in other.headers, "nothing was carried out"


async def test_the_language_of_words_is_named(api: Client) -> None:
    for wanted, named in (("fr-CH, en;q=0.5", "fr"), ("ar", "ar"), ("de", "en"), (None, "en")):
        given = headers() | ({"Accept-Language": wanted} if wanted else {})
        for answer in (
            await api.get("/v1/requests/none", headers=given),
            await api.get("/v1/requests?none=1", headers=given),
            await api.post("/v1/requests", content=b"{", headers=given | {"Content-Type": "application/json"}),
        ):
            assert answer.headers["Content-Language"] == named
    assert "Content-Language" not in (await api.get("/v1/requests", headers=headers())).headers, "codes and own texts"


async def test_head_is_get_without_its_body(api: Client) -> None:
    filed = await api.post("/v1/requests", json=a_request(), headers=headers())
    for path in (
        filed.headers["Location"],
        "/v1/requests",
        "/v1/public/requests",
        "/v1/requests/none",
        "/health/ready",
    ):
        got, head = [await api.request(method, path, headers=headers()) for method in ("GET", "HEAD")]
        assert head.status_code == got.status_code
        assert not head.content
        for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control"):
            assert head.headers.get(name) == got.headers.get(name), f"{path}: {name}"
    check_problem(await api.put("/v1/requests", headers=headers()), 405, "method-not-allowed")
    assert 405 == (await api.head(filed.headers["Location"] + "/submit", headers=headers())).status_code
    assert 401 == (await api.head("/v1/requests")).status_code


async def test_head_of_a_stream_ends(api: Client) -> None:
    answer = await api.head("/v1/events/requests", headers=headers())

    assert (200, b"") == (answer.status_code, answer.content)
    assert answer.headers["Content-Type"].startswith(EVENT_STREAM)


async def test_a_record_that_the_caller_has_is_304(api: Client) -> None:
    filed = await api.post("/v1/requests", json=a_request(), headers=headers())
    path, reader = filed.headers["Location"], headers()
    first = await api.get(path, headers=reader)
    had = {"If-None-Match": first.headers["ETag"]}

    again = await api.get(path, headers=reader | had)
    assert (304, b"", first.headers["ETag"]) == (again.status_code, again.content, again.headers["ETag"])
    assert "private, no-cache" == first.headers["Cache-Control"] == again.headers["Cache-Control"]
    assert "Authorization, Acting-As, Accept-Language" == again.headers["Vary"]
    assert "Content-Type" not in again.headers
    assert (
        304 == (await api.get(path, headers=reader | {"If-None-Match": f'"x", W/{had["If-None-Match"]}'})).status_code
    )
    assert 304 == (await api.head(path, headers=reader | had)).status_code

    check_problem(await api.get(path, headers=headers("NOR:focal_point") | had), 404, "not-found")
    check_problem(await api.get(path, headers=had), 401, "token-missing")
    # Another reader sees another view of the same revision.
    assert 200 == (await api.get(path, headers=headers("UNODC:coordinator") | had)).status_code

    match = {"If-Match": first.headers["ETag"]}
    changed = await api.post(f"{path}/withdraw", json={}, headers=headers() | match)
    assert 200 == changed.status_code, changed.text
    shown = await api.get(path, headers=reader | had)
    assert (200, "withdrawn") == (shown.status_code, shown.json()["status"])
