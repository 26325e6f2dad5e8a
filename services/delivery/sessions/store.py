"""Rows of sessions. Reads for a caller apply `may_see`, the policy in SQL, in their WHERE clause."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.refusals import Missing
from contracts.values import Caller
from services.delivery.sessions.model import Session


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """The place or link of a session, and the comment on its last move."""

    place: str = ""
    comment: str = ""


async def get(tx: Tx, session_id: UUID, caller: Caller) -> Session:
    """Return the session. Raises Missing unless the caller may see it."""
    row = await tx.fetchrow(
        "SELECT * FROM session WHERE session_id = $1 AND sees_session(states, provider, $2, $3)",
        session_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return session_of(row)


async def of_delivery(tx: Tx, delivery_id: UUID, caller: Caller) -> list[Session]:
    """List the sessions of a delivery that the caller may see, by their first day."""
    rows = await tx.fetch(
        """
        SELECT * FROM session WHERE deliveries @> ARRAY[$1::uuid] AND sees_session(states, provider, $2, $3)
        ORDER BY starts, ends, session_id
        """,
        delivery_id,
        caller.organization,
        caller.role,
    )
    return [session_of(row) for row in rows]


async def not_cancelled(tx: Tx, delivery_id: UUID) -> list[Session]:
    """List the planned and held sessions of a delivery, by their last day, read as the service."""
    rows = await tx.fetch(
        "SELECT * FROM session WHERE deliveries @> ARRAY[$1::uuid] AND status <> 'cancelled' ORDER BY ends, session_id",
        delivery_id,
    )
    return [session_of(row) for row in rows]


async def last_days(tx: Tx, delivery_ids: Sequence[UUID]) -> dict[UUID, date]:
    """Return the last day of the sessions of each delivery, without those cancelled, read as the service."""
    rows = await tx.fetch(
        """
        SELECT delivery_id, max(ends) AS ends FROM session CROSS JOIN unnest(deliveries) AS of (delivery_id)
        WHERE deliveries && $1::uuid[] AND status <> 'cancelled' GROUP BY delivery_id
        """,
        delivery_ids,
    )
    return {row["delivery_id"]: row["ends"] for row in rows}


async def get_as_service(tx: Tx, session_id: UUID) -> Session | None:
    """Return the session, read as the service and locked until the transaction ends."""
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
    await tx.queue(_SAVE, msgspec.json.encode(session).decode())


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
    """Save the texts; the journal references the place by its salted hash."""
    await tx.queue(_SAVE_TEXTS, session_id, salt, texts.place, texts.comment)


async def save_comment(tx: Tx, session_id: UUID, comment: str) -> None:
    """Replace the comment on the previous move."""
    await tx.queue(_COMMENT, session_id, comment)


async def texts_of(tx: Tx, session_ids: Sequence[UUID]) -> dict[UUID, Texts]:
    rows = await tx.fetch(
        "SELECT session_id, place, comment FROM session_text WHERE session_id = ANY ($1::uuid[])", session_ids
    )
    return {row["session_id"]: Texts(place=row["place"], comment=row["comment"]) for row in rows}


def session_of(row: Record) -> Session:
    """Convert a row of `session` to a session."""
    return msgspec.convert(dict(row), Session)
