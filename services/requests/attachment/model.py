"""An attachment of a request: its statuses, and when it may be read. Its name and content are in the store only."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from contracts.attachments import AttachmentAdded, AttachmentCleared, AttachmentRejected, AttachmentRemoved
from contracts.facts import Fact
from contracts.file_formats import Format
from contracts.refusals import Conflict
from services.requests.request.model import Request

ATTACHMENTS_MAX = 10
"""Maximum number of attachments of one request, for each purpose, that are neither removed nor infected."""


class Quota(Struct, frozen=True, kw_only=True):
    """The limits on the attachments of one purpose, over all requests of one State."""

    files_max: int
    bytes_max: int


class Stored(Struct, frozen=True, kw_only=True):
    """The attachments of one purpose stored for one State."""

    files: int
    size_bytes: int


class AttachmentStatus(StrEnum):
    PENDING = "pending"
    CLEAN = "clean"
    UNSCANNED = "unscanned"
    INFECTED = "infected"
    REMOVED = "removed"


class Purpose(StrEnum):
    """Reasons for which a file is attached to a request."""

    REQUEST = "request"
    """A file that is part of the request itself."""
    NOTE_VERBALE = "note_verbale"
    """The scan of a note verbale from the State, shown to the State and UNODC only."""


READABLE = frozenset({AttachmentStatus.CLEAN, AttachmentStatus.UNSCANNED})
KEPT = READABLE | {AttachmentStatus.PENDING}
"""Statuses in which the file is stored."""

MOVES: Mapping[str, frozenset[AttachmentStatus]] = {
    "clear": frozenset({AttachmentStatus.PENDING}),
    "reject": frozenset({AttachmentStatus.PENDING}),
    "read": READABLE,
    "remove": KEPT | {AttachmentStatus.INFECTED},
}


class Attachment(Struct, frozen=True, kw_only=True):
    """An attachment without its name."""

    attachment_id: UUID
    request_id: UUID
    state: str
    status: AttachmentStatus
    revision: int
    format: Format
    size_bytes: int
    content_hash: str
    added_at: datetime
    purpose: Purpose = Purpose.REQUEST

    def require(self, move: str) -> None:
        """Raise Conflict if the attachment's status does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("attachment-status", status=self.status, move=move)

    def clear(self, *, scanned: bool, now: datetime) -> AttachmentCleared:
        self.require("clear")
        return AttachmentCleared(**self._ids(), scanned=scanned, cleared_at=now)

    def reject(self, *, now: datetime) -> AttachmentRejected:
        self.require("reject")
        return AttachmentRejected(**self._ids(), rejected_at=now)

    def remove(self, *, now: datetime) -> AttachmentRemoved:
        self.require("remove")
        return AttachmentRemoved(**self._ids(), removed_at=now)

    def _ids(self) -> dict[str, Any]:
        return {"attachment_id": self.attachment_id, "request_id": self.request_id, "state": self.state}


class NewFile(Struct, frozen=True, kw_only=True):
    """A recognised file to attach; `content_hash` is salted."""

    attachment_id: UUID
    purpose: Purpose
    format: Format
    size_bytes: int
    content_hash: str


_ADDED_WHILE: Mapping[Purpose, str] = {Purpose.REQUEST: "revise", Purpose.NOTE_VERBALE: "scan_note"}
"""The move that the request's status has to allow, for each purpose.

A request's own files change only while it can be revised, because a consent applies to the content at the time it was
given.
"""


def attach(
    request: Request, file: NewFile, *, kept: int, stored: Stored, quota: Quota, now: datetime
) -> AttachmentAdded:
    """Attach a file to a request. Raises Conflict at a limit.

    `kept` is the number of the request's files of this purpose; `stored` are all files of this purpose of its State.
    """
    request.require(_ADDED_WHILE[file.purpose])
    if kept >= ATTACHMENTS_MAX:
        raise Conflict("too-many-attachments", limit=ATTACHMENTS_MAX)
    if stored.files >= quota.files_max or stored.size_bytes + file.size_bytes > quota.bytes_max:
        raise Conflict("attachment-quota-exceeded", limit_files=quota.files_max, limit_bytes=quota.bytes_max)
    return AttachmentAdded(
        attachment_id=file.attachment_id,
        request_id=request.request_id,
        state=request.state,
        format=file.format,
        size_bytes=file.size_bytes,
        content_hash=file.content_hash,
        added_at=now,
        purpose=file.purpose,
    )


def evolve(attachment: Attachment | None, fact: Fact) -> Attachment:
    """Apply a fact; the revision increases by one."""
    if attachment is None:
        assert isinstance(fact, AttachmentAdded), "an attachment begins by being added"
        return Attachment(
            attachment_id=fact.attachment_id,
            request_id=fact.request_id,
            state=fact.state,
            status=AttachmentStatus.PENDING,
            revision=1,
            format=Format(fact.format),
            size_bytes=fact.size_bytes,
            content_hash=fact.content_hash,
            added_at=fact.added_at,
            purpose=Purpose(fact.purpose),
        )
    return replace(attachment, revision=attachment.revision + 1, status=_status(fact))


def _status(fact: Fact) -> AttachmentStatus:
    match fact:
        case AttachmentCleared():
            return AttachmentStatus.CLEAN if fact.scanned else AttachmentStatus.UNSCANNED
        case AttachmentRejected():
            return AttachmentStatus.INFECTED
        case AttachmentRemoved():
            return AttachmentStatus.REMOVED
    raise AssertionError(f"{fact.type} is not an attachment's fact")
