"""The SMTP server that receives mails, behind the mail edge of UNODC.

A mail is acknowledged once its files are on disk and its row is committed; a failure before that is a temporary error,
and the client sends the mail again. A mail that was received before is acknowledged without a second row. The replies
do not show whether a sender is known, unless the mails of its organization fill their quota (452).
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

import asyncpg
import msgspec
import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session
from msgspec import Struct
from msgspec.structs import replace

from chassis import clock
from chassis.db.database import Database
from chassis.ids import new_id
from chassis.journal.peers import PeerError
from chassis.service import Running
from chassis.telemetry import with_correlation
from contracts.callers import Address, KnownSubject
from contracts.mails import MAIL_BYTES_MAX
from contracts.refusals import Missing
from contracts.reply_addresses import Reply, is_reply_address, read_reply_address
from contracts.values import Caller
from services.requests.attachment.actions import FileStorage
from services.requests.mail import actions, answer_store, store
from services.requests.mail.actions import Answered, Sender
from services.requests.mail.answer_store import Answer
from services.requests.mail.parsing import IncomingFile, IncomingMail, MailUnacceptable, is_answerable, read_mail
from services.requests.policy import FILERS
from services.requests.request import store as request_store

IDLE_SECONDS = 60
SESSIONS_MAX = 20
"""Maximum number of sessions of one process; each holds at most one mail in memory."""

COMMANDS_MAX = 1000
RECIPIENTS_MAX = 10
DIRECTORY = "directory"
MATCHING = "matching"

TAKEN = "250 2.0.0 OK"
LATER = "451 4.3.0 Temporary failure, try again later"
FULL = "452 4.2.2 The mailbox is full, try again later"

log = structlog.get_logger()


class Terms(Struct, frozen=True, kw_only=True):
    """The address to listen on, the address of incoming mails, and the mail edge's name in Authentication-Results."""

    host: str
    port: int
    address: str
    authserv_id: str | None
    reply_key: bytes | None = None

    @property
    def domain(self) -> str:
        return self.address.partition("@")[2]


class _OfRequest(Struct, frozen=True, kw_only=True):
    """The request of a match."""

    request_id: UUID


class _Sessions(SMTP):
    """One session; sessions over the limit are refused at once."""

    def __init__(self, receiver: "MailReceiver") -> None:
        super().__init__(
            receiver,
            loop=asyncio.get_running_loop(),
            hostname=receiver.terms.domain,
            ident="Entraide",
            data_size_limit=MAIL_BYTES_MAX,
            timeout=IDLE_SECONDS,
            command_call_limit=COMMANDS_MAX,
        )
        self._receiver = receiver

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._receiver.sessions += 1
        if self._receiver.sessions > SESSIONS_MAX:
            # uvloop's transports do not derive from asyncio's classes.
            cast(asyncio.Transport, transport).write(b"421 4.3.2 Too many connections, try again later\r\n")
            transport.close()
            return
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._receiver.sessions -= 1
        if self.transport is not None:
            super().connection_lost(error)


