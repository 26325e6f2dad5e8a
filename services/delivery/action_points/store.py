"""Rows of action points. Reads for a caller apply `may_see`, the policy in SQL, in their WHERE clause."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.refusals import Missing
from contracts.values import Caller
from services.delivery.action_points.model import ActionPoint, Subject

DUE_MAX = 100


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """The text of an action point, and the comment on its last move."""

    text: str = ""
    comment: str = ""


async def get(tx: Tx, action_point_id: UUID, caller: Caller) -> ActionPoint:
    """Return the action point. Raises Missing unless the caller may see it."""
    row = await tx.fetchrow(
        """
        SELECT *, delivering_providers(request_id) AS providers FROM action_point
        WHERE action_point_id = $1 AND sees_action_point(strategy_id, request_id, state, provider, $2, $3)
        """,
        action_point_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return _point(row)


async def of_delivery(tx: Tx, delivery_id: UUID) -> list[ActionPoint]:
    """List the action points of a delivery that the caller may see, the earliest due day first."""
    rows = await tx.fetch(
        "SELECT * FROM action_point WHERE delivery_id = $1 ORDER BY due_on, action_point_id", delivery_id
    )
    return [_point(row) for row in rows]


async def of_strategy(tx: Tx, strategy_id: UUID) -> list[ActionPoint]:
    """List the action points of a strategy that the caller may see, the earliest due day first."""
    rows = await tx.fetch(
        "SELECT * FROM action_point WHERE strategy_id = $1 ORDER BY due_on, action_point_id", strategy_id
    )
    return [_point(row) for row in rows]


async def count_of(tx: Tx, subject: Subject) -> int:
    """Count the action points of the delivery or strategy, read as the service."""
    return int(
        await tx.fetchval(
            "SELECT count(*) FROM action_point WHERE delivery_id = $1 OR strategy_id = $2",
            subject.delivery_id,
            subject.strategy_id,
        )
    )


async def get_as_service(tx: Tx, action_point_id: UUID) -> ActionPoint | None:
    """Return the action point, read as the service and locked until the transaction ends."""
    row = await tx.fetchrow(
        """
        SELECT *, delivering_providers(request_id) AS providers FROM action_point
        WHERE action_point_id = $1 FOR UPDATE
        """,
        action_point_id,
    )
    return _point(row) if row else None


async def due(tx: Tx, day: date) -> list[ActionPoint]:
    """Lock and list open action points that are due and whose owner was not reminded; skip those locked by others."""
    rows = await tx.fetch(
        """
        SELECT * FROM action_point WHERE status = 'open' AND reminded_at IS NULL AND due_on <= $1
        ORDER BY due_on, action_point_id LIMIT $2 FOR UPDATE SKIP LOCKED
        """,
        day,
        DUE_MAX,
    )
    return [_point(row) for row in rows]


_SAVE = Write(
    parts={
        "action_point_saved": """
            INSERT INTO action_point SELECT * FROM json_populate_record(NULL::action_point, $1::text::json)
            ON CONFLICT (action_point_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                owner = excluded.owner, due_on = excluded.due_on, language = excluded.language,
                done_by = excluded.done_by, done_at = excluded.done_at, verified_by = excluded.verified_by,
                verified_at = excluded.verified_at, dropped_at = excluded.dropped_at, reason = excluded.reason,
                reminded_at = excluded.reminded_at
        """
    }
)
_SAVE_TEXTS = Write(
    parts={
        "action_point_texts": """
            INSERT INTO action_point_text (action_point_id, salt, text, comment) VALUES ($1, $2, $3, '')
            ON CONFLICT (action_point_id) DO UPDATE SET salt = excluded.salt, text = excluded.text
        """
    }
)
_COMMENT = Write(parts={"action_point_comment": "UPDATE action_point_text SET comment = $2 WHERE action_point_id = $1"})


async def save(tx: Tx, point: ActionPoint) -> None:
    await tx.queue(_SAVE, msgspec.json.encode(point).decode())


async def save_text(tx: Tx, action_point_id: UUID, text: str, salt: bytes) -> None:
    """Save the text, which the journal references by its salted hash."""
    await tx.queue(_SAVE_TEXTS, action_point_id, salt, text)


async def save_comment(tx: Tx, action_point_id: UUID, comment: str) -> None:
    """Replace the comment on the previous move."""
    await tx.queue(_COMMENT, action_point_id, comment)


async def texts_of(tx: Tx, action_point_ids: Sequence[UUID]) -> dict[UUID, Texts]:
    rows = await tx.fetch(
        "SELECT action_point_id, text, comment FROM action_point_text WHERE action_point_id = ANY ($1::uuid[])",
        action_point_ids,
    )
    return {row["action_point_id"]: Texts(text=row["text"], comment=row["comment"]) for row in rows}


def _point(row: Record) -> ActionPoint:
    return msgspec.convert(dict(row), ActionPoint)
