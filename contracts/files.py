"""Facts of the delivery service about the files of deliveries. Their names and contents are not included."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.facts import Fact
from contracts.file_formats import FILE_BYTES_MAX
from contracts.values import Code, Organization, State


class _FileFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of a file, so that consumers can act without a query."""

    file_id: UUID
    delivery_id: UUID
    request_id: UUID
    state: State
    provider: Organization
    private: bool


class FileAdded(_FileFact, frozen=True, kw_only=True, tag="delivery.file.added.v1"):
    """A file was added to a delivery; it is not readable before a scan. Its name is a text, and not included.

    `purpose` is `message` for a file of a message, `agreement` for the scan of a signed agreement, `material` for a
    file used in the delivery. `side` is that of `organization`, None if a coordinator added the file. A `private` file
    is read by the two sides only.
    """

    purpose: Code
    organization: Organization
    format: Code
    size_bytes: Annotated[int, Meta(ge=1, le=FILE_BYTES_MAX)]
    content_hash: str
    added_at: datetime
    side: Code | None = None


class FileCleared(_FileFact, frozen=True, kw_only=True, tag="delivery.file.cleared.v1"):
    """A file is readable: a scanner found nothing or, if `scanned` is false, there is no scanner."""

    scanned: bool
    cleared_at: datetime


class FileRefused(_FileFact, frozen=True, kw_only=True, tag="delivery.file.refused.v1"):
    """A scanner found malware in a file, which was deleted."""

    refused_at: datetime


class FileRemoved(_FileFact, frozen=True, kw_only=True, tag="delivery.file.removed.v1"):
    """The side that had added a file removed it; it was deleted."""

    removed_at: datetime


FACTS: tuple[type[Fact], ...] = (FileAdded, FileCleared, FileRefused, FileRemoved)
