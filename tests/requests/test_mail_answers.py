"""The automatic answer: the same for all, once in a day, and not to programs (RFC 3834)."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from chassis import clock
from chassis.db.database import Database
from chassis.settings import Settings
from services.mailbox import Mailbox
from services.requests.mail import answer_store
from services.requests.mail.answer_store import Answer
from services.requests.mail.sender import AnswerTerms, answer_texts, send_answers
from tests.databases import connected
from tests.requests.mail_steps import ADDRESS, SENDER, Intake, a_mail, intake_of, register

STRANGER = "somebody@nowhere.example"


@pytest.fixture
async def intake(settings: Settings, databases: Mapping[str, Database], tmp_path: Path) -> AsyncIterator[Intake]:
    async with intake_of(settings, databases, tmp_path / "files") as one:
        await register(one)
        yield one


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[Mailbox]:
    box = Mailbox(tmp_path / "mailbox", "127.0.0.1", 0)
    await box.start()
    yield box
    await box.stop()


def terms(mailbox: Mailbox) -> AnswerTerms:
    return AnswerTerms(url=mailbox.url, address=ADDRESS)


async def test_each_sender_is_answered_once_and_alike(
    intake: Intake, db: Database, mailbox: Mailbox, tmp_path: Path
) -> None:
    for sender in (SENDER, STRANGER):
        for _ in range(2):
            await intake.send(a_mail(sender=sender), sender=sender)

    await send_answers(db, terms(mailbox))
    await send_answers(db, terms(mailbox))

    known, unknown = (next(one for one in mailbox.messages() if one.recipients == (to,)) for to in (SENDER, STRANGER))
    assert 2 == mailbox.count()
    assert known.text == unknown.text == "\n\n".join(answer_texts().values()) + "\n"
    for path in (tmp_path / "mailbox").glob("*.eml"):
        message = message_from_bytes(path.read_bytes(), policy=default)
        assert "<>" in message["Return-Path"]
        assert "auto-replied" == message["Auto-Submitted"]
        assert str(message["In-Reply-To"]).endswith("@ken.example>")


@pytest.mark.parametrize(
    ("head", "sender"),
    [
        ({"Auto_Submitted": "auto-replied"}, SENDER),
        ({"Auto_Submitted": "auto-generated (rejected)"}, SENDER),
        ({"List_Id": "<unodc.lists.example>"}, SENDER),
        ({"List_Unsubscribe": "<mailto:x@lists.example>"}, SENDER),
        ({"Precedence": "bulk"}, SENDER),
        ({}, ""),
        ({}, "MAILER-DAEMON@ken.example"),
        ({}, "owner-list@ken.example"),
        ({}, "list-bounces@ken.example"),
    ],
)
async def test_what_a_machine_sent_is_not_answered(
    intake: Intake, db: Database, mailbox: Mailbox, head: dict[str, str], sender: str
) -> None:
    assert 250 == (await intake.send(a_mail(**head), sender=sender))[0]
    assert 250 == (await intake.send(a_mail(sender=STRANGER, **head), sender=sender))[0]

    await send_answers(db, terms(mailbox))

    assert 0 == mailbox.count()
    assert 1 == len(await intake.mails())


async def test_an_answer_waits_for_the_mail_server_and_is_sent_by_one_process(
    db: Database, mailbox: Mailbox, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    async with db.transaction() as tx:
        await answer_store.owe(tx, Answer(address=STRANGER, in_reply_to=""), now=now)
    await send_answers(db, AnswerTerms(url="smtp://127.0.0.1:1", address=ADDRESS))
    assert 0 == mailbox.count()

    monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=answer_store.LEASE_SECONDS + 1))
    async with connected(database_url, "requests", role="entraide_requests_own") as other:
        async with other.transaction() as tx:
            assert await answer_store.claim(tx, now=clock.now())
            await send_answers(db, terms(mailbox))
        assert 0 == mailbox.count()
        monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=3 * answer_store.LEASE_SECONDS))
        for one in (db, other, db):
            await send_answers(one, terms(mailbox))
    assert 1 == mailbox.count()


async def test_answers_are_limited_and_forgotten_after_a_day(db: Database) -> None:
    now = clock.now()
    async with db.transaction() as tx:
        for number in range(answer_store.HOURLY_MAX + 5):
            await answer_store.owe(tx, Answer(address=f"{number}@nowhere.example", in_reply_to=""), now=now)
        assert answer_store.HOURLY_MAX == await tx.fetchval("SELECT count(*) FROM mail_answer")
        await answer_store.delete_old(tx, now=now + timedelta(hours=answer_store.KEPT_HOURS, seconds=1))
        assert 0 == await tx.fetchval("SELECT count(*) FROM mail_answer")
