"""Rows of files. Reads for a caller apply `may_see`, the policy in SQL, in their WHERE clause."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.conversion import from_attributes
from contracts.file_formats import Format
from contracts.refusals import Missing
from contracts.values import Caller, Side
from services.delivery import policy
from services.delivery.files.model import File, FilePurpose, FileStatus, Stored


class DeliveryFile(Struct, frozen=True, kw_only=True):
    """A file of a delivery: its name, which auditors do not see, its format, size and status.

    It can be read once it is `clean`, or `unscanned` if there is no scanner. An `infected` file was deleted. `side` is
    the side of its `organization`, null if a coordinator added it; a `private` file is shown to the two sides only.
    `moves` are the moves that the caller may make now.
    """

    file_id: UUID
    delivery_id: UUID
    status: FileStatus
    revision: int
    purpose: FilePurpose
    private: bool
    name: str
    format: Format
    size_bytes: int
    side: Side | None
    organization: str
    added_at: datetime
    moves: tuple[str, ...]


async def get(tx: Tx, file_id: UUID, caller: Caller) -> File:
    """Return the file. Raises Missing if it is removed or the caller may not see it."""
    row = await tx.fetchrow(
        """
        SELECT * FROM file
        WHERE file_id = $1 AND status <> 'removed' AND reads_along(state, provider, private, $2, $3)
        """,
        file_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return msgspec.convert(dict(row), File)


async def get_as_service(tx: Tx, file_id: UUID) -> File | None:
    """Return the file, read as the service and locked until the transaction ends."""
    row = await tx.fetchrow("SELECT * FROM file WHERE file_id = $1 FOR UPDATE", file_id)
    return msgspec.convert(dict(row), File) if row else None


async def of_delivery(
    tx: Tx, delivery_id: UUID, caller: Caller, *, purpose: FilePurpose | None, limit: int
) -> list[File]:
    """List the newest files of a delivery that the caller may see, in ascending order."""
    rows = await tx.fetch(
        """
        SELECT * FROM file
        WHERE delivery_id = $1 AND status <> 'removed' AND reads_along(state, provider, private, $2, $3)
            AND ($4::text IS NULL OR purpose = $4)
        ORDER BY file_id DESC LIMIT $5
        """,
        delivery_id,
        caller.organization,
        caller.role,
        purpose,
        limit,
    )
    return [msgspec.convert(dict(row), File) for row in reversed(rows)]


async def among(tx: Tx, file_ids: Sequence[UUID], caller: Caller) -> list[File]:
    """Return those of the files that the caller may see."""
    rows = await tx.fetch(
        """
        SELECT * FROM file
        WHERE file_id = ANY ($1::uuid[]) AND status <> 'removed'
          AND reads_along(state, provider, private, $2, $3) ORDER BY file_id
        """,
        list(file_ids),
        caller.organization,
        caller.role,
    )
    return [msgspec.convert(dict(row), File) for row in rows]


async def names_of(tx: Tx, file_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the names of those files whose names the transaction's caller may read."""
    rows = await tx.fetch("SELECT file_id, name FROM file_text WHERE file_id = ANY ($1::uuid[])", list(file_ids))
    return {row["file_id"]: row["name"] for row in rows}


async def views_of(tx: Tx, found: Sequence[File], caller: Caller) -> list[DeliveryFile]:
    """Return views for the caller, with the names that the caller may read."""
    names = await names_of(tx, [one.file_id for one in found]) if found else {}
    return [
        from_attributes(DeliveryFile, one, name=names.get(one.file_id, ""), moves=policy.moves_open_to(caller, one))
        for one in found
    ]


async def view(tx: Tx, file_id: UUID, caller: Caller) -> DeliveryFile:
    """Return the file for the caller. Raises Missing if the caller may not see it."""
    return (await views_of(tx, [await get(tx, file_id, caller)], caller))[0]


