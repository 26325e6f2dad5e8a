"""Queries on the requests whose next reminder or lapse is due."""

from datetime import datetime
from uuid import UUID

from chassis.db.database import Tx
from services.requests.request.model import REMINDER_DAYS


async def answers_due(tx: Tx, now: datetime, limit: int = 100) -> list[UUID]:
    """Return the requests for which the next reminder, or the lapse, is due."""
    rows = await tx.fetch(
        """
        SELECT request_id FROM request
        WHERE waiting_since IS NOT NULL AND waiting_since + (reminders + 1) * $2 * interval '1 day' <= $1
        ORDER BY waiting_since LIMIT $3
        """,
        now,
        REMINDER_DAYS,
        limit,
    )
    return [row["request_id"] for row in rows]


async def answer_due_in_seconds(tx: Tx, now: datetime) -> float | None:
    """Return the seconds until the next reminder or lapse is due; None if there is none."""
    found: float | None = await tx.fetchval(
        """
        SELECT extract(epoch FROM min(due_at) - $1::timestamptz)::float8 FROM (
            SELECT waiting_since + (reminders + 1) * $2 * interval '1 day' AS due_at FROM request
            WHERE waiting_since IS NOT NULL
        ) AS waiting WHERE due_at > $1
        """,
        now,
        REMINDER_DAYS,
    )
    return found
