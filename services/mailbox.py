"""A built-in mail server for demos, which stores mails as files and shows them on public pages.

It accepts SMTP but relays nothing. A mail is acknowledged once its file is synced and renamed, so no partial file is
visible.
"""

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import lru_cache
from html import escape
from pathlib import Path
from uuid import UUID

from aiosmtpd.smtp import SMTP, Envelope, Session
from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import Struct

from chassis.http.application import PUBLIC
from chassis.ids import new_id
from contracts.refusals import Missing

MAIL_BYTES_MAX = 256 * 1024
MAILS_MAX = 20_000
RECIPIENTS_MAX = 10
SHOWN_MAX = 200
PARSED_MAX = 2_000
"""Number of parsed mails kept in memory: parsing takes longest, and a stored mail does not change."""
IDLE_SECONDS = 30
COMMANDS_MAX = 5000

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})


class Mail(Struct, frozen=True, kw_only=True):
    """A received mail; `recipients` are those of the envelope, `message_id` is without brackets."""

    mail_id: UUID
    received_at: datetime
    sender: str
    recipients: tuple[str, ...]
    message_id: str
    correlation_id: str
    language: str
    subject: str
    text: str


class Mailbox:
    """An SMTP server that stores each mail as `<id>.eml` in a folder; with port 0 the system chooses a port."""

    def __init__(self, folder: Path, host: str, port: int) -> None:
        self._folder = folder
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None
        self._kept = 0

    @property
    def url(self) -> str:
        """The SMTP_URL of this server."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"smtp://{host}:{self._port}"

    async def start(self) -> None:
        """Listen in the running loop. Raises OSError if the port is in use."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for left in self._folder.glob("*.part"):
            left.unlink()
        self._kept = sum(1 for _ in self._folder.glob("*.eml"))
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, self._host, self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _protocol(self) -> SMTP:
        # By default the library would create a loop of its own, and resolve our host name.
        return SMTP(
            self,
            loop=asyncio.get_running_loop(),
            hostname="mailbox.entraide.example",
            ident="Entraide mailbox",
            data_size_limit=MAIL_BYTES_MAX,
            timeout=IDLE_SECONDS,
            command_call_limit=COMMANDS_MAX,
        )

    # -- callbacks of the library, which fixes their names -------------------------------------------------------

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= RECIPIENTS_MAX:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self._kept >= MAILS_MAX:
            return "452 4.2.2 The mailbox is full"
        content = envelope.content
        assert isinstance(content, bytes), "the server does not decode data"
        head = "".join(f"Delivered-To: {address}\r\n" for address in envelope.rcpt_tos)
        mail_id = new_id()
        received = f"Return-Path: <{envelope.mail_from or ''}>\r\n{head}"
        try:
            await asyncio.to_thread(self._keep, mail_id, received.encode("ascii", "replace") + content)
        except OSError:
            return "451 4.3.0 It could not be kept"
        self._kept += 1
        return f"250 2.0.0 Kept as {mail_id}"

    def _keep(self, mail_id: UUID, content: bytes) -> None:
        part = self._folder / f"{mail_id}.part"
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(self._folder / f"{mail_id}.eml")
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    # -- reading -------------------------------------------------------------------------------------------------

    def messages(self, *, limit: int | None = None) -> list[Mail]:
        """List stored mails, newest first."""
        paths = sorted(self._folder.glob("*.eml"), reverse=True)
        return [_read(path) for path in paths[:limit]]

    def message(self, mail_id: UUID) -> Mail | None:
        path = self._folder / f"{mail_id}.eml"
        return _read(path) if path.is_file() else None

    def count(self) -> int:
        return self._kept

    def routes(self) -> Sequence[HTTPRouteHandler]:
        """Return the pages `/mailbox` and `/mailbox/{id}`."""
        return _routes(self)


@lru_cache(maxsize=PARSED_MAX)
def _read(path: Path) -> Mail:
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage), "the policy makes an EmailMessage"
    body = message.get_body(preferencelist=("plain",))
    mail_id = UUID(path.stem)
    return Mail(
        mail_id=mail_id,
        # The id begins with its creation time (UUID version 7).
        received_at=datetime.fromtimestamp((mail_id.int >> 80) / 1000, UTC),
        sender=str(message["From"] or ""),
        recipients=tuple(str(value) for value in message.get_all("Delivered-To", [])),
        message_id=str(message["Message-ID"] or "").strip("<>"),
        correlation_id=str(message["X-Correlation-Id"] or ""),
        language=str(message["Content-Language"] or "")[:2].lower(),
        subject=str(message["Subject"] or ""),
        text=str(body.get_content()).replace("\r\n", "\n") if body else "",
    )


