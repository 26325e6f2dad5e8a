"""Tests of files over HTTP: readable after a scan, by both sides and coordinators, and stored under ids."""

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.db.database import Database
from chassis.files.scanner import Verdict
from chassis.files.storage import Storage
from chassis.files.store import ORPHAN_SECONDS, Folder
from chassis.http.application import application
from chassis.rebuild import verify
from chassis.runtime import verifier
from chassis.settings import Settings
from services.delivery import wiring
from services.delivery.wiring import SERVICE
from tests.builders import a_caller, headers
from tests.conftest import Within, running_of
from tests.delivery.files.steps import added, kept, listed, read, removed, scanned, tried
from tests.delivery.steps import (
    AUDITOR,
    COORDINATOR,
    KENYA,
    KENYAS_OFFICIAL,
    NORWAY,
    OTHERS,
    Client,
    Matching,
    move,
    slug,
)
from tests.files import FILES, PDF


@pytest.mark.parametrize("kind", ["docx", "pdf"])
async def test_scanned_file_is_downloaded_unchanged_by_both_sides(
    api: Client, db: Database, folder: Path, matching: Matching, kind: str
) -> None:
    delivery_id = await matching.confirms()
    file = await added(api, delivery_id, NORWAY, name=f"Programme.{kind}", content=FILES[kind])
    assert ("pending", "provider", "NOR", kind) == (
        file["status"],
        file["side"],
        file["organization"],
        file["format"],
    )
    assert (409, "attachment-status") == slug(await read(api, file))

    await scanned(db, folder)

    for by in (KENYA, KENYAS_OFFICIAL, NORWAY, COORDINATOR):
        assert [(f"Programme.{kind}", "clean")] == await listed(api, delivery_id, by)
        assert FILES[kind] == (await read(api, file, by)).content
    assert [("", "clean")] == await listed(api, delivery_id, AUDITOR)
    assert (403, "not-for-your-role") == slug(await read(api, file, AUDITOR))
    for by in OTHERS:
        assert (404, "not-found") == slug(await read(api, file, by))


async def test_file_is_also_sent_as_a_form(api: Client, matching: Matching) -> None:
    delivery_id = await matching.confirms()
    path = f"/v1/deliveries/{delivery_id}/files?purpose=agreement"
    answer = await api.post(path, files={"file": ("Signed.pdf", PDF)}, headers=headers(KENYA))

    assert 201 == answer.status_code, answer.text
    assert ("Signed.pdf", "agreement") == (answer.json()["name"], answer.json()["purpose"])
    assert 400 == (await tried(api, delivery_id, purpose="other")).status_code
    assert (400, "attachment-type-unsupported") == slug(await tried(api, delivery_id, content=b"MZ"))
    assert (403, "not-for-your-role") == slug(await tried(api, delivery_id, KENYAS_OFFICIAL))


async def test_infected_file_is_deleted_and_a_silent_scanner_lets_it_wait(
    api: Client, db: Database, folder: Path, matching: Matching
) -> None:
    delivery_id = await matching.confirms()
    file = await added(api, delivery_id)
    await scanned(db, folder, None)
    assert [("Note.pdf", "pending")] == await listed(api, delivery_id)

    await scanned(db, folder, Verdict.INFECTED)

    assert [("Note.pdf", "infected")] == await listed(api, delivery_id)
    assert not kept(folder, file)
    assert (409, "attachment-status") == slug(await read(api, file))


async def test_side_that_added_a_file_takes_it_back(
    api: Client, db: Database, folder: Path, matching: Matching
) -> None:
    delivery_id = await matching.confirms()
    file = await added(api, delivery_id)
    for by in (NORWAY, COORDINATOR, KENYAS_OFFICIAL):
        assert (403, "not-for-your-role") == slug(await removed(api, file, by))
    assert 412 == (await removed(api, file, revision=7)).status_code
    answer = await removed(api, file)

    assert (200, "removed", "") == (answer.status_code, answer.json()["status"], answer.json()["name"])
    assert not kept(folder, file)
    assert [] == await listed(api, delivery_id)
    assert (404, "not-found") == slug(await read(api, file))


