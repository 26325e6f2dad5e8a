"""Steps of tests of incoming mails."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiosmtplib
import httpx

from chassis.db.database import Database
from chassis.http.application import application
from chassis.runtime import verifier
from chassis.service import Running
from chassis.settings import Settings
from chassis.supervise import cancel
from contracts.values import Role
from services.requests.mail.receiver import MailReceiver, Terms
from tests.builders import headers
from tests.conftest import Within, running_of
from tests.personas import appoint_persona
from tests.requests.steps import COORDINATOR, Client

ADDRESS = "requests@entraide.example"
EDGE = "mx.entraide.example"
REPLY_KEY = b"a key for tests, of 32 characters or more"
SENDER = "Wanjiru.Kamau@ken.example"


class Intake:
    """The services in this process, with a mail server, and a client of their API."""

    def __init__(self, running: list[Running], receiver: MailReceiver, api: Client) -> None:
        self.running, self.receiver, self.api = running, receiver, api

    async def send(
        self, message: EmailMessage | bytes, *, sender: str = SENDER, to: str = ADDRESS, port: int | None = None
    ) -> tuple[int, str]:
        """Send a mail and return the reply of the server."""
        client = aiosmtplib.SMTP(
            hostname="127.0.0.1", port=port or self.receiver.port, local_hostname="mx.ken.example", timeout=60
        )
        await client.connect()
        try:
            content = message if isinstance(message, bytes) else message.as_bytes()
            _, reply = await client.sendmail(sender, [to], content)
            return 250, reply
        except aiosmtplib.SMTPRecipientsRefused as error:
            return error.recipients[0].code, error.recipients[0].message
        except aiosmtplib.SMTPResponseException as error:
            return error.code, error.message
        finally:
            client.close()

    async def mails(self, by: str = COORDINATOR, query: str = "") -> list[dict[str, Any]]:
        answer = await self.api.get(f"/v1/intake/mails{query}", headers=headers(by))
        assert answer.status_code == 200, answer.text
        return list(answer.json()["mails"])

    async def mail(self, mail_id: str, by: str = COORDINATOR) -> dict[str, Any]:
        answer = await self.api.get(f"/v1/intake/mails/{mail_id}", headers=headers(by))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@contextlib.asynccontextmanager
async def intake_of(settings: Settings, databases: Mapping[str, Database], folder: Path) -> AsyncIterator[Intake]:
    """Run the mail server of requests beside the directory, on a free port."""
    own = replace(settings, files=folder)
    within = Within()
    running = running_of(own, databases, "directory", "requests", within=within)
    app = within.app = application(running, verifier(own, running[0].callers), settings=own)
    receiver = MailReceiver(
        running[1], Terms(host="127.0.0.1", port=0, address=ADDRESS, authserv_id=EDGE, reply_key=REPLY_KEY)
    )
    serving = asyncio.create_task(receiver.run())
    while receiver.port == 0:
        await asyncio.sleep(0.01)
        assert not serving.done(), serving
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as api:
        yield Intake(running, receiver, api)
    await cancel({serving})


async def register(
    intake: Intake, email: str = SENDER, organization: str = "KEN", role: Role = Role.FOCAL_POINT
) -> uuid.UUID:
    """Register a person with this address in the directory, with an appointment; return the person's id."""
    person_id = uuid.uuid4()
    async with intake.running[0].db.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO organization (organization_id, code, revision, texts_hash, registered_at)
            VALUES (gen_random_uuid(), $1, 1, '', now()) ON CONFLICT DO NOTHING
            """,
            organization,
        )  # fmt: skip
        await tx.execute(
            "INSERT INTO person (person_id, organization, revision, texts_hash, entered_at) VALUES ($1, $2, 1, '', now())",
            person_id,
            organization,
        )
        await tx.execute(
            "INSERT INTO person_text (person_id, salt, name, email, language) VALUES ($1, '', 'Canary-name', $2, 'en')",
            person_id,
            email,
        )
    appoint_persona(f"{organization}:{role}", person_id=person_id)
    return person_id


def a_mail(
    *files: tuple[str, bytes],
    sender: str = f"Canary-person <{SENDER}>",
    text: str = "Canary-body of the note",
    **head: str,
) -> EmailMessage:
    """Return a mail with these files, each given as name and content."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ADDRESS
    message["Subject"] = "Canary-subject of the note"
    message["Message-ID"] = f"<{uuid.uuid4().hex}@ken.example>"
    for name, value in head.items():
        del message[name.replace("_", "-")]
        message[name.replace("_", "-")] = value
    message.set_content(text)
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message


async def received(intake: Intake, *files: tuple[str, bytes], **more: Any) -> dict[str, Any]:
    """Return a mail of a known sender in the triage box."""
    await register(intake)
    assert (250, "2.0.0 OK") == await intake.send(a_mail(*files, **more))
    (one,) = await intake.mails()
    return await intake.mail(one["mail_id"])
