"""Attachments: readable with access to the words, after a scan, and stored under ids."""

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.db.database import Database
from chassis.files.scanner import Scanner, Verdict, scanner_of
from chassis.files.store import Folder
from chassis.http import downloads
from chassis.http.application import application
from chassis.http.uploads import file_name
from chassis.rebuild import verify
from chassis.runtime import verifier
from chassis.settings import Settings
from services.requests import wiring
from services.requests.attachment.actions import FileStorage
from services.requests.attachment.model import ATTACHMENTS_MAX
from services.requests.wiring import SERVICE
from tests.builders import a_request, headers
from tests.conftest import running_of
from tests.databases import connected
from tests.files import FILES, PDF, a_docx
from tests.requests.attachment_steps import QUOTA, attached, attempt, file_of, listed, moved, read, scanned
from tests.requests.steps import COORDINATOR, FRANCE, KENYA, NORWAY, Client, consent, readers

OFFICIAL = "KEN:official"
UGANDA = "UGA:focal_point"


async def drafted(api: Client, **changes: Any) -> dict[str, Any]:
    answer = await api.post("/v1/requests", json=a_request(submit=False, **changes), headers=headers())
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def opened(api: Client, request: Mapping[str, Any]) -> dict[str, Any]:
    request = await moved(api, request, "submit", KENYA)
    return await moved(api, await moved(api, request, "register"), "open")


@pytest.mark.parametrize("kind", sorted(FILES))
async def test_scanned_file_is_downloaded_unchanged(api: Client, db: Database, folder: Path, kind: str) -> None:
    request = await drafted(api)
    one = await attached(api, request, name=f"Note {kind}.{kind}", content=FILES[kind])
    assert (kind, "pending", len(FILES[kind])) == (one["format"], one["status"], one["size_bytes"])
    answer = await read(api, one)
    assert (409, "attachment-status") == (answer.status_code, answer.json()["slug"])

    await scanned(db, folder)

    assert [(f"Note {kind}.{kind}", "clean")] == await listed(api, request)
    assert FILES[kind] == (await read(api, one)).content


async def test_files_of_a_state_are_limited_in_number_and_size_over_all_requests(
    settings: Settings, databases: Mapping[str, Database], tmp_path: Path
) -> None:
    small = replace(settings, files_state_count=3, files_state_mebibytes=1, files=tmp_path)
    running = running_of(small, databases, "requests")
    app = application(running, verifier(small, running[0].callers), settings=small)
    async with Client(transport=httpx.ASGITransport(app), base_url="http://test") as api:
        first, second = await drafted(api), await drafted(api)
        large = PDF + b" " * 700_000
        one = await attached(api, first, content=large)

        answer = await attempt(api, second, content=large)
        assert (409, "attachment-quota-exceeded") == (answer.status_code, answer.json()["slug"])
        assert {"limit_files": 3, "limit_bytes": 1024 * 1024} == answer.json()["details"]
        for request in (first, second):
            await attached(api, request)
        answer = await attempt(api, second)
        assert (409, "attachment-quota-exceeded") == (answer.status_code, answer.json()["slug"])
        assert 3 == len(list(small.files_folder.glob("??/*"))), "no file of a refused attachment is left"

        # Another State has its own quota, a removed file no longer counts, and scans of notes verbales are counted apart.
        created = await api.post("/v1/requests", json=a_request(submit=False), headers=headers(UGANDA))
        await attached(api, created.json(), by=UGANDA, content=large)
        ended = await api.delete(f"/v1/attachments/{one['attachment_id']}", headers=headers(revision=1))
        assert 200 == ended.status_code, ended.text
        await attached(api, second)
        await attached(api, await opened(api, first), by=COORDINATOR, among="notes-verbales")


async def test_download_is_an_attachment_that_browsers_do_not_render(api: Client, db: Database, folder: Path) -> None:
    name = 'Обращение "2026" €; filename=x.html.pdf'
    one = await attached(api, await drafted(api), name=name)
    await scanned(db, folder)
    answer = await read(api, one)

    assert "application/octet-stream" == answer.headers["Content-Type"]
    assert "nosniff" == answer.headers["X-Content-Type-Options"]
    assert "no-store" == answer.headers["Cache-Control"]
    assert answer.headers["Content-Security-Policy"].endswith("; sandbox")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    plain, _, full = (
        answer.headers["Content-Disposition"].removeprefix("attachment; filename=").partition("; filename*=")
    )
    assert '"_________ _2026_ _; filename=x.html.pdf"' == plain
    assert f"UTF-8''{quote(name, safe='')}" == full


