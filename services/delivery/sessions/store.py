"""Rows of sessions. Every read of a caller names it; `may_see` in the WHERE is the policy in SQL."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.refusals import Missing
from contracts.values import Caller
from services.delivery.sessions.model import Session


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """Where it is, or its link; and the comment on its last move."""

    place: str = ""
    comment: str = ""


async def get(tx: Tx, session_id: UUID, caller: Caller) -> Session:
    """The session, if this caller may see it. Raises Missing."""
    row = await tx.fetchrow(
        "SELECT * FROM session WHERE session_id = $1 AND may_see(session, $2, $3)",
        session_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return session_of(row)


async def of_delivery(tx: Tx, delivery_id: UUID, caller: Caller) -> list[Session]:
    """Its sessions that this caller may see, by their first day."""
    rows = await tx.fetch(
        """
        SELECT * FROM session WHERE deliveries @> ARRAY[$1::uuid] AND may_see(session, $2, $3)
        ORDER BY starts, ends, session_id
        """,
        delivery_id,
        caller.organization,
        caller.role,
    )
    return [session_of(row) for row in rows]


async def not_cancelled(tx: Tx, delivery_id: UUID) -> list[Session]:
    """For the service itself: its sessions that are planned or were held, by their last day."""
    rows = await tx.fetch(
        "SELECT * FROM session WHERE deliveries @> ARRAY[$1::uuid] AND status <> 'cancelled' ORDER BY ends, session_id",
        delivery_id,
    )
    return [session_of(row) for row in rows]


async def known(tx: Tx, session_id: UUID) -> Session | None:
    """The session, for the service itself, locked until the transaction ends."""
    row = await tx.fetchrow("SELECT * FROM session WHERE session_id = $1 FOR UPDATE", session_id)
    return session_of(row) if row else None


_SAVE = Write(
    parts={
        "session_saved": """
            INSERT INTO session SELECT * FROM json_populate_record(NULL::session, $1::text::json)
            ON CONFLICT (session_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                starts = excluded.starts, ends = excluded.ends, modality = excluded.modality,
                languages = excluded.languages, trainers = excluded.trainers, people = excluded.people,
                women = excluded.women, reported = excluded.reported, reason = excluded.reason,
                cancelled_at = excluded.cancelled_at, held_at = excluded.held_at
        """
    }
)


async def save(tx: Tx, session: Session) -> None:
    await tx.write(_SAVE, msgspec.json.encode(session).decode())


_SAVE_TEXTS = Write(
    parts={
        "session_texts": """
            INSERT INTO session_text (session_id, salt, place, comment) VALUES ($1, $2, $3, $4)
            ON CONFLICT (session_id) DO UPDATE
            SET salt = excluded.salt, place = excluded.place, comment = excluded.comment
        """
    }
)
_COMMENT = Write(parts={"session_comment": "UPDATE session_text SET comment = $2 WHERE session_id = $1"})


async def save_texts(tx: Tx, session_id: UUID, texts: Texts, salt: bytes) -> None:
    """The journal references the place by its salted hash."""
    await tx.write(_SAVE_TEXTS, session_id, salt, texts.place, texts.comment)


async def save_comment(tx: Tx, session_id: UUID, comment: str) -> None:
    """In place of that on the move before."""
    await tx.write(_COMMENT, session_id, comment)


async def texts_of(tx: Tx, session_ids: Sequence[UUID]) -> dict[UUID, Texts]:
    rows = await tx.fetch(
        "SELECT session_id, place, comment FROM session_text WHERE session_id = ANY ($1::uuid[])", session_ids
    )
    return {row["session_id"]: Texts(place=row["place"], comment=row["comment"]) for row in rows}


def session_of(row: Record) -> Session:
    """The session of a row of `session`."""
    return msgspec.convert(dict(row), Session)
