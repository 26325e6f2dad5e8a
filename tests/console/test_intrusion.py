"""Attacks by addresses and forms: to reach other paths, write headers, hold memory, or act for another person."""

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import httpx
import pytest

from chassis.rate_limiter import address_of
from services.console.application import check_token
from services.console.client import ApiClient, Problem
from services.console.edge import BODY, FILES_OF_ONE_ADDRESS_MAX, PageEdge
from services.console.forms import CSRF_FIELD, ForgedForm, UnreadableForm, parse
from services.console.page import Page, SignInNeeded, browser_address
from services.console.sessions.model import Appointment, Held, HeldTokens, Session
from services.console.sessions.sealing import Sealer, new_cookie
from services.console.sessions.store import FORGET_MAX, Sessions
from services.console.sign_in.pages import step_into
from services.console.sign_in.personas import personas
from services.console.sign_in.recent_sign_in import confirm

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
KENYA = Appointment(organization="KEN", role="focal_point")
NORWAY = Appointment(organization="NOR", role="provider_officer")


@pytest.mark.parametrize("id_", ["../me", "..", "%2e%2e", "x#", "x%2Fy", "x\\y", "x y", "x\r\ny", "", "é"])
async def test_client_calls_no_path_that_an_id_changes(id_: str) -> None:
    called: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        called.append(str(request.url))
        return httpx.Response(200, json={})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://api.example") as http:
        api = ApiClient(http)
        with pytest.raises(Problem):
            await api.send("POST", f"/v1/requests/{id_}/withdraw", {})
        with pytest.raises(Problem):
            await api.send("POST", "/v1/requests/x?y=/withdraw", {})
        await api.get_all("/v1/requests/0a-B_c~d", "/v1/work.csv?limit=5&expand=request,offering", "/v1/funds/A.B:C")

    assert 3 == len(called)


async def test_key_out_of_a_form_is_one_header() -> None:
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        return httpx.Response(200, json={})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://api.example") as http:
        api = ApiClient(http)
        for key in ("0192-ab", "é", "a\r\nX: y"):
            await api.send("POST", "/v1/requests", {}, key=key)
            await api.upload("/v1/requests/a/attachments", b"x", name="a", media_type="b", key=key)

    assert ["0192-ab", "%C3%A9", "a%0D%0AX%3A%20y"] == keys[::2] == keys[1::2]


def multipart(value: bytes, charset: str) -> Any:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="title"\r\nContent-Type: text/plain; charset=%s\r\n\r\n%s\r\n--b--\r\n'
        % (charset.encode(), value)
    )
    return SimpleNamespace(scope={BODY: body}, headers={"content-type": "multipart/form-data; boundary=b"})


@pytest.mark.parametrize("charset", ["utf-8", "punycode", "idna", "utf-7", "hex"])
def test_texts_of_a_form_with_files_are_utf_8(charset: str) -> None:
    """Python's decoder of Punycode takes seconds for 200 KB; others raise errors of their own."""
    letters = "é" * 1000 + "-" + "a" * 100_000
    try:
        typed, _ = parse(multipart(letters.encode(), charset))
    except UnreadableForm:
        return
    assert [letters] == typed["title"]


@pytest.mark.parametrize("value", [b"a\0b", b"\xff"])
def test_unreadable_text_of_a_form_with_files_is_refused(value: bytes) -> None:
    with pytest.raises(UnreadableForm):
        parse(multipart(value, "utf-8"))


async def test_one_address_holds_few_forms_with_files_in_memory() -> None:
    """The limit includes people who have not signed in, since the sender of a form is known after it was read."""
    statuses: list[int] = []
    waits: list[bytes | None] = []
    go_on = asyncio.Event()

    async def pages(_scope: Any, _receive: Any, send: Any) -> None:
        await go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"x"}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
            waits.append(dict(message["headers"]).get(b"retry-after"))

    edge = PageEdge(pages, pages)

    async def post(address: str) -> None:
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/en/requests/import",
            "client": (address, 1),
            "headers": [(b"content-type", b"multipart/form-data; boundary=b")],
        }
        await edge(scope, receive, send)

    posts = [asyncio.create_task(post("192.0.2.1")) for _ in range(FILES_OF_ONE_ADDRESS_MAX + 1)]
    posts.append(asyncio.create_task(post("192.0.2.2")))
    await asyncio.wait(posts, return_when=asyncio.FIRST_COMPLETED)
    assert ([503], [b"60"]) == (statuses, waits)

    go_on.set()
    await asyncio.gather(*posts)
    await post("192.0.2.1")
    assert [503, *[200] * (FILES_OF_ONE_ADDRESS_MAX + 2)] == statuses