async def test_stalled_download_is_aborted(
    api: Client, db: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await attached(api, await drafted(api))
    await scanned(db, folder)
    monkeypatch.setattr(downloads, "SEND_SECONDS", 0.2)
    said: list[str] = []

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        said.append(message["type"])
        if message["type"] == "http.response.body":
            await asyncio.sleep(60)

    path = f"/v1/attachments/{one['attachment_id']}"
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers().items()],
        "client": ("127.0.0.1", 1), "server": ("test", 80), "scheme": "http",
    }  # fmt: skip
    async with asyncio.timeout(5):
        await api._transport.app(scope, receive, send)  # type: ignore[attr-defined]

    assert ["http.response.start", "http.response.body"] == said
    assert [] == [
        link for link in Path("/proc/self/fd").iterdir() if link.exists() and link.resolve() in file_of(folder, one)
    ]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.pdf", "a/b.pdf", "a\\b.pdf", "a\nb.pdf", "a\x00.pdf", "", "x" * 201]
)
async def test_invalid_file_name_is_rejected(api: Client, name: str) -> None:
    answer = await attempt(api, await drafted(api), name=name)

    assert 400 == answer.status_code, answer.text


@pytest.mark.parametrize("sign", "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_direction_marks_are_removed_from_file_names(sign: str) -> None:
    assert "noteexe.pdf" == file_name(quote(f"{sign}note{sign}exe.pdf"))
    assert "مذكرة.pdf" == file_name(quote(f"{sign}مذكرة{sign}.pdf"))
    with pytest.raises(ValueError, match="not a file name"):
        file_name(quote(sign))


async def test_arbitrary_file_name_is_not_a_path(api: Client, folder: Path) -> None:
    one = await attached(api, await drafted(api), name="..pdf.pdf")

    assert 1 == len(file_of(folder, one))
    assert not [path for path in folder.rglob("*") if path.suffix == ".pdf"]


@pytest.mark.parametrize(
    ("name", "content", "slug"),
    [
        ("note.pdf", b"MZ\x90\x00", "attachment-type-unsupported"),
        ("note.pdf", b"", "attachment-type-unsupported"),
        ("note.exe", PDF, "attachment-name-mismatch"),
        ("note.docx", a_docx(media=bytes(50_000_000)), "attachment-unsafe"),
    ],
)
async def test_rejected_attachment_leaves_no_file(
    api: Client, db: Database, folder: Path, name: str, content: bytes, slug: str
) -> None:
    before = set(folder.glob("??/*"))
    request = await drafted(api)
    answer = await attempt(api, request, name=name, content=content)

    assert (400, slug) == (answer.status_code, answer.json()["slug"])
    assert [] == await listed(api, request)
    assert before == set(folder.glob("??/*"))


async def test_attachments_are_readable_only_with_access_to_the_words(api: Client, db: Database, folder: Path) -> None:
    request = await drafted(api, circulation="none")
    one = await attached(api, request, name="Canary.pdf")
    request = await opened(api, request)
    request = await consent(api, request, recipients=["NOR"], fields=["words"])
    request = await consent(api, request, recipients=["FRA"], fields=["institution"])
    assert [] == await listed(api, request, NORWAY), "files that are not scanned are not listed for others"
    assert 409 == (await read(api, one, NORWAY)).status_code
    await scanned(db, folder)

    for by in (KENYA, OFFICIAL, COORDINATOR, "UNODC:auditor", NORWAY, "NOR:donor_officer"):
        assert [("Canary.pdf", "clean")] == await listed(api, request, by)
        assert PDF == (await read(api, one, by)).content
    nothing = await api.get(f"/v1/attachments/{uuid4()}", headers=headers(FRANCE))
    for by in (FRANCE, UGANDA, "UNODC-CEB:provider_officer"):
        there = await api.get(f"/v1/requests/{request['request_id']}/attachments", headers=headers(by))
        for answer in (there, await read(api, one, by)):
            assert (404, "not-found") == (answer.status_code, answer.json()["slug"])
            assert nothing.json().keys() == answer.json().keys()

    given = request["consents"][0]["consent_id"]
    path = f"/v1/requests/{request['request_id']}/consents/{given}"
    await api.delete(path, headers=headers(revision=request["revision"]))
    assert 404 == (await read(api, one, NORWAY)).status_code


async def test_download_is_reported_to_the_state(api: Client, db: Database, folder: Path) -> None:
    request = await drafted(api)
    one = await attached(api, request)
    await scanned(db, folder)
    request = await opened(api, request)
    await read(api, one, NORWAY)

    assert ("NOR", "provider_officer", 1) in await readers(api, request)


async def test_file_is_attached_only_by_filers_while_the_request_can_be_revised(api: Client) -> None:
    request = await drafted(api)
    for by, status, slug in ((OFFICIAL, 201, None), (UGANDA, 404, "not-found"), (COORDINATOR, 404, "not-found")):
        answer = await attempt(api, request, by)
        assert (status, slug) == (answer.status_code, answer.json().get("slug"))
    request = await moved(api, request, "submit", KENYA)
    for by, status, slug in ((KENYA, 409, "request-status"), (COORDINATOR, 403, "not-for-your-role")):
        answer = await attempt(api, request, by)
        assert (status, slug) == (answer.status_code, answer.json()["slug"])


async def test_attaching_requires_the_revision_and_does_not_change_it(api: Client) -> None:
    request = await drafted(api)
    stale = await attempt(api, request | {"revision": 7})
    assert (412, "revision-stale") == (stale.status_code, stale.json()["slug"])
    await attached(api, request)

    assert (
        request["revision"]
        == (await api.get(f"/v1/requests/{request['request_id']}", headers=headers())).json()["revision"]
    )


async def test_idempotency_key_attaches_once_and_rejects_another_file_or_name(api: Client, folder: Path) -> None:
    request = await drafted(api)
    before = set(folder.glob("??/*"))
    key = {"Idempotency-Key": str(uuid4())}
    first = await attached(api, request, **key)
    again = await attached(api, request, **key)
    other = await attempt(api, request, content=PDF + b"\n", **key)
    renamed = await attempt(api, request, name="Other.pdf", **key)

    assert first == again
    assert [(422, "idempotency-key-reused")] * 2 == [(a.status_code, a.json()["slug"]) for a in (other, renamed)]
    assert set(file_of(folder, first)) == set(folder.glob("??/*")) - before
    assert [("Note.pdf", "pending")] == await listed(api, request)


async def test_number_of_files_of_a_request_is_limited(api: Client) -> None:
    request = await drafted(api)
    kept = [await attached(api, request) for _ in range(ATTACHMENTS_MAX)]
    answer = await attempt(api, request)
    assert (409, "too-many-attachments") == (answer.status_code, answer.json()["slug"])

    path = f"/v1/attachments/{kept[0]['attachment_id']}"
    assert 200 == (await api.delete(path, headers=headers(revision=1))).status_code
    assert 201 == (await attempt(api, request)).status_code


async def test_removed_file_and_its_name_are_deleted(api: Client, db: Database, folder: Path) -> None:
    request = await drafted(api)
    one = await attached(api, request, name="Canary.pdf")
    await scanned(db, folder)
    request = await opened(api, request)
    path = f"/v1/attachments/{one['attachment_id']}"
    for by, status in ((UGANDA, 404), (COORDINATOR, 403), (NORWAY, 403)):
        assert status == (await api.delete(path, headers=headers(by, revision=2))).status_code
    assert 412 == (await api.delete(path, headers=headers(revision=1))).status_code
    answer = await api.delete(path, headers=headers(OFFICIAL, revision=2))

    assert (200, "removed", "") == (answer.status_code, answer.json()["status"], answer.json()["name"])
    assert 404 == (await read(api, one)).status_code
    assert [] == await listed(api, request)
    assert [] == file_of(folder, one)
    async with db.transaction() as tx:
        assert not await tx.fetchval("SELECT bool_or(strpos(t::text, 'Canary') > 0) FROM attachment_text AS t")


async def test_infected_file_is_deleted_and_reported(api: Client, db: Database, folder: Path) -> None:
    request = await drafted(api)
    one, other = await attached(api, request, name="Bad.pdf"), await attached(api, request, name="Worse.pdf")
    await scanned(db, folder, Verdict.INFECTED)

    assert [("Bad.pdf", "infected"), ("Worse.pdf", "infected")] == await listed(api, request)
    assert 409 == (await read(api, one)).status_code
    assert [] == file_of(folder, one)
    assert "requests.attachment.rejected.v1" == (await facts(db))[-1]["type"]
    path = f"/v1/attachments/{other['attachment_id']}"
    assert 200 == (await api.delete(path, headers=headers(revision=2))).status_code
    assert [("Bad.pdf", "infected")] == await listed(api, request), "its name is deleted when the State removes it"
    request = await opened(api, request)
    assert [] == await listed(api, request, NORWAY)


async def test_files_wait_for_an_unavailable_scanner_and_removed_ones_stay_removed(
    api: Client, db: Database, folder: Path
) -> None:
    request = await drafted(api)
    one, other = await attached(api, request, name="One.pdf"), await attached(api, request, name="Other.pdf")
    await scanned(db, folder, None)
    assert [("One.pdf", "pending"), ("Other.pdf", "pending")] == await listed(api, request)

    async def removed_during_scan(_file: Any) -> Verdict:
        await api.delete(f"/v1/attachments/{other['attachment_id']}", headers=headers(revision=1))
        return Verdict.CLEAN

    scanner: Scanner = removed_during_scan
    await wiring.scan(db, FileStorage(files=Folder(folder), scanner=scanner, quota=QUOTA), scanner)
    assert [("One.pdf", "clean")] == await listed(api, request)
    assert PDF == (await read(api, one)).content


async def test_without_a_scanner_the_setting_decides_the_status(api: Client, db: Database, settings: Settings) -> None:
    request = await drafted(api)
    one = await attached(api, request)
    scanner = scanner_of(settings.scanner)
    await wiring.scan(db, FileStorage(files=Folder(settings.files_folder), scanner=scanner, quota=QUOTA), scanner)
    assert [("Note.pdf", "unscanned")] == await listed(api, request)
    assert PDF == (await read(api, one)).content


async def test_upload_without_scanner_setting_is_rejected(
    settings: Settings, databases: Mapping[str, Database]
) -> None:
    unsaid = replace(settings, scanner=None)
    running = running_of(unsaid, databases, "requests")
    app = application(running, verifier(unsaid, running[0].callers), settings=unsaid)
    async with Client(transport=httpx.ASGITransport(app), base_url="http://test") as api:
        answer = await attempt(api, await drafted(api))

    assert (409, "attachments-off") == (answer.status_code, answer.json()["slug"])


async def test_unavailable_storage_is_answered_with_503(
    api: Client, db: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await drafted(api)
    one = await attached(api, request)
    await scanned(db, folder)
    file_of(folder, one)[0].unlink()
    answer = await read(api, one)
    assert (503, "files-unavailable") == (answer.status_code, answer.json()["slug"])

    def full(*_args: object) -> None:
        raise OSError("planted: no space left")

    monkeypatch.setattr(Folder, "_keep", full)
    answer = await attempt(api, request)
    assert (503, "files-unavailable") == (answer.status_code, answer.json()["slug"])
    assert "planted" not in answer.text


async def test_attachments_are_rebuilt_from_the_journal_with_salted_hashes(
    api: Client, db: Database, folder: Path, database_url: str
) -> None:
    request = await drafted(api)
    one = await attached(api, request, name="Canary.pdf")
    other = await attached(api, request, name="Canary.pdf")
    await scanned(db, folder)
    await api.delete(f"/v1/attachments/{other['attachment_id']}", headers=headers(revision=2))
    reported = [event for event in await facts(db) if event["type"].startswith("requests.attachment.")]

    assert {one["attachment_id"], other["attachment_id"]} == {event["data"]["attachment_id"] for event in reported}
    hashes = [event["data"]["content_hash"] for event in reported if "content_hash" in event["data"]]
    assert 2 == len(set(hashes)), "the same content has a different hash each time"
    assert "Canary" not in json.dumps(reported)
    async with connected(database_url, "requests", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_files_without_a_row_are_deleted(api: Client, db: Database, folder: Path) -> None:
    one = await attached(api, await drafted(api))
    orphan = folder / "ab" / UUID(int=0xAB).hex
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(PDF)
    for path in (orphan, *file_of(folder, one)):
        os.utime(path, (0, 0))
    await wiring.sweep(db, FileStorage(files=Folder(folder), scanner=None, quota=QUOTA))

    assert not orphan.exists()
    assert 1 == len(file_of(folder, one))


async def facts(db: Database) -> list[dict[str, Any]]:
    async with db.transaction() as tx:
        return [json.loads(row["event"]) for row in await tx.fetch("SELECT event FROM journal ORDER BY position")]