async def stored_size(tx: Tx, organization: str, delivery_id: UUID) -> Stored:
    """Sum the organization's stored files over all deliveries, and count the delivery's files, read as the service."""
    query = """
        SELECT count(*) FILTER (WHERE organization = $1) AS files,
            coalesce(sum(size_bytes) FILTER (WHERE organization = $1), 0)::bigint AS size_bytes,
            count(*) FILTER (WHERE delivery_id = $2) AS of_delivery
        FROM file WHERE (organization = $1 OR delivery_id = $2) AND status IN ('pending', 'clean', 'unscanned')
    """
    return msgspec.convert(dict(await tx.fetchrow(query, organization, delivery_id) or {}), Stored)


async def is_signature(tx: Tx, file_id: UUID) -> bool:
    """Check, as the service, whether an agreement was signed with this file."""
    query = """
        SELECT EXISTS (SELECT FROM file JOIN agreement USING (delivery_id) JOIN agreement_version USING (agreement_id)
            WHERE file_id = $1 AND file_id IN (state_file_id, provider_file_id))
    """
    return bool(await tx.fetchval(query, file_id))


async def shows_a_result(tx: Tx, file_id: UUID) -> bool:
    """Check, as the service, whether this file is the evidence of a result."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM result WHERE file_id = $1)", file_id))


async def shows_an_effect(tx: Tx, file_id: UUID) -> bool:
    """Check, as the service, whether this file is the evidence of an effect that is not withdrawn."""
    return bool(
        await tx.fetchval("SELECT EXISTS (SELECT FROM effect WHERE file_id = $1 AND status <> 'withdrawn')", file_id)
    )


async def is_evidence_of(tx: Tx, file_id: UUID, delivery_id: UUID) -> bool:
    """Check, as the service, whether the file can be evidence: readable for all who see the delivery."""
    query = """
        SELECT EXISTS (SELECT FROM file WHERE file_id = $1 AND delivery_id = $2 AND NOT private
            AND status IN ('clean', 'unscanned'))
    """
    return bool(await tx.fetchval(query, file_id, delivery_id))


_SAVE = Write(
    parts={
        "file_saved": """
            INSERT INTO file (file_id, delivery_id, request_id, state, provider, private, purpose, side, organization,
                status, revision, format, size_bytes, content_hash, added_at)
            SELECT file_id, delivery_id, request_id, state, provider, private, purpose, side, organization, status,
                revision, format, size_bytes, content_hash, added_at
            FROM json_populate_record(NULL::file, $1::text::json)
            ON CONFLICT (file_id) DO UPDATE SET status = excluded.status, revision = excluded.revision
        """
    }
)
_SAVE_NAME = Write(parts={"file_named": "INSERT INTO file_text (file_id, salt, name) VALUES ($1, $2, $3)"})
_DELETE_NAME = Write(parts={"file_unnamed": "DELETE FROM file_text WHERE file_id = $1"})


async def save(tx: Tx, file: File) -> None:
    await tx.queue(_SAVE, msgspec.json.encode(file).decode())


async def save_name(tx: Tx, file_id: UUID, name: str, salt: bytes) -> None:
    await tx.queue(_SAVE_NAME, file_id, salt, name)


async def delete_name(tx: Tx, file_id: UUID) -> None:
    await tx.queue(_DELETE_NAME, file_id)


async def pending(tx: Tx, limit: int = 20) -> list[UUID]:
    """Return some files that wait for a scan, in random order so that one that cannot be scanned blocks no others."""
    rows = await tx.fetch("SELECT file_id FROM file WHERE status = 'pending' ORDER BY random() LIMIT $1", limit)
    return [row["file_id"] for row in rows]


async def with_content(tx: Tx, file_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of the files whose content is still stored."""
    rows = await tx.fetch(
        "SELECT file_id FROM file WHERE file_id = ANY ($1::uuid[]) AND status IN ('pending', 'clean', 'unscanned')",
        list(file_ids),
    )
    return {row["file_id"] for row in rows}