async def test_private_file_is_for_the_two_sides_only(
    api: Client, db: Database, folder: Path, matching: Matching
) -> None:
    delivery_id = await matching.confirms()
    assert (409, "private-topic-not-open") == slug(await tried(api, delivery_id, purpose="message", private=True))
    for by in (KENYA, NORWAY):
        await move(api, delivery_id, "open-private-topic", by)
    file = await added(api, delivery_id, purpose="message", private=True)
    assert (400, "private-file-purpose") == slug(await tried(api, delivery_id, private=True))
    assert (403, "not-for-your-role") == slug(
        await tried(api, delivery_id, COORDINATOR, purpose="message", private=True)
    )
    await scanned(db, folder)

    for by in (KENYAS_OFFICIAL, NORWAY):
        assert [("Note.pdf", "clean")] == await listed(api, delivery_id, by)
        assert PDF == (await read(api, file, by)).content
    for by in (COORDINATOR, AUDITOR):
        assert [] == await listed(api, delivery_id, by)
        assert (404, "not-found") == slug(await read(api, file, by))


async def test_files_of_an_organization_are_limited_over_all_deliveries(
    settings: Settings, databases: Mapping[str, Database], matching: Matching, tmp_path: Path
) -> None:
    small = replace(settings, files_state_count=1, files_state_mebibytes=1, files=tmp_path)
    within = Within()
    running = running_of(small, databases, "delivery", "requests", within=within)
    app = within.app = application(running, verifier(small, running[0].callers), settings=small)
    first, second = await matching.confirms(), await matching.confirms()
    async with Client(transport=httpx.ASGITransport(app), base_url="http://test") as api:
        file = await added(api, first)
        refused = await tried(api, second)
        assert (409, "delivery-file-quota-exceeded") == slug(refused)
        assert {"limit_files": 1, "limit_bytes": 1024 * 1024} == refused.json()["details"]
        await added(api, second, NORWAY)
        assert 2 == len(list((tmp_path / "delivery").glob("??/*"))), "a refused file is not stored"
        assert 200 == (await removed(api, file)).status_code
        await added(api, second)


async def test_sweep_deletes_what_no_row_refers_to_and_nothing_of_others(
    api: Client, db: Database, folder: Path, matching: Matching
) -> None:
    file = await added(api, await matching.confirms())
    orphans = []
    for place in (folder, folder.parent):
        orphan = uuid4()
        await Folder(place).keep(orphan, BytesIO(PDF))
        orphans.append(place / orphan.hex[-2:] / orphan.hex)
    old = time.time() - ORPHAN_SECONDS - 60
    for path in folder.parent.rglob("*"):
        if path.is_file():
            os.utime(path, (old, old))

    await wiring.sweep(db, Storage(files=Folder(folder), scanner=None))

    assert kept(folder, file)
    assert [False, True] == [one.exists() for one in orphans]
    assert UUID(file["file_id"]) not in await Folder(folder.parent).older_than(0), "the other services do not find it"


async def test_files_are_rebuilt_and_rows_are_those_that_the_policy_shows(
    api: Client, db: Database, folder: Path, matching: Matching, database_url: str
) -> None:
    delivery_id = await matching.confirms()
    for by in (KENYA, NORWAY):
        await move(api, delivery_id, "open-private-topic", by)
    await added(api, delivery_id, purpose="message", private=True)
    await removed(api, await added(api, delivery_id))
    await added(api, delivery_id, COORDINATOR)
    await scanned(db, folder)
    migrator = await Database.connect(database_url, "delivery", owner=True)
    try:
        assert [] == await verify(migrator, SERVICE)
    finally:
        await migrator.close()

    for who, rows, names in (
        *((one, 3, 2) for one in (KENYA, KENYAS_OFFICIAL, NORWAY)),
        (COORDINATOR, 2, 1),
        (AUDITOR, 2, 0),
        *((one, 0, 0) for one in OTHERS),
    ):
        async with db.transaction(by=a_caller(who)) as tx:
            found = [await tx.fetchval(f"SELECT count(*) FROM {table}") for table in ("file", "file_text")]
        assert [rows, names] == found, who
