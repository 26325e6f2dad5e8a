"""The mail server of the demo stores what it acknowledged and shows it safely."""

import asyncio
from collections.abc import AsyncIterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import aiosmtplib
import httpx
import pytest

from chassis.auth.tokens import NoDirectory
from chassis.http.application import application
from services import mailbox as module
from services.mailbox import MAIL_BYTES_MAX, Mailbox


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[Mailbox]:
    box = Mailbox(tmp_path / "mails", "127.0.0.1", 0)
    await box.start()
    yield box
    await box.stop()


def a_mail(subject: str = "A subject", text: str = "Some words.\n", language: str = "en") -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = "Entraide <no-reply@entraide.example>"
    message["To"] = "person@organization.example"
    message["Subject"] = subject
    message["Message-ID"] = "<1@entraide.example>"
    message.set_content(text, charset="utf-8", cte="8bit")
    message["Content-Language"] = language
    return message


async def send(mailbox: Mailbox, *messages: EmailMessage, recipients: tuple[str, ...] = ("person@b.example",)) -> None:
    port = urlsplit(mailbox.url).port
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, local_hostname="test.example", timeout=5) as client:
        for message in messages:
            await client.send_message(message, recipients=list(recipients))


def pages(mailbox: Mailbox) -> httpx.AsyncClient:
    app = application([], NoDirectory(), routes=mailbox.routes())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def test_mail_is_stored_with_envelope_and_body(mailbox: Mailbox) -> None:
    await send(mailbox, a_mail("Demande enregistrée", "La demande a été enregistrée.\n", "fr"))
    (mail,) = mailbox.messages()

    assert ("Demande enregistrée", "La demande a été enregistrée.\n", "fr") == (mail.subject, mail.text, mail.language)
    assert ("person@b.example",) == mail.recipients
    assert "1@entraide.example" == mail.message_id


async def test_mails_survive_a_restart_and_partial_files_are_deleted(tmp_path: Path) -> None:
    first = Mailbox(tmp_path, "127.0.0.1", 0)
    await first.start()
    await send(first, a_mail("one"), a_mail("two"))
    await first.stop()
    (tmp_path / f"{uuid4()}.part").write_text("From: half")
    second = Mailbox(tmp_path, "127.0.0.1", 0)
    await second.start()
    await send(second, a_mail("three"))
    await second.stop()

    assert ["three", "two", "one"] == [mail.subject for mail in second.messages()]
    assert 3 == second.count()
    assert [] == list(tmp_path.glob("*.part"))


async def test_full_mailbox_and_too_large_mail_are_rejected(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    large = a_mail(text="x" * 70 + "\n")
    large.set_content(("x" * 70 + "\n") * (MAIL_BYTES_MAX // 70 + 1))
    with pytest.raises(aiosmtplib.SMTPResponseException) as no:
        await send(mailbox, large)
    assert 552 == no.value.code

    monkeypatch.setattr(module, "MAILS_MAX", 1)
    with pytest.raises(aiosmtplib.SMTPResponseException) as full:
        await send(mailbox, a_mail(), a_mail())
    assert 452 == full.value.code
    assert 1 == len(mailbox.messages())


async def test_number_of_recipients_is_limited(mailbox: Mailbox) -> None:
    await send(mailbox, a_mail(), recipients=tuple(f"p{n}@b.example" for n in range(module.RECIPIENTS_MAX + 1)))

    assert module.RECIPIENTS_MAX == len(mailbox.messages()[0].recipients)


async def test_mails_are_received_concurrently(mailbox: Mailbox) -> None:
    await asyncio.gather(*(send(mailbox, *(a_mail(f"{n}-{k}") for k in range(5))) for n in range(6)))

    assert 30 == len({mail.subject for mail in mailbox.messages()})


async def test_pages_show_each_mail_in_its_language_and_direction_without_scripts(mailbox: Mailbox) -> None:
    await send(
        mailbox,
        a_mail("قُدِّم الطلب", "قُدِّم إلى المكتب طلب.\n\nhttp://x.example/v1\n", "ar"),
        a_mail("<script>alert(1)</script>", "<b>words</b> & more\n"),
    )
    async with pages(mailbox) as client:
        listed = await client.get("/mailbox")
        arabic = await client.get(f"/mailbox/{mailbox.messages()[1].mail_id}")
        hostile = await client.get(f"/mailbox/{mailbox.messages()[0].mail_id}")
        style = await client.get("/mailbox/style.css")

    assert "text/html" in listed.headers["Content-Type"]
    assert '<span lang="ar" dir="rtl">قُدِّم الطلب</span>' in listed.text
    assert '<p lang="ar" dir="rtl">' in arabic.text
    assert "<script>" not in listed.text + hostile.text
    assert "<b>" not in hostile.text
    assert "text/css" in style.headers["Content-Type"]
    assert "style-src 'self'" in listed.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", [f"/mailbox/{UUID(int=1)}", "/mailbox/..%2f..%2fetc%2fpasswd", "/mailbox/x"])
async def test_other_mailbox_paths_are_not_found(mailbox: Mailbox, path: str) -> None:
    async with pages(mailbox) as client:
        answer = await client.get(path)

    assert 404 == answer.status_code
    assert "application/problem+json" in answer.headers["Content-Type"]