class MailReceiver:
    """Receives mails while `run` runs."""

    def __init__(self, running: Running, terms: Terms) -> None:
        self.terms = terms
        self.sessions = 0
        self.port = terms.port
        self._running = running
        self._db: Database = running.db
        self._own: FileStorage = running.own

    async def run(self) -> None:
        """Listen until cancelled. Raises OSError if the port is in use."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Sessions(self), self.terms.host, self.terms.port)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            await server.serve_forever()

    # -- callbacks of the library, which fixes their names -------------------------------------------------------

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= RECIPIENTS_MAX:
            return "452 4.5.3 Too many recipients"
        is_reply = self.terms.reply_key is not None and is_reply_address(address, self.terms.domain)
        if address.lower() != self.terms.address.lower() and not is_reply:
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes), "decode_data is off"
        with with_correlation(None):
            try:
                mail = await asyncio.to_thread(read_mail, content, self.terms.authserv_id)
                return await self._take(mail, envelope.mail_from or "", envelope.rcpt_tos)
            except MailUnacceptable as error:
                return error.reply
            except Exception as error:
                # Whatever the error is, the mail is not stored: the client has to keep it.
                log.warning("a mail is taken in later", reason=type(error).__name__)
                return LATER

    async def handle_exception(self, error: Exception) -> str:
        """Log the error by its type, without its text, which may quote the mail."""
        log.warning("a session with a mail client failed", reason=type(error).__name__)
        return LATER

    # -- receiving -----------------------------------------------------------------------------------------------

    async def _take(self, mail: IncomingMail, envelope_sender: str, recipients: Sequence[str]) -> str:
        now = clock.now()
        if self._running.callers.stale():
            raise PeerError("the appointments in force are not known")
        answer = Answer(address=envelope_sender, in_reply_to=mail.message_id)
        owed = answer if is_answerable(mail, envelope_sender) else None
        sender, answered = await self._reply(mail, recipients, now)
        sender = sender or await self._sender_of(mail.sender, now)
        if sender is None:
            async with self._db.transaction() as tx:
                if owed:
                    await answer_store.owe(tx, owed, now=now)
            return TAKEN
        return await self._keep(mail, sender, owed, answered, now=now)

    async def _reply(
        self, mail: IncomingMail, recipients: Sequence[str], now: datetime
    ) -> tuple[Sender | None, Answered | None]:
        """Return the person who got the notice that this mail answers, and the subject of the notice.

        The subject is None if the person no longer sees the request, or a program has answered; the mail is then
        treated like any other. Raises PeerError.
        """
        key = self.terms.reply_key
        replies = [
            reply
            for address in recipients
            if key is not None and is_reply_address(address, self.terms.domain)
            if (reply := read_reply_address(key, address, mail.sender, today=now.date())) is not None
        ]
        if not replies:
            return None, None
        reply = replies[0]
        held = self._running.callers.in_force(reply.person_id, now)
        request_id = await self._request_of(reply)
        if request_id is not None and not mail.automatic:
            for one in held:
                answered = await self._answered(request_id, one.caller, reply.about if reply.is_match else None)
                if answered is not None:
                    return Sender(person_id=one.person_id, organization=one.organization), answered
        first = min(held, key=lambda one: (one.role not in FILERS, one.organization), default=None)
        return Sender(person_id=first.person_id, organization=first.organization) if first else None, None

    async def _request_of(self, reply: Reply) -> UUID | None:
        """Return the request that a notice was about; for a match, the matching service is asked. Raises PeerError."""
        if not reply.is_match:
            return reply.about
        body = await self._running.peers.find(MATCHING, f"/v1/matches/{reply.about}")
        return None if body is None else msgspec.json.decode(body, type=_OfRequest).request_id

    async def _answered(self, request_id: UUID, caller: Caller, match_id: UUID | None) -> Answered | None:
        """Return the subject of the answer; None if this caller does not see the request."""
        async with self._db.transaction() as tx:
            try:
                request = await request_store.get(tx, request_id, caller)
            except Missing:
                return None
        return Answered(request_id=request_id, state=request.state, match_id=match_id)

    async def _sender_of(self, address: str, now: datetime) -> Sender | None:
        """Return the person with this address who holds an appointment, preferably one who files for a State.

        None if there is none. Raises PeerError.
        """
        if not address:
            return None
        body = await self._running.peers.ask(
            DIRECTORY, "/internal/addresses", msgspec.json.encode(Address(email=address))
        )
        people = () if body is None else msgspec.json.decode(body, type=KnownSubject).people
        held = [one for person_id in people for one in self._running.callers.in_force(person_id, now)]
        if not held:
            return None
        one = min(held, key=lambda one: (one.role not in FILERS, one.organization))
        return Sender(person_id=one.person_id, organization=one.organization)

    async def _keep(
        self, mail: IncomingMail, sender: Sender, owed: Answer | None, answered: Answered | None, *, now: datetime
    ) -> str:
        """Store the files, then the rows. After a failure the files are deleted, or else later by the sweep."""
        files = [(new_id(), one) for one in mail.files]
        try:
            async with self._db.transaction() as tx:
                if await store.id_of_digest(tx, mail.digest):
                    return TAKEN
                if await store.waiting_bytes(tx, sender.organization) + mail.size_bytes > self._own.quota.bytes_max:
                    return FULL
            await self._keep_files(files)
            async with self._db.transaction() as tx:
                await actions.receive(tx, new_id(), mail, sender, files, answered, now=now)
                if owed:
                    await answer_store.owe(tx, replace(owed, person_id=sender.person_id), now=now)
        except asyncpg.UniqueViolationError:
            # Another session has just stored the same mail.
            await self._drop(files)
        return TAKEN

    async def _keep_files(self, files: Sequence[tuple[UUID, IncomingFile]]) -> None:
        for file_id, one in files:
            await self._own.keep_bytes(file_id, one.content)

    async def _drop(self, files: Sequence[tuple[UUID, IncomingFile]]) -> None:
        for file_id, _ in files:
            await self._own.drop(file_id)
