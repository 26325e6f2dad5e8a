"""An incoming mail and its statuses. Its texts and files are in the store only."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from contracts.attachments import ATTACHMENT_BYTES_MAX
from contracts.facts import Fact
from contracts.mails import MailDiscarded, MailFile, MailFiled, MailFileScanned, MailReceived, MailReplyReceived
from contracts.refusals import Conflict, Invalid
from services.requests.attachment.model import READABLE, AttachmentStatus


class FileFormat(StrEnum):
    """The format of a file of a mail: one of the formats of attachments, or another."""

    PDF = "pdf"
    DOCX = "docx"
    PNG = "png"
    JPEG = "jpeg"
    OTHER = "other"


class MailStatus(StrEnum):
    """The status of a mail: in the triage box, filed as a request, discarded, or added to a request as a message."""

    NEW = "new"
    FILED = "filed"
    DISCARDED = "discarded"
    ADDED = "added"


MOVES: Mapping[str, frozenset[MailStatus]] = {
    "file_mail": frozenset({MailStatus.NEW}),
    "discard_mail": frozenset({MailStatus.NEW}),
}


class ScannedFile(MailFile, frozen=True, kw_only=True):
    """A file of a mail with the result of its scan; it is never `removed`."""

    status: AttachmentStatus = AttachmentStatus.PENDING

    @property
    def readable(self) -> bool:
        return self.status in READABLE

    @property
    def attachable(self) -> bool:
        """True if the file can become a file of a request."""
        return self.readable and self.format != FileFormat.OTHER and 0 < self.size_bytes <= ATTACHMENT_BYTES_MAX


class Mail(Struct, frozen=True, kw_only=True):
    """A mail without its texts; `request_id` is the request that it was filed as or added to."""

    mail_id: UUID
    status: MailStatus
    revision: int
    person_id: UUID
    organization: str
    received_at: datetime
    size_bytes: int
    texts_hash: str
    spf: str
    dkim: str
    request_id: UUID | None = None
    match_id: UUID | None = None
    reason: str | None = None
    files: tuple[ScannedFile, ...] = ()

    def require(self, move: str) -> None:
        """Raise Conflict if the mail's status does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("mail-status", status=self.status, move=move)

    def file(self, request_id: UUID, state: str, *, now: datetime) -> MailFiled:
        self.require("file_mail")
        return MailFiled(mail_id=self.mail_id, request_id=request_id, state=state, filed_at=now)

    def discard(self, reason: str, *, now: datetime) -> MailDiscarded:
        self.require("discard_mail")
        return MailDiscarded(mail_id=self.mail_id, reason=reason, discarded_at=now)

    def scanned(self, file_id: UUID, outcome: AttachmentStatus, *, now: datetime) -> MailFileScanned | None:
        """Record the outcome of a scan; None if the file has been scanned before."""
        waiting = {one.file_id for one in self.files if one.status is AttachmentStatus.PENDING}
        if file_id not in waiting:
            return None
        return MailFileScanned(mail_id=self.mail_id, file_id=file_id, outcome=outcome, scanned_at=now)

    def chosen(self, file_ids: Sequence[UUID] | None, *, most: int) -> tuple[ScannedFile, ...]:
        """Return the files to attach to a request: those named, or else all that can be attached.

        Raises Invalid for a file that is not of the mail or cannot be attached, and for more than `most` files.
        """
        attachable = {one.file_id: one for one in self.files if one.attachable}
        chosen = tuple(attachable) if file_ids is None else tuple(dict.fromkeys(file_ids))
        if any(file_id not in attachable for file_id in chosen):
            raise Invalid("mail-file-unsuitable", field="file_ids")
        if len(chosen) > most:
            raise Invalid("too-many-mail-files", field="file_ids", limit=most)
        return tuple(attachable[file_id] for file_id in chosen)


def evolve(mail: Mail | None, fact: Fact) -> Mail:
    """Apply a fact; the revision increases by one."""
    if mail is None:
        assert isinstance(fact, MailReceived | MailReplyReceived), "a mail begins by being received"
        return _received(fact)
    return replace(mail, revision=mail.revision + 1, **_changes(mail, fact))


def _received(fact: MailReceived | MailReplyReceived) -> Mail:
    reply = fact if isinstance(fact, MailReplyReceived) else None
    return Mail(
        mail_id=fact.mail_id,
        status=MailStatus.ADDED if reply else MailStatus.NEW,
        revision=1,
        person_id=fact.person_id,
        organization=fact.organization,
        received_at=fact.received_at,
        size_bytes=fact.size_bytes,
        texts_hash=fact.texts_hash,
        spf=fact.spf,
        dkim=fact.dkim,
        request_id=reply.request_id if reply else None,
        match_id=reply.match_id if reply else None,
        files=tuple(
            ScannedFile(
                file_id=one.file_id, format=one.format, size_bytes=one.size_bytes, content_hash=one.content_hash
            )
            for one in fact.files
        ),
    )


def _changes(mail: Mail, fact: Fact) -> Mapping[str, Any]:
    match fact:
        case MailFiled():
            return {"status": MailStatus.FILED, "request_id": fact.request_id}
        case MailDiscarded():
            return {"status": MailStatus.DISCARDED, "reason": fact.reason}
        case MailFileScanned():
            outcome = AttachmentStatus(fact.outcome)
            files = (replace(one, status=outcome) if one.file_id == fact.file_id else one for one in mail.files)
            return {"files": tuple(files)}
    raise AssertionError(f"{fact.type} is not a mail's fact")