# -- pages ------------------------------------------------------------------------------------------------------------

STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; color: #0b0c0c; }
table { border-collapse: collapse; width: 100%; }
caption, th, td { text-align: start; padding: .4rem .75rem .4rem 0; vertical-align: top; }
tr { border-bottom: 1px solid #b1b4b6; }
a { color: #1a5c9c; }
a:focus { outline: 3px solid #fd0; background: #fd0; color: #0b0c0c; }
dt { font-weight: 700; }
dd { margin: 0 0 .5rem; }
article p { white-space: pre-line; }
"""


def _page(title: str, body: str) -> Response[str]:
    html = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><link rel="stylesheet" href="/mailbox/style.css"></head>
<body><main>{body}</main></body></html>
"""
    return Response(html, media_type=MediaType.HTML, headers={"Content-Language": "en"})


def _words(tag: str, mail: Mail, words: str) -> str:
    """Return an element in the mail's own language and direction."""
    language = f' lang="{escape(mail.language)}"' if mail.language else ""
    direction = "rtl" if mail.language in RIGHT_TO_LEFT else "auto"
    return f'<{tag}{language} dir="{direction}">{escape(words)}</{tag}>'


def _row(mail: Mail) -> str:
    time = mail.received_at.isoformat(timespec="seconds")
    subject = _words("span", mail, mail.subject or "(no subject)")
    return (
        f'<tr><td><time datetime="{time}">{mail.received_at:%Y-%m-%d %H:%M:%S}</time></td>'
        f'<td dir="ltr">{escape(", ".join(mail.recipients))}</td>'
        f'<td><a href="/mailbox/{mail.mail_id}">{subject}</a></td></tr>'
    )


def _routes(mailbox: Mailbox) -> list[HTTPRouteHandler]:
    @get("/mailbox", opt=PUBLIC, include_in_schema=False, media_type=MediaType.HTML)
    async def show_mailbox() -> Response[str]:
        mails = await asyncio.to_thread(mailbox.messages, limit=SHOWN_MAX)
        newest = f"the newest {len(mails)} of {mailbox.count()}" if mailbox.count() > len(mails) else str(len(mails))
        return _page(
            "Mailbox",
            f"""<h1>Mailbox</h1><p>Mails sent here were kept and went nowhere else.</p>
<table><caption>Mails: {newest}</caption>
<thead><tr><th scope="col">Received (UTC)</th><th scope="col">To</th><th scope="col">Subject</th></tr></thead>
<tbody>{"".join(_row(mail) for mail in mails)}</tbody></table>""",
        )

    @get("/mailbox/{mail_id:uuid}", opt=PUBLIC, include_in_schema=False, media_type=MediaType.HTML)
    async def show_mail(mail_id: FromPath[UUID]) -> Response[str]:
        mail = await asyncio.to_thread(mailbox.message, mail_id)
        if mail is None:
            raise Missing("not-found")
        heads = {
            "From": mail.sender,
            "To": ", ".join(mail.recipients),
            "Received": f"{mail.received_at:%Y-%m-%d %H:%M:%S} UTC",
            "Message-ID": mail.message_id,
            "Correlation": mail.correlation_id,
        }
        listed = "".join(f'<dt>{name}</dt><dd dir="ltr">{escape(value)}</dd>' for name, value in heads.items())
        paragraphs = "".join(_words("p", mail, part) for part in mail.text.split("\n\n") if part)
        return _page(
            mail.subject,
            f'<p><a href="/mailbox">All mails</a></p>{_words("h1", mail, mail.subject)}'
            f"<dl>{listed}</dl><article>{paragraphs}</article>",
        )

    @get("/mailbox/style.css", opt=PUBLIC, include_in_schema=False, media_type=MediaType.CSS)
    async def show_style() -> str:
        return STYLE

    return [show_mailbox, show_mail, show_style]
