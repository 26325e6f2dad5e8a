"""Queries on mails. Each read for a caller is filtered by `sees_mail`, the policy in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from contracts.refusals import Missing
from contracts.values import Caller
from services.requests.attachment.model import AttachmentStatus
from services.requests.mail.model import FileFormat, Mail, MailStatus, ScannedFile

LIST_MAX = 100


class MailSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A mail in a list; `sender` is the address that it came from, which can be forged: see `spf` and `dkim`.

    `organization` is that of the person with this address.
    """

    mail_id: UUID
    status: MailStatus
    revision: int
    organization: str
    received_at: datetime
    size_bytes: int
    spf: str
    dkim: str
    sender: str
    subject: str
    files: int
    request_id: UUID | None
    match_id: UUID | None
    reason: str | None


class FileView(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a mail. It can be read once it is `clean`, or `unscanned` where there is no scanner."""

    file_id: UUID
    name: str
    format: FileFormat
    size_bytes: int
    status: AttachmentStatus


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of a mail; empty once its sender was erased."""

    sender: str = ""
    subject: str = ""
    body: str = ""
    message_id: str = ""


class Texts(Words, frozen=True, kw_only=True):
    """The texts of a new mail, with the digest by which a repeat of it is recognised."""

    digest: bytes


async def get(tx: Tx, mail_id: UUID, caller: Caller, *, lock: bool = False) -> Mail:
    """Return the mail. Raises Missing unless this caller may see it."""
    query = (
        "SELECT * FROM mail WHERE mail_id = $1 AND sees_mail(status, organization, $2, $3) FOR UPDATE"
        if lock
        else "SELECT * FROM mail WHERE mail_id = $1 AND sees_mail(status, organization, $2, $3)"
    )
    row = await tx.fetchrow(query, mail_id, caller.organization, caller.role)
    if row is None:
        raise Missing("not-found")
    return msgspec.convert({**dict(row), "files": await _files(tx, mail_id)}, Mail)


async def get_as_service(tx: Tx, mail_id: UUID) -> Mail | None:
    """Return the mail, locked, read by the service itself without a caller; None if there is none."""
    row = await tx.fetchrow("SELECT * FROM mail WHERE mail_id = $1 FOR UPDATE", mail_id)
    return msgspec.convert({**dict(row), "files": await _files(tx, mail_id)}, Mail) if row else None


async def _files(tx: Tx, mail_id: UUID) -> list[ScannedFile]:
    rows = await tx.fetch(
        """
        SELECT file_id, format, size_bytes, content_hash, status FROM mail_file WHERE mail_id = $1 ORDER BY position
        """,
        mail_id,
    )
    return [msgspec.convert(dict(row), ScannedFile) for row in rows]


async def id_of_file(tx: Tx, file_id: UUID) -> UUID:
    """Return the id of the mail of a file. Raises Missing unless the transaction's caller may see it."""
    mail_id: UUID | None = await tx.fetchval("SELECT mail_id FROM mail_file WHERE file_id = $1", file_id)
    if mail_id is None:
        raise Missing("not-found")
    return mail_id


async def page(
    tx: Tx,
    caller: Caller,
    *,
    status: MailStatus | None,
    organization: str | None,
    request_id: UUID | None = None,
    before: UUID | None,
    limit: int,
) -> list[MailSummary]:
    """Return mails that the caller may see, newest first."""
    rows = await tx.fetch(
        """
        SELECT mail_id, status, revision, organization, received_at, size_bytes, spf, dkim,
            coalesce(sender, '') AS sender, coalesce(subject, '') AS subject,
            (SELECT count(*) FROM mail_file AS f WHERE f.mail_id = mail.mail_id) AS files, request_id, match_id, reason
        FROM mail LEFT JOIN mail_text USING (mail_id)
        WHERE sees_mail(mail.status, mail.organization, $1, $2) AND ($3::text IS NULL OR status = $3)
            AND ($4::text IS NULL OR organization = $4) AND ($5::uuid IS NULL OR request_id = $5)
            AND ($6::uuid IS NULL OR mail_id < $6)
        ORDER BY mail_id DESC LIMIT $7
        """,
        caller.organization,
        caller.role,
        status,
        organization,
        request_id,
        before,
        limit,
    )
    return [msgspec.convert(dict(row), MailSummary) for row in rows]


async def words(tx: Tx, mail_id: UUID) -> Words:
    """Return the texts of a mail that the caller was allowed to read."""
    row = await tx.fetchrow("SELECT sender, subject, body, message_id FROM mail_text WHERE mail_id = $1", mail_id)
    return msgspec.convert(dict(row), Words) if row else Words()


async def file_views(tx: Tx, mail_id: UUID) -> list[FileView]:
    """Return the files of a mail that the caller was allowed to read, with their names."""
    rows = await tx.fetch(
        """
        SELECT file_id, coalesce(name, '') AS name, format, size_bytes, status
        FROM mail_file LEFT JOIN mail_file_text USING (file_id, mail_id) WHERE mail_id = $1 ORDER BY position
        """,
        mail_id,
    )
    return [msgspec.convert(dict(row), FileView) for row in rows]


async def names(tx: Tx, mail_id: UUID) -> dict[UUID, tuple[str, bytes]]:
    """Return the name of each file of a mail, and the salt of its content's hash."""
    rows = await tx.fetch("SELECT file_id, name, salt FROM mail_file_text WHERE mail_id = $1", mail_id)
    return {row["file_id"]: (row["name"], row["salt"]) for row in rows}


# -- writing ----------------------------------------------------------------------------------------------------------


async def save(tx: Tx, mail: Mail) -> None:
    """Insert or update a mail with its files."""
    await tx.execute(
        """
        INSERT INTO mail (mail_id, status, revision, person_id, organization, received_at, size_bytes, texts_hash, spf,
            dkim, request_id, match_id, reason)
        SELECT mail_id, status, revision, person_id, organization, received_at, size_bytes, texts_hash, spf,
            dkim, request_id, match_id, reason
        FROM json_populate_record(NULL::mail, $1::text::json)
        ON CONFLICT (mail_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
            request_id = excluded.request_id, reason = excluded.reason
        """,
        msgspec.json.encode(mail).decode(),
    )
    rows = [
        {**msgspec.structs.asdict(one), "mail_id": mail.mail_id, "position": position}
        for position, one in enumerate(mail.files, 1)
    ]
    if rows:
        await tx.execute(
            """
            INSERT INTO mail_file (file_id, mail_id, position, status, format, size_bytes, content_hash)
            SELECT file_id, mail_id, position, status, format, size_bytes, content_hash
            FROM json_populate_recordset(NULL::mail_file, $1::text::json)
            ON CONFLICT (file_id) DO UPDATE SET status = excluded.status
            """,
            msgspec.json.encode(rows).decode(),
        )


async def id_of_digest(tx: Tx, digest: bytes) -> UUID | None:
    """Return the id of the mail with this digest; None if there is none."""
    mail_id: UUID | None = await tx.fetchval("SELECT mail_id FROM mail_text WHERE digest = $1", digest)
    return mail_id


async def save_texts(tx: Tx, mail_id: UUID, texts: Texts, salt: bytes) -> None:
    await tx.execute(
        """
        INSERT INTO mail_text (mail_id, salt, sender, subject, body, message_id, digest)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        mail_id,
        salt,
        texts.sender,
        texts.subject,
        texts.body,
        texts.message_id,
        texts.digest,
    )


async def save_names(tx: Tx, mail_id: UUID, names: Sequence[tuple[UUID, bytes, str]]) -> None:
    """Save the names of a mail's files: id, salt of the content's hash, and name."""
    await tx.execute(
        """
        INSERT INTO mail_file_text (mail_id, file_id, salt, name)
        SELECT $1, file_id, salt, name FROM unnest($2::uuid[], $3::bytea[], $4::text[]) AS n(file_id, salt, name)
        """,
        mail_id,
        [file_id for file_id, _, _ in names],
        [salt for _, salt, _ in names],
        [name for _, _, name in names],
    )


async def waiting_bytes(tx: Tx, organization: str) -> int:
    """Return the size in bytes of an organization's mails in the triage box."""
    query = "SELECT coalesce(sum(size_bytes), 0)::bigint FROM mail WHERE organization = $1 AND status = 'new'"
    return int(await tx.fetchval(query, organization))


async def delete_texts_of(tx: Tx, person_id: UUID) -> int:
    """Delete the texts of a person's mails; return the number of mails. Files without names are deleted later."""
    await tx.execute(
        "DELETE FROM mail_file_text WHERE mail_id IN (SELECT mail_id FROM mail WHERE person_id = $1)", person_id
    )
    query = """
        WITH gone AS (
            DELETE FROM mail_text WHERE mail_id IN (SELECT mail_id FROM mail WHERE person_id = $1) RETURNING 1
        ) SELECT count(*) FROM gone
    """
    return int(await tx.fetchval(query, person_id))


async def prune(tx: Tx, before: datetime, _now: datetime) -> Mapping[str, int]:
    """Delete the texts of settled mails received before `before`, except those on hold, by mail or request.

    A mail that waits in the triage box is settled by a coordinator first.
    """
    row = await tx.fetchrow(
        """
        WITH due AS (
            SELECT mail_id FROM mail WHERE status <> 'new' AND received_at < $1
                AND NOT EXISTS (SELECT FROM retention_hold h WHERE h.record_id IN (mail_id, request_id))
        ), mail_file_text AS (
            DELETE FROM mail_file_text WHERE mail_id IN (SELECT mail_id FROM due) RETURNING 1
        ), mail_text AS (
            DELETE FROM mail_text WHERE mail_id IN (SELECT mail_id FROM due) RETURNING 1
        )
        SELECT (SELECT count(*) FROM mail_text) AS mail_text,
            (SELECT count(*) FROM mail_file_text) AS mail_file_text
        """,
        before,
    )
    return dict(cast(Record, row))


# -- files ------------------------------------------------------------------------------------------------------------


async def pending(tx: Tx, limit: int = 20) -> list[tuple[UUID, UUID]]:
    """Return some files waiting for a scan, each with its mail, in random order."""
    rows = await tx.fetch(
        """
        SELECT mail_id, file_id FROM mail_file JOIN mail_file_text USING (mail_id, file_id)
        WHERE status = 'pending' ORDER BY random() LIMIT $1
        """,
        limit,
    )
    return [(row["mail_id"], row["file_id"]) for row in rows]


async def with_file(tx: Tx, file_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of these files whose content is still stored."""
    rows = await tx.fetch(
        """
        SELECT file_id FROM mail_file JOIN mail_file_text USING (mail_id, file_id)
        WHERE file_id = ANY ($1::uuid[]) AND status <> 'infected'
        """,
        list(file_ids),
    )
    return {row["file_id"] for row in rows}
