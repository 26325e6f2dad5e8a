"""Facts of incoming mails; owned by requests. Addresses, subjects, texts and names of files are not included."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.facts import Fact
from contracts.values import Code, Organization, State

MAIL_BYTES_MAX = 25 * 1024 * 1024
MAIL_FILES_MAX = 20


class MailFile(Struct, frozen=True, kw_only=True):
    """A file of a mail; `format` is `pdf`, `docx`, `png`, `jpeg` or `other`."""

    file_id: UUID
    format: Code
    size_bytes: Annotated[int, Meta(ge=0, le=MAIL_BYTES_MAX)]
    content_hash: str


MailFiles = Annotated[tuple[MailFile, ...], Meta(max_length=MAIL_FILES_MAX)]
MailBytes = Annotated[int, Meta(ge=1, le=MAIL_BYTES_MAX)]


class MailReceived(Fact, frozen=True, kw_only=True, tag="requests.mail.received.v1"):
    """A mail from the address of a known person is in the triage box.

    `organization` is that of the person. `spf` and `dkim` are results of our own mail edge (RFC 8601), otherwise
    `unverified`; the address of a sender can be forged.
    """

    mail_id: UUID
    person_id: UUID
    organization: Organization
    size_bytes: MailBytes
    texts_hash: str
    spf: Code
    dkim: Code
    files: MailFiles
    received_at: datetime


class MailReplyReceived(Fact, frozen=True, kw_only=True, tag="requests.mail.reply-received.v1"):
    """A mail answered a notice; it is a message on the request that the notice was about.

    `match_id` is the match that the notice was about, if any.
    """

    mail_id: UUID
    person_id: UUID
    organization: Organization
    request_id: UUID
    state: State
    size_bytes: MailBytes
    texts_hash: str
    spf: Code
    dkim: Code
    files: MailFiles
    received_at: datetime
    match_id: UUID | None = None


class MailFileScanned(Fact, frozen=True, kw_only=True, tag="requests.mail.file-scanned.v1"):
    """A file of a mail was scanned; `outcome` is `clean`, `unscanned` (there is no scanner) or `infected` (deleted)."""

    mail_id: UUID
    file_id: UUID
    outcome: Code
    scanned_at: datetime


class MailFiled(Fact, frozen=True, kw_only=True, tag="requests.mail.filed.v1"):
    """A coordinator filed the mail as a draft on behalf of the State."""

    mail_id: UUID
    request_id: UUID
    state: State
    filed_at: datetime


class MailDiscarded(Fact, frozen=True, kw_only=True, tag="requests.mail.discarded.v1"):
    """A coordinator discarded the mail, for a coded reason."""

    mail_id: UUID
    reason: Code
    discarded_at: datetime


FACTS: tuple[type[Fact], ...] = (MailReceived, MailReplyReceived, MailFileScanned, MailFiled, MailDiscarded)
