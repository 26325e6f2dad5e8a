"""Incoming mails: nothing leaves the triage box without a coordinator, and no acknowledged mail is lost."""

import asyncio
import os
import pickle
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import aiosmtplib
import pytest

from chassis.db.database import Database, Tx
from chassis.erasure import forget as forget_everywhere
from chassis.files.scanner import Verdict
from chassis.files.store import Folder
from chassis.journal.peers import PeerError
from chassis.rebuild import verify
from chassis.settings import Settings
from contracts.mails import MAIL_BYTES_MAX
from services.requests import policy, wiring
from services.requests.attachment.actions import FileStorage
from services.requests.mail import actions, receiver, store
from services.requests.policy import Action
from services.requests.wiring import SERVICE
from tests.builders import a_caller, headers
from tests.databases import connected
from tests.files import PDF
from tests.requests.attachment_steps import QUOTA, scanned
from tests.requests.mail_steps import ADDRESS, EDGE, SENDER, Intake, a_mail, intake_of, received, register
from tests.requests.steps import COORDINATOR, KENYA

OTHERS = ("KEN:official", KENYA, "UGA:focal_point", "NOR:provider_officer", "UNODC:finance_officer")


async def texts_in_journal(db: Database) -> str:
    async with db.transaction() as tx:
        return "".join(row["event"] for row in await tx.fetch("SELECT event FROM journal"))


async def test_a_mail_of_a_known_sender_is_in_the_triage_box(
    intake: Intake, db: Database, tmp_path: Path, database_url: str
) -> None:
    mail = await received(intake, ("Note verbale.pdf", PDF), ("notes.txt", b"plain"))

    assert ("new", "KEN", "unverified", "unverified") == (
        mail["status"],
        mail["organization"],
        mail["spf"],
        mail["dkim"],
    )
    assert (SENDER.lower(), "Canary-subject of the note") == (mail["sender"], mail["subject"])
    assert "Canary-body of the note" == mail["body"]
    assert [("Note verbale.pdf", "pdf", "pending"), ("notes.txt", "other", "pending")] == [
        (one["name"], one["format"], one["status"]) for one in mail["files"]
    ]
    assert ["file_mail", "discard_mail"] == mail["moves"]
    path = f"/v1/intake/files/{mail['files'][0]['file_id']}"
    waiting = await intake.api.get(path, headers=headers(COORDINATOR))
    assert (409, "attachment-status") == (waiting.status_code, waiting.json()["slug"])
    await scanned(db, tmp_path)
    assert PDF == (await intake.api.get(path, headers=headers(COORDINATOR))).content
    async with connected(database_url, "requests", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_no_text_name_or_address_is_in_a_fact(intake: Intake, db: Database) -> None:
    await received(intake, ("Canary-file.pdf", PDF))

    said = await texts_in_journal(db)
    assert "requests.mail.received.v1" in said
    for word in ("Canary", "ken.example", "Kamau"):
        assert word.lower() not in said.lower()


async def test_only_coordinators_and_auditors_see_it(intake: Intake, db: Database, tmp_path: Path) -> None:
    mail = await received(intake, ("a.pdf", PDF))
    await scanned(db, tmp_path)

    assert await intake.mails("UNODC:auditor")
    for by in OTHERS:
        paths = (f"/v1/intake/mails/{mail['mail_id']}", f"/v1/intake/files/{mail['files'][0]['file_id']}")
        assert [404, 404] == [(await intake.api.get(path, headers=headers(by))).status_code for path in paths]
        assert 403 == (await intake.api.get("/v1/intake/mails", headers=headers(by))).status_code
        for move in ("file", "discard"):
            given = headers(by, revision=mail["revision"])
            body = {"language": "en"} if move == "file" else {"reason": "other"}
            answer = await intake.api.post(f"{paths[0]}/{move}", json=body, headers=given)
            assert (404, "not-found") == (answer.status_code, answer.json()["slug"])


async def test_row_level_security_hides_what_the_policy_hides(
    intake: Intake, databases: Mapping[str, Database]
) -> None:
    await received(intake, ("a.pdf", PDF))
    tables = ("mail", "mail_file", "mail_text", "mail_file_text", "mail_answer")
    for by in (COORDINATOR, "UNODC:auditor", *OTHERS):
        caller = a_caller(by)
        async with databases["requests"].transaction(by=caller) as tx:
            rows = [await tx.fetchval(f"SELECT count(*) FROM {table}") for table in tables]
        allowed = policy.decide(caller, Action.LIST_MAILS).allowed
        assert [int(allowed)] * 4 + [0] == rows, by


async def test_an_unknown_sender_gets_the_same_reply_and_leaves_nothing(
    intake: Intake, db: Database, tmp_path: Path
) -> None:
    await register(intake)
    known = await intake.send(a_mail())

    unknown = await intake.send(
        a_mail(("a.pdf", PDF), sender="Somebody <somebody@nowhere.example>"), sender="s@nowhere.example"
    )

    assert known == unknown
    assert 1 == len(await intake.mails())
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (f"{EDGE}; spf=pass smtp.mailfrom=ken.example; dkim=fail header.d=ken.example", ("pass", "fail")),
        (f"{EDGE}; dkim=pass header.d=ken.example;\r\n spf=softfail", ("softfail", "pass")),
        (f"{EDGE}; spf=excellent", ("unverified", "unverified")),
        (f"evil.example; spf=pass; {EDGE}; dkim=pass", ("unverified", "unverified")),
        (f"{EDGE}.evil.example; spf=pass; dkim=pass", ("unverified", "unverified")),
    ],
)
async def test_spf_and_dkim_are_as_our_own_edge_reports_them(
    intake: Intake, head: str, expected: tuple[str, str]
) -> None:
    await register(intake)
    message = a_mail().as_bytes()

    await intake.send(b"Authentication-Results: " + head.encode() + b"\r\n" + message)

    (mail,) = await intake.mails()
    assert expected == (mail["spf"], mail["dkim"])