@pytest.mark.parametrize(
    ("peer", "counted"),
    [(("2001:db8::5", 1), "2001:db8::/64"), (("192.0.2.1", 1), "192.0.2.1"), (None, "127.0.0.1")],
    ids=["IPv6", "IPv4", "local"],
)
def test_api_counts_a_browser_by_the_address_that_the_console_names(peer: Any, counted: str) -> None:
    address = browser_address(cast(Any, SimpleNamespace(scope={"headers": [], "client": peer})), ())

    assert counted == address_of((address, 0), {}, ())


def test_form_written_in_one_appointment_is_not_sent_in_another() -> None:
    sealer, cookie = Sealer("a key of the operator"), new_cookie()

    def page_in(acting: Appointment, path: str, token: str = "") -> Page:
        held = Held(tokens=HeldTokens(subject="x"), name="", acting=acting.name, appointments=(KENYA, NORWAY))
        return Page(
            console=cast(Any, SimpleNamespace(sessions=SimpleNamespace(sealer=sealer))),
            request=cast(Any, SimpleNamespace(url=SimpleNamespace(path=path))),
            language="en",
            session=Session(cookie=cookie, person_id=UUID(int=1), held=held, revision=1, seen_at=NOW, ends_at=NOW),
            api=cast(Any, None),
            typed={CSRF_FIELD: [token]},
        )

    def check(page: Page) -> None:
        assert page.session
        check_token(page, page.session)

    shown = page_in(KENYA, "/en/requests/new")
    assert shown.session
    token = shown._form_token(shown.session)
    check(page_in(KENYA, "/en/requests/new", token))
    with pytest.raises(ForgedForm):
        check(page_in(NORWAY, "/en/requests/new", token))
    check(page_in(NORWAY, "/en/appointment", token))
    check(page_in(NORWAY, "/en/sign-out", token))


async def test_stepping_into_a_place_is_refused_beside_a_real_issuer() -> None:
    """The console makes tokens of the embedded issuer only."""
    person = personas("en")[0].people[0]
    page = Page(
        console=cast(Any, SimpleNamespace(issuer=None)),
        request=cast(Any, None),
        language="en",
        session=None,
        api=cast(Any, None),
        typed={"person": [f"{person.person_id} {person.appointment}"]},
    )

    answer = await cast(Any, step_into.fn)(page)

    assert (303, "/en/sign-in", []) == (answer.status_code, answer.headers["Location"], answer.cookies)


async def test_confirming_a_sign_in_by_button_is_refused_beside_a_real_issuer() -> None:
    """A person enters the credentials at a real issuer."""
    held = Held(tokens=HeldTokens(subject="x"), name="", acting=KENYA.name, appointments=(KENYA,))
    page = Page(
        console=cast(Any, SimpleNamespace(issuer=None)),
        request=cast(Any, None),
        language="en",
        session=Session(cookie="c", person_id=UUID(int=1), held=held, revision=1, seen_at=NOW, ends_at=NOW),
        api=cast(Any, None),
    )

    with pytest.raises(SignInNeeded):
        await cast(Any, confirm.fn)(page)


async def test_all_that_has_ended_is_forgotten_however_much_it_is() -> None:
    """Anybody can begin a sign-in, several thousand times between two rounds."""
    left = [FORGET_MAX * 2 + 1, 3, 5]

    class Tx:
        async def execute(self, statement: str, *_: object) -> str:
            table = ["started_sign_in", "kept_form", "session"].index(statement.split()[2])
            deleted = min(left[table], FORGET_MAX)
            left[table] -= deleted
            return f"DELETE {deleted}"

    class Db:
        @asynccontextmanager
        async def transaction(self) -> AsyncIterator[Tx]:
            yield Tx()

    assert 5 == await Sessions(cast(Any, Db()), Sealer("key")).forget_ended(now=NOW)
    assert [0, 0, 0] == left
