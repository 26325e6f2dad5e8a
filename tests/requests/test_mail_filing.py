"""Filing and discarding mails of the triage box."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.values import Role
from services.requests.wiring import SERVICE
from tests.builders import a_line, headers
from tests.clocks import TODAY
from tests.databases import connected
from tests.files import PDF, a_docx
from tests.requests.attachment_steps import scanned
from tests.requests.mail_steps import Intake, a_mail, received, register
from tests.requests.steps import COORDINATOR, KENYA


async def file(intake: Intake, mail: Mapping[str, Any], **more: Any) -> Any:
    given = headers(COORDINATOR, revision=mail["revision"], key=more.pop("key", None))
    return await intake.api.post(
        f"/v1/intake/mails/{mail['mail_id']}/file", json={"language": "en", **more}, headers=given
    )


async def test_a_mail_is_filed_as_a_draft_of_the_state_with_its_files(
    intake: Intake, db: Database, tmp_path: Path, database_url: str
) -> None:
    mail = await received(intake, ("Note.pdf", PDF), ("Annex.docx", a_docx()), ("notes.txt", b"plain"))
    await scanned(db, tmp_path)
    mail = await intake.mail(mail["mail_id"])

    answer = await file(intake, mail, lines=[a_line()], key="filed-once")
    again = await file(intake, mail, lines=[a_line()], key="filed-once")

    assert answer.status_code == again.status_code == 201, answer.text
    request = answer.json()
    assert request["request_id"] == again.json()["request_id"]
    assert ("draft", "KEN", "Canary-subject of the note") == (request["status"], request["state"], request["title"])
    assert ("mail", TODAY.isoformat()) == (request["received"]["channel"], request["received"]["received_on"])
    assert request["received"]["reference"] == mail["message_id"]
    path = f"/v1/requests/{request['request_id']}"
    assert "Canary-body of the note" == (await intake.api.get(path, headers=headers(KENYA))).json()["need"]
    await scanned(db, tmp_path)
    attached = (await intake.api.get(f"{path}/attachments", headers=headers(KENYA))).json()["attachments"]
    assert [("Note.pdf", "note_verbale"), ("Annex.docx", "note_verbale")] == [
        (one["name"], one["purpose"]) for one in attached
    ]
    content = await intake.api.get(f"/v1/attachments/{attached[0]['attachment_id']}", headers=headers(KENYA))
    assert PDF == content.content
    filed = await intake.mail(mail["mail_id"])
    assert ("filed", request["request_id"], []) == (filed["status"], filed["request_id"], filed["moves"])
    late = await file(intake, filed)
    assert (409, "mail-status") == (late.status_code, late.json()["slug"])
    async with connected(database_url, "requests", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_two_who_file_a_mail_at_once_make_one_draft(intake: Intake, db: Database, tmp_path: Path) -> None:
    mail = await received(intake, ("Note.pdf", PDF))
    await scanned(db, tmp_path)
    mail = await intake.mail(mail["mail_id"])

    answers = await asyncio.gather(*(file(intake, mail) for _ in range(4)))

    assert [201, 412, 412, 412] == sorted(answer.status_code for answer in answers)
    async with db.transaction() as tx:
        assert 1 == await tx.fetchval("SELECT count(*) FROM request")


async def test_a_wrong_filing_is_refused_and_changes_nothing(intake: Intake, db: Database, tmp_path: Path) -> None:
    await register(intake, organization="UNODC", role=Role.COORDINATOR)
    await intake.send(a_mail(*((f"{n}.pdf", PDF + str(n).encode()) for n in range(11)), ("notes.txt", b"x")))
    (one,) = await intake.mails()
    await scanned(db, tmp_path)
    mail = await intake.mail(one["mail_id"])
    ids = [one["file_id"] for one in mail["files"]]

    cases: list[tuple[dict[str, Any], str]] = [
        ({"file_ids": ids[:1]}, "mail-state-missing"),
        ({"state": "KEN"}, "too-many-mail-files"),
        ({"state": "KEN", "file_ids": ids[11:]}, "mail-file-unsuitable"),
        ({"state": "KEN", "file_ids": [mail["mail_id"]]}, "mail-file-unsuitable"),
        ({"state": "XKX", "file_ids": []}, "unknown-code"),
    ]
    for body, slug in cases:
        answer = await file(intake, mail, **body)
        assert (400, slug) == (answer.status_code, answer.json()["slug"]), answer.text
    answer = await file(intake, mail | {"revision": 1}, state="KEN", file_ids=[])
    assert 412 == answer.status_code
    assert "new" == (await intake.mail(mail["mail_id"]))["status"]
    assert 201 == (await file(intake, mail, state="KEN", file_ids=ids[:2])).status_code


async def test_a_mail_is_discarded_for_a_reason(intake: Intake, database_url: str) -> None:
    mail = await received(intake)
    path = f"/v1/intake/mails/{mail['mail_id']}/discard"

    unknown = await intake.api.post(path, json={"reason": "boring"}, headers=headers(COORDINATOR, revision=1))
    done = await intake.api.post(path, json={"reason": "unsolicited_mail"}, headers=headers(COORDINATOR, revision=1))

    assert (400, "unknown-code") == (unknown.status_code, unknown.json()["slug"])
    assert ("discarded", "unsolicited_mail") == (done.json()["status"], done.json()["reason"])
    assert [] == await intake.mails(query="?status=new")
    assert 1 == len(await intake.mails(query="?status=discarded&organization=KEN"))
    assert [] == await intake.mails(query="?organization=UGA")
    async with connected(database_url, "requests", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)