async def test_a_mail_that_is_sent_again_is_taken_in_once(intake: Intake) -> None:
    await register(intake)
    message = a_mail(("a.pdf", PDF))

    replies = await asyncio.gather(*(intake.send(message) for _ in range(6)))
    forwarded = await intake.send(
        b"Received: by another.example; Thu, 26 Nov 2026 09:00:00 +0000\r\n" + message.as_bytes()
    )

    assert {(250, "2.0.0 OK")} == {*replies, forwarded}
    assert 1 == len(await intake.mails())


async def test_two_processes_take_a_repeated_mail_in_once(
    settings: Settings, databases: Mapping[str, Database], intake: Intake, tmp_path: Path, database_url: str
) -> None:
    async with (
        connected(database_url, "requests", role="entraide_requests_own") as requests,
        connected(database_url, "directory", role="entraide_directory_own") as directory,
        intake_of(settings, {"requests": requests, "directory": directory}, tmp_path) as other,
    ):
        await register(intake)
        message = a_mail(("a.pdf", PDF))

        replies = await asyncio.gather(*(one.send(message) for one in (intake, other) * 5))

    assert {(250, "2.0.0 OK")} == set(replies)
    assert 1 == len(await intake.mails())
    assert 1 == len([path for path in tmp_path.glob("??/*") if path.is_file()])


