"""Facts of the files of requests; owned by requests. Their names and contents are not included."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.facts import Fact
from contracts.file_formats import FILE_BYTES_MAX
from contracts.values import Code, State

ATTACHMENT_BYTES_MAX = FILE_BYTES_MAX


class AttachmentAdded(Fact, frozen=True, kw_only=True, tag="requests.attachment.added.v1"):
    """A file was attached to a request; it is not readable before a scan. Its name is a text, and not included.

    `purpose` is `request` if the file is part of the State's request, `note_verbale` if a coordinator scanned a note.
    """

    attachment_id: UUID
    request_id: UUID
    state: State
    format: Code
    size_bytes: Annotated[int, Meta(ge=1, le=ATTACHMENT_BYTES_MAX)]
    content_hash: str
    added_at: datetime
    purpose: Code = "request"


class AttachmentCleared(Fact, frozen=True, kw_only=True, tag="requests.attachment.cleared.v1"):
    """A file is readable: a scanner found nothing or, if `scanned` is false, there is no scanner."""

    attachment_id: UUID
    request_id: UUID
    state: State
    scanned: bool
    cleared_at: datetime


class AttachmentRejected(Fact, frozen=True, kw_only=True, tag="requests.attachment.rejected.v1"):
    """A scanner found malware in a file, which was deleted."""

    attachment_id: UUID
    request_id: UUID
    state: State
    rejected_at: datetime


class AttachmentRemoved(Fact, frozen=True, kw_only=True, tag="requests.attachment.removed.v1"):
    """The State removed a file, which was deleted."""

    attachment_id: UUID
    request_id: UUID
    state: State
    removed_at: datetime


FACTS: tuple[type[Fact], ...] = (AttachmentAdded, AttachmentCleared, AttachmentRejected, AttachmentRemoved)
