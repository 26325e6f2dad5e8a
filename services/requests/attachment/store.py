"""Queries on attachments. Each read is filtered by `sees_file`, the policy in SQL."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.file_formats import Format
from contracts.refusals import Missing
from services.requests.attachment.model import Attachment, AttachmentStatus, Purpose, Stored

LIST_MAX = 100


class AttachmentView(msgspec.Struct, frozen=True, kw_only=True):
    """A file attached to a request: its name, format, size and status.

    It can be read once it is `clean`, or `unscanned` where there is no scanner. An `infected` file was deleted.
    """

    attachment_id: UUID
    request_id: UUID
    status: AttachmentStatus
    revision: int
    name: str
    format: Format
    size_bytes: int
    added_at: datetime
    purpose: Purpose


async def get(tx: Tx, attachment_id: UUID, *, lock: bool = False) -> Attachment:
    """Return the attachment. Raises Missing unless the transaction's caller may see it."""
    query = (
        """
        SELECT * FROM attachment
        WHERE attachment_id = $1 AND status <> 'removed' AND sees_file(request_id, purpose) FOR UPDATE
        """
        if lock
        else """
        SELECT * FROM attachment
        WHERE attachment_id = $1 AND status <> 'removed' AND sees_file(request_id, purpose)
        """
    )
    row = await tx.fetchrow(query, attachment_id)
    if row is None:
        raise Missing("not-found")
    return msgspec.convert(dict(row), Attachment)


async def require_words(tx: Tx, request_id: UUID) -> None:
    """Raise Missing if the request does not exist or the transaction's caller may not read its words."""
    if not await tx.fetchval("SELECT sees_words($1)", request_id):
        raise Missing("not-found")


async def get_as_service(tx: Tx, attachment_id: UUID) -> Attachment | None:
    """Return the attachment, locked, read by the service itself without a caller; None if there is none."""
    row = await tx.fetchrow("SELECT * FROM attachment WHERE attachment_id = $1 FOR UPDATE", attachment_id)
    return msgspec.convert(dict(row), Attachment) if row else None


async def view(tx: Tx, attachment_id: UUID) -> AttachmentView:
    """Return an attachment, which the caller was allowed to read, with its name."""
    row = await tx.fetchrow(
        """
        SELECT attachment_id, request_id, status, revision, coalesce(name, '') AS name, format, size_bytes, added_at,
            purpose
        FROM attachment LEFT JOIN attachment_text USING (attachment_id, request_id, state) WHERE attachment_id = $1
        """,
        attachment_id,
    )
    assert row is not None, "the attachment has been read before"
    return msgspec.convert(dict(row), AttachmentView)


async def of_request(tx: Tx, request_id: UUID, statuses: Collection[AttachmentStatus]) -> list[AttachmentView]:
    """Return the newest attachments of a request whose words the caller may read, in ascending order."""
    rows = await tx.fetch(
        """
        SELECT attachment_id, request_id, status, revision, coalesce(name, '') AS name, format, size_bytes, added_at,
            purpose
        FROM attachment LEFT JOIN attachment_text USING (attachment_id, request_id, state)
        WHERE request_id = $1 AND status = ANY ($2::text[]) AND sees_file(request_id, purpose)
        ORDER BY attachment_id DESC LIMIT $3
        """,
        request_id,
        list(statuses),
        LIST_MAX,
    )
    return [msgspec.convert(dict(row), AttachmentView) for row in reversed(rows)]


async def count_stored(tx: Tx, request_id: UUID, purpose: Purpose) -> int:
    """Return the number of stored files of this purpose attached to a request."""
    query = """
        SELECT count(*) FROM attachment
        WHERE request_id = $1 AND purpose = $2 AND status IN ('pending', 'clean', 'unscanned')
    """
    return int(await tx.fetchval(query, request_id, purpose))


async def stored_size(tx: Tx, state: str, purpose: Purpose) -> Stored:
    """Return number and size of the stored files of this purpose, over all requests of a State."""
    query = """
        SELECT count(*) AS files, coalesce(sum(size_bytes), 0)::bigint AS size_bytes
        FROM request JOIN attachment USING (request_id)
        WHERE request.state = $1 AND purpose = $2 AND attachment.status IN ('pending', 'clean', 'unscanned')
    """
    return msgspec.convert(dict(await tx.fetchrow(query, state, purpose) or {}), Stored)


async def is_consented_by(tx: Tx, attachment_id: UUID) -> bool:
    """Check whether a consent was recorded with this scan."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM consent WHERE scan_id = $1)", attachment_id))


_SAVE = Write(
    parts={
        "attached": """
            INSERT INTO attachment (attachment_id, request_id, state, status, revision, format, size_bytes,
                content_hash, added_at, purpose)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            ON CONFLICT (attachment_id) DO UPDATE SET status = excluded.status, revision = excluded.revision
        """
    }
)
_SAVE_NAME = Write(
    parts={
        "called": """
            INSERT INTO attachment_text (attachment_id, request_id, state, salt, name) VALUES ($1, $2, $3, $4, $5)
        """
    }
)


async def save(tx: Tx, one: Attachment) -> None:
    await tx.queue(
        _SAVE,
        one.attachment_id,
        one.request_id,
        one.state,
        one.status,
        one.revision,
        one.format,
        one.size_bytes,
        one.content_hash,
        one.added_at,
        one.purpose,
    )


async def save_name(tx: Tx, one: Attachment, name: str, salt: bytes) -> None:
    await tx.queue(_SAVE_NAME, one.attachment_id, one.request_id, one.state, salt, name)


async def delete_name(tx: Tx, attachment_id: UUID) -> None:
    await tx.execute("DELETE FROM attachment_text WHERE attachment_id = $1", attachment_id)


async def pending(tx: Tx, limit: int = 20) -> list[UUID]:
    """Return some attachments waiting for a scan, in random order: one that cannot be scanned blocks no others."""
    rows = await tx.fetch(
        "SELECT attachment_id FROM attachment WHERE status = 'pending' ORDER BY random() LIMIT $1", limit
    )
    return [row["attachment_id"] for row in rows]


async def with_file(tx: Tx, attachment_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of these attachments that still have a file."""
    rows = await tx.fetch(
        """
        SELECT attachment_id FROM attachment
        WHERE attachment_id = ANY ($1::uuid[]) AND status IN ('pending', 'clean', 'unscanned')
        """,
        list(attachment_ids),
    )
    return {row["attachment_id"] for row in rows}
