"""A file of a delivery: its statuses, and when it may be read. Its name and content are in the store only."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from contracts.file_formats import Format
from contracts.files import FileAdded, FileCleared, FileRefused, FileRemoved
from contracts.refusals import Conflict, Invalid
from contracts.values import Role, Side, side_of
from services.delivery.deliveries.model import Delivery

FILES_MAX = 100
"""Maximum number of files of one delivery that are neither removed nor infected."""


class Quota(Struct, frozen=True, kw_only=True):
    """Limits on the files of one organization, over all deliveries."""

    files_max: int
    bytes_max: int


class Stored(Struct, frozen=True, kw_only=True):
    """Numbers and size of the files stored for one organization, and number of files of the delivery."""

    files: int
    size_bytes: int
    of_delivery: int


class FileStatus(StrEnum):
    PENDING = "pending"
    CLEAN = "clean"
    UNSCANNED = "unscanned"
    INFECTED = "infected"
    REMOVED = "removed"


class FilePurpose(StrEnum):
    """Purposes for which a file is added to a delivery."""

    MESSAGE = "message"
    """A file of a message."""
    AGREEMENT = "agreement"
    """The scan of a signed agreement."""
    MATERIAL = "material"
    """Material that is used in the delivery: programmes, slides, exercises."""


READABLE = frozenset({FileStatus.CLEAN, FileStatus.UNSCANNED})
KEPT = READABLE | {FileStatus.PENDING}
"""Statuses in which the file is stored."""

MOVES: Mapping[str, frozenset[FileStatus]] = {
    "clear": frozenset({FileStatus.PENDING}),
    "refuse": frozenset({FileStatus.PENDING}),
    "read_file": READABLE,
    "remove_file": KEPT | {FileStatus.INFECTED},
}


class NewFile(Struct, frozen=True, kw_only=True):
    """A recognised file to add; `content_hash` is salted."""

    file_id: UUID
    purpose: FilePurpose
    private: bool
    format: Format
    size_bytes: int
    content_hash: str


def author_side(role: Role) -> Side | None:
    """Return the side that an author acts for; None for a coordinator."""
    return None if role is Role.COORDINATOR else side_of(role)


class File(Struct, frozen=True, kw_only=True):
    """A file without its name. `side` is the side of its `organization`, None if a coordinator added it."""

    file_id: UUID
    delivery_id: UUID
    request_id: UUID
    state: str
    provider: str
    private: bool
    purpose: FilePurpose
    side: Side | None
    organization: str
    status: FileStatus
    revision: int
    format: Format
    size_bytes: int
    content_hash: str
    added_at: datetime

    def require(self, move: str) -> None:
        """Raise Conflict if the status does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("attachment-status", status=self.status, move=move)

    def is_scan_of(self, delivery_id: UUID, side: Side | None) -> bool:
        """Check whether that side of this delivery can sign an agreement with the file."""
        kept = self.status in KEPT and self.purpose is FilePurpose.AGREEMENT
        return kept and self.delivery_id == delivery_id and self.side is side

    def is_evidence_for(self, delivery_id: UUID) -> bool:
        """Check whether the file can be evidence for a result of this delivery."""
        return self.status in KEPT and not self.private and self.delivery_id == delivery_id

    def clear(self, *, scanned: bool, now: datetime) -> FileCleared:
        self.require("clear")
        return FileCleared(**self._ids(), scanned=scanned, cleared_at=now)

    def refuse(self, *, now: datetime) -> FileRefused:
        self.require("refuse")
        return FileRefused(**self._ids(), refused_at=now)

    def remove(self, *, now: datetime) -> FileRemoved:
        self.require("remove_file")
        return FileRemoved(**self._ids(), removed_at=now)

    def _ids(self) -> dict[str, Any]:
        return {
            "file_id": self.file_id,
            "delivery_id": self.delivery_id,
            "request_id": self.request_id,
            "state": self.state,
            "provider": self.provider,
            "private": self.private,
        }


def add(
    delivery: Delivery, file: NewFile, *, organization: str, role: Role, stored: Stored, quota: Quota, now: datetime
) -> FileAdded:
    """Add a file. Raises Conflict at a limit or once the thread is closed.

    For a private file, raises Invalid unless its purpose is `message`, and raises like `Delivery.require_private`.
    """
    delivery.require_open_thread(now)
    side = author_side(role)
    if file.private:
        if file.purpose is not FilePurpose.MESSAGE:
            raise Invalid("private-file-purpose", field="private")
        delivery.require_private(side)
    if stored.of_delivery >= FILES_MAX:
        raise Conflict("too-many-delivery-files", limit=FILES_MAX)
    if stored.files >= quota.files_max or stored.size_bytes + file.size_bytes > quota.bytes_max:
        raise Conflict("delivery-file-quota-exceeded", limit_files=quota.files_max, limit_bytes=quota.bytes_max)
    return FileAdded(
        file_id=file.file_id,
        delivery_id=delivery.delivery_id,
        request_id=delivery.request_id,
        state=delivery.state,
        provider=delivery.provider,
        private=file.private,
        purpose=file.purpose,
        side=side,
        organization=organization,
        format=file.format,
        size_bytes=file.size_bytes,
        content_hash=file.content_hash,
        added_at=now,
    )