async def test_a_failed_commit_is_a_temporary_error_and_the_repeat_comes_in(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register(intake)
    message, receive = a_mail(("a.pdf", PDF)), actions.receive

    async def fails(*args: Any, **more: Any) -> None:
        await receive(*args, **more)
        raise ConnectionResetError

    monkeypatch.setattr(actions, "receive", fails)
    assert 451 == (await intake.send(message))[0]
    assert [] == await intake.mails()
    monkeypatch.setattr(actions, "receive", receive)
    assert 250 == (await intake.send(message))[0]
    assert 1 == len(await intake.mails())


async def test_a_lost_reply_after_the_commit_makes_no_second_mail(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register(intake)
    message, take = a_mail(), receiver.MailReceiver._keep

    async def dies(*args: Any, **more: Any) -> str:
        await take(*args, **more)
        raise ConnectionResetError

    monkeypatch.setattr(receiver.MailReceiver, "_keep", dies)
    assert 451 == (await intake.send(message))[0]
    monkeypatch.setattr(receiver.MailReceiver, "_keep", take)
    assert 250 == (await intake.send(message))[0]
    assert 1 == len(await intake.mails())


@pytest.mark.parametrize("point", ["before the commit", "before the reply"])
async def test_a_mail_comes_in_once_though_the_process_is_killed(
    intake: Intake, settings: Settings, tmp_path: Path, point: str
) -> None:
    person_id = await register(intake)
    message = a_mail(("a.pdf", PDF))
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.requests.mail_child", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(pickle.dumps((settings, str(tmp_path), person_id, point)))
    child.stdin.close()
    port = int(await child.stdout.readline())

    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await intake.send(message, port=port)
    assert -signal.SIGKILL == await child.wait()

    assert int(point == "before the reply") == len(await intake.mails())
    assert 250 == (await intake.send(message))[0]
    (mail,) = await intake.mails()
    assert 1 == mail["files"]


async def test_without_database_directory_or_disk_it_is_a_temporary_error(
    intake: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register(intake)
    requests = intake.running[1]

    async def away(*_: Any) -> bytes:
        raise PeerError("planted")

    with monkeypatch.context() as patch:
        patch.setattr(requests.peers, "ask", away)
        assert 451 == (await intake.send(a_mail()))[0]

    async def full(*_: Any) -> None:
        raise OSError("planted")

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "keep", full)
        assert 451 == (await intake.send(a_mail(("a.pdf", PDF))))[0]
    await requests.db.close()
    assert 451 == (await intake.send(a_mail()))[0]


async def test_a_file_with_malware_is_deleted(intake: Intake, db: Database, tmp_path: Path, database_url: str) -> None:
    mail = await received(intake, ("a.pdf", PDF))

    await scanned(db, tmp_path, Verdict.INFECTED)

    mail = await intake.mail(mail["mail_id"])
    assert ["infected"] == [one["status"] for one in mail["files"]]
    assert not [path for path in tmp_path.glob("??/*")]
    answer = await intake.api.get(f"/v1/intake/files/{mail['files'][0]['file_id']}", headers=headers(COORDINATOR))
    assert (409, "attachment-status") == (answer.status_code, answer.json()["slug"])
    async with connected(database_url, "requests", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_a_stored_file_stays_as_long_as_its_row(intake: Intake, db: Database, tmp_path: Path) -> None:
    await received(intake, ("a.pdf", PDF))
    (kept,) = tmp_path.glob("??/*")
    stray = kept.with_name("0" * 30 + kept.name[-2:])
    stray.write_bytes(b"stray")
    for path in (kept, stray):
        os.utime(path, (0, 0))

    await wiring.sweep(db, FileStorage(files=Folder(tmp_path), scanner=None, quota=QUOTA))

    assert [kept] == list(tmp_path.glob("??/*"))


async def test_an_erased_sender_leaves_no_text_and_no_file(intake: Intake, db: Database, tmp_path: Path) -> None:
    person_id = await register(intake)
    await intake.send(a_mail(("a.pdf", PDF)))
    (kept,) = tmp_path.glob("??/*")
    os.utime(kept, (0, 0))

    async with db.transaction() as tx:
        for left in (1, 0):
            dropped = await SERVICE.forget(tx, person_id, None)
            assert (left, left) == (dropped["mail_text"], dropped["mail_answer"])
    await wiring.sweep(db, FileStorage(files=Folder(tmp_path), scanner=None, quota=QUOTA))

    assert forget_everywhere is not SERVICE.forget
    (mail,) = await intake.mails()
    assert ("", "") == (mail["sender"], mail["subject"])
    assert not list(tmp_path.glob("??/*"))


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (a_mail(*((f"{n}.txt", b"x") for n in range(20))), 250),
        (a_mail(*((f"{n}.txt", b"x") for n in range(21))), 552),
        (a_mail(text="x" * 900_000), 552),
        (b"From: a@ken.example\r\n" + b"X: y\r\n" * 2000 + b"\r\nx", 552),
        (b"From: a@ken.example\r\nX: y\r\n" + b" y\r\n" * 5000 + b"\r\nx", 552),
        (
            b"From: a@ken.example\r\n"
            + b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(5000)),
            552,
        ),
        (b"From: a@ken.example\r\n\r\n" + b"x\r\n" * 600_000, 552),
        (b"From: a@ken.example\r\n\r\n" + b"x" * 98 * 1000, 500),
        (b"From: a@ken.example\r\nContent-Type: text/plain; " + b"(" * 800 + b"\r\n\r\nx", 552),
        (b"\r\n\r\n", 250),
        (b"From: a@ken.example\r\n\r\n" + (b"x" * 900 + b"\r\n") * (MAIL_BYTES_MAX // 900), 552),
    ],
    ids=["20 files", "21 files", "long text", "many headers", "long header", "nested", "lines", "long line", "comment",
         "empty", "26 MiB"],
)  # fmt: skip
async def test_a_hostile_mail_ends_at_a_limit(intake: Intake, message: Any, code: int) -> None:
    await register(intake)

    assert code == (await intake.send(message))[0]


async def test_sessions_are_limited(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    await register(intake)
    monkeypatch.setattr(receiver, "SESSIONS_MAX", 1)
    reader, writer = await asyncio.open_connection("127.0.0.1", intake.receiver.port)
    assert b"220" in await reader.readline()

    with pytest.raises(aiosmtplib.SMTPConnectResponseError) as refused:
        await intake.send(a_mail())
    writer.close()
    await writer.wait_closed()
    async with asyncio.timeout(10):
        while intake.receiver.sessions:
            await asyncio.sleep(0.01)

    assert 421 == refused.value.code
    assert 250 == (await intake.send(a_mail()))[0]


async def test_only_its_own_address_is_a_mailbox(intake: Intake) -> None:
    await register(intake)
    assert 550 == (await intake.send(a_mail(), to="other@entraide.example"))[0]
    assert 250 == (await intake.send(a_mail(), to=ADDRESS.upper()))[0]


async def test_mails_of_one_organization_cannot_fill_the_disk(
    settings: Settings, databases: Mapping[str, Database], tmp_path: Path
) -> None:
    async with intake_of(replace(settings, files_state_mebibytes=1), databases, tmp_path) as intake:
        await register(intake)
        large = a_mail(("a.pdf", PDF + b"x" * 600_000))
        assert 250 == (await intake.send(large))[0]
        assert 452 == (await intake.send(a_mail(("b.pdf", PDF + b"x" * 600_000))))[0]
        assert 250 == (await intake.send(large))[0]


async def test_a_view_is_of_one_moment(
    intake: Intake, db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file scanned between two queries of a GET would otherwise give new files beside an old revision."""
    mail = await received(intake, ("Note verbale.pdf", PDF))
    file_views = store.file_views

    async def scanned_before(tx: Tx, mail_id: UUID) -> list[store.FileView]:
        await scanned(db, tmp_path)
        return await file_views(tx, mail_id)

    monkeypatch.setattr(store, "file_views", scanned_before)
    torn = await intake.mail(mail["mail_id"])
    after = await intake.mail(mail["mail_id"])

    assert [(1, "pending"), (2, "clean")] == [(one["revision"], one["files"][0]["status"]) for one in (torn, after)]
