"""Uploads are streamed to disk within limits, and rejected ones leave no file."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from chassis.http import edge, uploads
from chassis.settings import Settings
from contracts.attachments import ATTACHMENT_BYTES_MAX
from tests.builders import a_request, headers
from tests.files import PDF

Client = httpx.AsyncClient
CHUNK = 64 * 1024
PEAK_BYTES_MAX = 3 * 1024 * 1024


@pytest.fixture
async def path(api: Client) -> str:
    draft = (await api.post("/v1/requests", json=a_request(submit=False), headers=headers())).json()
    return f"/v1/requests/{draft['request_id']}/attachments"


def sent(by: str = "KEN:focal_point", **more: str) -> dict[str, str]:
    return headers(by, revision=1) | {"Content-Type": "application/octet-stream", "File-Name": "note.pdf"} | more


async def pieces(size: int, *, after: float = 0) -> AsyncIterator[bytes]:
    """Yield a PDF in pieces, with a pause in the middle."""
    yield PDF
    await asyncio.sleep(after)
    for _ in range((size - len(PDF)) // CHUNK):
        yield bytes(CHUNK)
    yield bytes((size - len(PDF)) % CHUNK)


def slug_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("slug", "")


def left_in(settings: Settings) -> list[Path]:
    return list((settings.files_folder / "incoming").iterdir())


async def test_largest_file_is_accepted_with_bounded_memory(api: Client, path: str, settings: Settings) -> None:
    await api.post(path, content=PDF, headers=sent(**{"Idempotency-Key": str(uuid4())}))
    tracemalloc.start()
    try:
        answer = await api.post(path, content=pieces(ATTACHMENT_BYTES_MAX), headers=sent())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert (201, ATTACHMENT_BYTES_MAX) == (answer.status_code, answer.json()["size_bytes"])
    assert peak < PEAK_BYTES_MAX
    assert [] == left_in(settings)


@pytest.mark.parametrize("announced", [True, False])
async def test_too_large_file_is_rejected_with_and_without_content_length(
    api: Client, path: str, settings: Settings, announced: bool
) -> None:
    size = ATTACHMENT_BYTES_MAX + 1
    length = {"Content-Length": str(size)} if announced else {}
    answer = await api.post(path, content=pieces(size), headers=sent(**length))

    assert (413, "body-too-large") == slug_of(answer)
    assert {"limit_bytes": ATTACHMENT_BYTES_MAX} == answer.json()["details"]
    assert "close" == answer.headers["Connection"]
    assert [] == left_in(settings)


async def test_only_the_upload_route_accepts_files(api: Client, path: str) -> None:
    for other in (
        "/v1/requests",
        path.replace("/attachments", "/submit"),
        path.replace("/attachments", "/attachments/x"),
    ):
        answer = await api.post(other, content=pieces(300_000), headers=sent())
        assert (413, "body-too-large") == slug_of(answer), other
    answer = await api.post("/v1/requests", content=PDF, headers=sent())
    assert (415, "media-type-unsupported") == slug_of(answer)


@pytest.mark.parametrize("media_type", ["application/json", "multipart/mixed; boundary=x", "text/html", ""])
async def test_unsupported_media_type_is_rejected_with_the_allowed_ones(
    api: Client, path: str, media_type: str
) -> None:
    answer = await api.post(path, content=PDF, headers=sent(**{"Content-Type": media_type}))

    assert (415, "media-type-unsupported") == slug_of(answer)
    accepted = answer.json()["details"]["accepted"]
    assert {"application/octet-stream", "application/pdf", "image/png"} <= set(accepted)
    assert "application/json" not in answer.json()["title"]


async def test_pdf_is_recognized_by_content(api: Client, path: str) -> None:
    answer = await api.post(path, content=PDF, headers=sent(**{"Content-Type": "application/pdf"}))

    assert 201 == answer.status_code, answer.text


async def test_content_is_checked_for_every_media_type(api: Client, path: str) -> None:
    for media_type in ("application/pdf", "image/png"):
        answer = await api.post(path, content=b"<html>", headers=sent(**{"Content-Type": media_type}))
        assert (400, "attachment-type-unsupported") == slug_of(answer)


async def test_missing_file_name_is_reported_by_its_header(api: Client, path: str) -> None:
    given = {name: value for name, value in sent().items() if name != "File-Name"}
    answer = await api.post(path, content=PDF, headers=given)

    assert (400, "missing-field") == slug_of(answer)
    assert {"field": "File-Name"} == answer.json()["details"]


async def test_other_spelling_of_the_path_accepts_no_file(api: Client, path: str) -> None:
    for other in (f"{path}/", path.replace("/v1/", "/v1//"), f"/{path}"):
        for media_type in ("application/octet-stream", "application/json"):
            answer = await api.post(other, content=b"{}", headers=sent(**{"Content-Type": media_type}))
            assert answer.status_code in {404, 415}, (other, answer.text)


async def test_stalled_or_slow_upload_is_rejected(
    api: Client, path: str, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    for limit in ("PAUSE_SECONDS_MAX", "UPLOAD_SECONDS_MAX"):
        with monkeypatch.context() as patched:
            patched.setattr(uploads, limit, 0.2)
            answer = await api.post(path, content=pieces(1000, after=5), headers=sent())
        assert (408, "body-too-slow") == slug_of(answer)
        assert "close" == answer.headers["Connection"]
    assert [] == left_in(settings)


async def test_unauthenticated_upload_is_not_read(api: Client, path: str) -> None:
    read = []

    async def watched() -> AsyncIterator[bytes]:
        read.append(1)
        yield PDF

    answer = await api.post(path, content=watched(), headers=sent() | {"Authorization": "Bearer nonsense"})

    assert 401 == answer.status_code
    assert [] == read


async def test_concurrent_uploads_are_limited_per_person_and_in_total(
    api: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def several(*callers: str) -> list[int]:
        answers = await asyncio.gather(
            *(api.post(path, content=pieces(1000, after=1), headers=sent(by)) for by in callers)
        )
        return sorted(answer.status_code for answer in answers)

    kenya = "KEN:focal_point"
    assert [201, 201, 503] == await several(kenya, kenya, kenya)
    assert [201, 201, 404] == await several(kenya, kenya, "UGA:focal_point"), "the limit is per person"
    monkeypatch.setattr(edge, "OF_ONE_ORGANIZATION_MAX", 1)
    monkeypatch.setattr(uploads, "OF_ONE_ORGANIZATION_MAX", 1)
    assert [201, 429] == await several(kenya, "KEN:official")
    assert [201, 404] == await several(kenya, "UGA:focal_point"), "the limit is per organization"
    monkeypatch.setattr(uploads, "OF_ONE_ORGANIZATION_MAX", 4)
    monkeypatch.setattr(uploads, "UNDER_WAY_MAX", 1)
    assert [201, 503] == await several(kenya, "KEN:official")
    assert [201] == await several(kenya), "the slot must be released"


async def test_aborted_upload_leaves_no_file(api: Client, path: str, settings: Settings, databases: Any) -> None:
    app = api._transport.app  # type: ignore[attr-defined]
    said = [{"type": "http.request", "body": PDF, "more_body": True}, {"type": "http.disconnect"}]
    answered: list[Any] = []

    async def receive() -> Any:
        return said.pop(0)

    async def send(message: Any) -> None:
        answered.append(message)

    given = [(name.lower().encode(), value.encode()) for name, value in sent().items()]
    route, _, query = path.partition("?")
    scope = {
        "type": "http", "method": "POST", "path": route, "raw_path": route.encode(), "query_string": query.encode(),
        "headers": given, "client": ("127.0.0.1", 1), "server": ("test", 80), "scheme": "http",
    }  # fmt: skip
    await app(scope, receive, send)

    assert [] == answered
    assert [] == left_in(settings)
    async with databases["requests"].transaction() as tx:
        assert 0 == await tx.fetchval("SELECT count(*) FROM attachment")


FORM = "multipart/form-data; boundary=entraide"


def form(*parts: tuple[str, str, bytes], end: str = "--entraide--\r\n") -> bytes:
    """A form of parts, each with the parameters of its disposition, its content type and its content."""
    made = [
        f"--entraide\r\nContent-Disposition: form-data; {of}\r\nContent-Type: {media_type}\r\n\r\n".encode() + content
        for of, media_type, content in parts
    ]
    return b"\r\n".join([*made, end.encode()])


def without_name(**more: str) -> dict[str, str]:
    return {name: value for name, value in sent(**more).items() if name != "File-Name"}


@pytest.mark.parametrize(
    ("media_type", "more", "body", "name"),
    [
        ("application/pdf", {"File-Name": "note.pdf"}, PDF, "note.pdf"),
        ("application/pdf", {"Content-Disposition": 'attachment; filename="a note.pdf"'}, PDF, "a note.pdf"),
        (
            "application/pdf",
            {"Content-Disposition": "attachment; filename=\"x.pdf\"; filename*=UTF-8''%E6%A0%87%E9%A2%98.pdf"},
            PDF,
            "标题.pdf",
        ),
        (FORM, {}, form(('name="file"; filename="مذكرة.pdf"', "application/pdf", PDF)), "مذكرة.pdf"),
        (
            FORM,
            {},
            form(
                ('name="file"; filename="blob"', "application/octet-stream", PDF),
                ('name="name"', "text/plain", b"note verbale.pdf"),
            ),
            "note verbale.pdf",
        ),
    ],
    ids=["name", "disposition", "extended disposition", "form", "form with a name"],
)
async def test_file_comes_with_its_type_or_in_a_form(
    api: Client, path: str, media_type: str, more: dict[str, str], body: bytes, name: str
) -> None:
    answer = await api.post(path, content=body, headers=without_name(**{"Content-Type": media_type}) | more)

    assert answer.status_code == 201, answer.text
    assert (name, len(PDF), "pdf") == tuple(answer.json()[field] for field in ("name", "size_bytes", "format"))


async def test_httpx_sends_a_form(api: Client, path: str) -> None:
    given = {name: value for name, value in without_name().items() if name != "Content-Type"}

    answer = await api.post(path, files={"file": ("note.pdf", PDF, "application/pdf")}, headers=given)

    assert (201, "note.pdf") == (answer.status_code, answer.json()["name"])


@pytest.mark.parametrize(
    ("media_type", "body", "expected"),
    [
        ("multipart/form-data", b"", (400, "multipart-malformed")),
        (FORM, b"no form", (400, "multipart-malformed")),
        (FORM, form(('name="file"; filename="a.pdf"', "application/pdf", PDF), end=""), (400, "multipart-malformed")),
        (FORM, form(('name="name"', "text/plain", b"a.pdf")), (400, "multipart-malformed")),
        (FORM, form(('name="other"; filename="a.pdf"', "application/pdf", PDF)), (400, "multipart-malformed")),
        (FORM, form(*[('name="file"; filename="a.pdf"', "application/pdf", PDF)] * 2), (400, "multipart-malformed")),
        (FORM, form(('name="file"', "application/pdf", PDF)), (400, "missing-field")),
        (FORM, form(('name="file"; filename="a/b.pdf"', "application/pdf", PDF)), (400, "invalid-field")),
        (FORM, form(('name="file"; filename="a.png"', "application/pdf", PDF)), (400, "attachment-name-mismatch")),
        (
            FORM,
            form(('name="file"; filename="a.pdf"', "application/pdf", PDF + bytes(ATTACHMENT_BYTES_MAX))),
            (413, "body-too-large"),
        ),
    ],
    ids=["boundary", "none", "end", "nameless", "other", "twice", "unnamed", "path", "ending", "size"],
)
async def test_wrong_form_is_rejected_and_leaves_no_file(
    api: Client, path: str, settings: Settings, media_type: str, body: bytes, expected: tuple[int, str]
) -> None:
    answer = await api.post(path, content=body, headers=without_name(**{"Content-Type": media_type}))

    assert expected == slug_of(answer), answer.text
    assert [] == left_in(settings)
