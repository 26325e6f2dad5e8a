"""An SMTP server for tests, and senders to it."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from chassis import clock
from chassis.auth.callers import AppointmentLookup
from chassis.db.database import Database
from services.notifications.notices.model import RetryIntervals
from services.notifications.notices.sender import Sender, Terms
from tests.personas import AllAppointed


@dataclass
class Sink:
    """An SMTP server with configurable answers, which keeps every mail it accepted."""

    answers: Callable[[str], str] = lambda _message_id: "250 OK"
    recipient_answer: str = "250 OK"
    accepted: list[Any] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    attempts: Counter[str] = field(default_factory=Counter)
    port: int = 0

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.recipient_answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient_answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        message_id = str(message["Message-ID"])
        self.attempts[message_id] += 1
        answer = self.answers(message_id)
        if answer.startswith("250"):
            self.accepted.append(message)
            self.raw.append(envelope.content)
        return answer

    @property
    def ids(self) -> Counter[str]:
        return Counter(str(message["Message-ID"]) for message in self.accepted)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(self, loop=loop, hostname="sink.example"), "127.0.0.1", self.port
        )
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()


def the_terms(port: int, **changes: Any) -> Terms:
    values: dict[str, Any] = {
        "url": f"smtp://127.0.0.1:{port}",
        "sender": "Entraide <no-reply@entraide.example>",
        "public_url": "https://entraide.example",
        "hourly_max": 10_000,
        "pace": RetryIntervals(retry_seconds=1),
    }
    return Terms(**values | changes)


def a_sender(
    db: Database,
    port: int,
    *,
    at: datetime | None = None,
    appointments: AppointmentLookup | None = None,
    **changes: Any,
) -> Sender:
    return Sender(db, the_terms(port, **changes), appointments or AllAppointed(), clock=lambda: at or clock.now())
