"""Rows of messages and read marks. Reads for a caller apply `may_see`, the policy in SQL, in their WHERE clause."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.refusals import Missing
from contracts.values import Caller, Side
from services.delivery.thread.model import Before, Message, MessageTexts

LIST_MAX = 100


class ReadMark(msgspec.Struct, frozen=True, kw_only=True):
    """The last message of a delivery's thread that the caller has read."""

    delivery_id: UUID
    message_id: UUID
    read_at: datetime


async def get(tx: Tx, message_id: UUID, caller: Caller) -> Message:
    """Return the message. Raises Missing unless the caller may see it."""
    row = await tx.fetchrow(
        "SELECT * FROM message WHERE message_id = $1 AND reads_along(state, provider, private, $2, $3)",
        message_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return msgspec.convert(dict(row), Message)


async def get_as_service(tx: Tx, message_id: UUID) -> Message | None:
    """Return the message, read as the service and locked until the transaction ends."""
    row = await tx.fetchrow("SELECT * FROM message WHERE message_id = $1 FOR UPDATE", message_id)
    return msgspec.convert(dict(row), Message) if row else None


async def page(tx: Tx, delivery_id: UUID, caller: Caller, *, after: UUID | None, limit: int) -> list[Message]:
    """List messages that the caller may see, oldest first, after `after`."""
    rows = await tx.fetch(
        """
        SELECT * FROM message
        WHERE delivery_id = $1 AND reads_along(state, provider, private, $2, $3)
          AND ($4::uuid IS NULL OR message_id > $4)
        ORDER BY message_id LIMIT $5
        """,
        delivery_id,
        caller.organization,
        caller.role,
        after,
        limit,
    )
    return [msgspec.convert(dict(row), Message) for row in rows]


async def latest(tx: Tx, delivery_id: UUID, caller: Caller, *, limit: int) -> list[Message]:
    """List the last messages that the caller may see, oldest first."""
    rows = await tx.fetch(
        """
        SELECT * FROM message WHERE delivery_id = $1 AND reads_along(state, provider, private, $2, $3)
        ORDER BY message_id DESC LIMIT $4
        """,
        delivery_id,
        caller.organization,
        caller.role,
        limit,
    )
    return [msgspec.convert(dict(row), Message) for row in reversed(rows)]


async def texts_of(tx: Tx, message_ids: Sequence[UUID]) -> dict[UUID, MessageTexts]:
    """Return the texts of those messages that the transaction's caller may read."""
    rows = await tx.fetch(
        "SELECT message_id, topic, text FROM message_text WHERE message_id = ANY ($1::uuid[])", list(message_ids)
    )
    return {row["message_id"]: MessageTexts(topic=row["topic"], text=row["text"]) for row in rows}


async def before(tx: Tx, delivery_id: UUID, side: Side | None, *, private: bool) -> Before:
    """Return the messages sent so far, read as the service. The delivery must be locked.

    A coordinator's message is read once both sides have read it.
    """
    row = await tx.fetchrow(
        """
        SELECT (SELECT count(*) FROM message WHERE delivery_id = $1) AS messages, series_id,
            (SELECT sent_at FROM message AS first WHERE first.message_id = last.series_id) AS begun_at,
            (SELECT count(DISTINCT side) FROM read_mark
                WHERE delivery_id = $1 AND side IS DISTINCT FROM $2::text AND read_mark.message_id >= last.message_id)
                >= CASE WHEN $2::text IS NULL THEN 2 ELSE 1 END AS is_read
        FROM message AS last
        WHERE delivery_id = $1 AND side IS NOT DISTINCT FROM $2::text AND private = $3
        ORDER BY message_id DESC LIMIT 1
        """,
        delivery_id,
        side,
        private,
    )
    if row is None:
        count = await tx.fetchval("SELECT count(*) FROM message WHERE delivery_id = $1", delivery_id)
        return Before(messages=count)
    return msgspec.convert(dict(row), Before)


async def taken(tx: Tx, delivery_id: UUID, file_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of the files that belong to a message, read as the service."""
    rows = await tx.fetch(
        "SELECT unnest(files) AS file_id FROM message WHERE delivery_id = $1 AND files && $2::uuid[]",
        delivery_id,
        list(file_ids),
    )
    return {row["file_id"] for row in rows}


_SAVE = Write(
    parts={
        "message_saved": """
            INSERT INTO message (message_id, delivery_id, request_id, state, provider, private, side, organization,
                author_id, language, files, series_id, sent_at, status, revision, withdrawn_at)
            SELECT message_id, delivery_id, request_id, state, provider, private, side, organization, author_id,
                language, files, series_id, sent_at, status, revision, withdrawn_at
            FROM json_populate_record(NULL::message, $1::text::json)
            ON CONFLICT (message_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                withdrawn_at = excluded.withdrawn_at
        """
    }
)
_SAVE_TEXTS = Write(
    parts={"message_written": "INSERT INTO message_text (message_id, salt, topic, text) VALUES ($1, $2, $3, $4)"}
)
_DELETE_TEXTS = Write(parts={"message_deleted": "DELETE FROM message_text WHERE message_id = $1"})
_MARK = Write(
    parts={
        "read_to": """
            INSERT INTO read_mark (delivery_id, person_id, side, message_id, read_at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (delivery_id, person_id) DO UPDATE SET side = excluded.side, message_id = excluded.message_id,
                read_at = excluded.read_at WHERE read_mark.message_id < excluded.message_id
        """
    }
)


async def save(tx: Tx, message: Message) -> None:
    await tx.queue(_SAVE, msgspec.json.encode(message).decode())


async def save_texts(tx: Tx, message_id: UUID, texts: MessageTexts, salt: bytes) -> None:
    await tx.queue(_SAVE_TEXTS, message_id, salt, texts.topic, texts.text)


async def delete_texts(tx: Tx, message_id: UUID) -> None:
    await tx.queue(_DELETE_TEXTS, message_id)


# -- read marks -------------------------------------------------------------------------------------------------------


async def mark(
    tx: Tx, delivery_id: UUID, person_id: UUID, side: Side | None, message_id: UUID, *, now: datetime
) -> None:
    """Record that a person has read up to this message; a later mark is kept."""
    await tx.queue(_MARK, delivery_id, person_id, side, message_id, now)


async def mark_of(tx: Tx, delivery_id: UUID, person_id: UUID) -> ReadMark | None:
    row = await tx.fetchrow(
        "SELECT delivery_id, message_id, read_at FROM read_mark WHERE delivery_id = $1 AND person_id = $2",
        delivery_id,
        person_id,
    )
    return msgspec.convert(dict(row), ReadMark) if row else None


async def read_by_sides(tx: Tx, delivery_id: UUID) -> dict[Side, UUID]:
    """Return the last message that anyone of each side has read."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT ON (side) side, message_id FROM read_mark
        WHERE delivery_id = $1 AND side IS NOT NULL ORDER BY side, message_id DESC
        """,
        delivery_id,
    )
    return {Side(row["side"]): row["message_id"] for row in rows}


async def forget(tx: Tx, person_id: UUID) -> int:
    """Delete the read marks of a person; return how many."""
    rows = await tx.fetch("DELETE FROM read_mark WHERE person_id = $1 RETURNING delivery_id", person_id)
    return len(rows)
