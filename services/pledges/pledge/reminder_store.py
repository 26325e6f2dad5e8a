"""Reads of pledges due for a reminder, and of pledges too long without an agreement."""

from datetime import date, datetime
from uuid import UUID

from chassis.db.database import Tx
from contracts.facts import fact_type
from contracts.rewording import PledgeReworded
from services.pledges.pledge.schedule import REMINDER_DAYS

DUE_MAX = 100
"""Maximum number of pledges in one run; the rest follow in the next run."""

_REWORDED = fact_type(PledgeReworded)


async def reminders_due(tx: Tx, now: datetime) -> list[UUID]:
    """List pledges with an outstanding instalment whose reminder is due.

    Pledges in use are excluded: any fact of the last day, except changed texts, counts as use.
    """
    rows = await tx.fetch(
        """
        SELECT DISTINCT pledge_id FROM (
            SELECT pledge_id, due_on, reminders, received_minor + written_off_minor AS settled,
                sum(i.minor) OVER (PARTITION BY pledge_id ORDER BY number) AS owed
            FROM instalment i JOIN pledge USING (pledge_id)
            WHERE status IN ('committed', 'partially_received') AND (condition IS NULL OR met_on IS NOT NULL)
        ) AS owing
        WHERE owed > settled AND due_on + ($2::integer[])[reminders + 1] <= ($1::timestamptz AT TIME ZONE 'UTC')::date
            AND NOT EXISTS (SELECT FROM journal
                WHERE aggregate_id = pledge_id AND type <> $4
                    AND recorded_at > $1::timestamptz - interval '1 day')
        ORDER BY pledge_id LIMIT $3
        """,
        now,
        list(REMINDER_DAYS),
        DUE_MAX,
        _REWORDED,
    )
    return [row["pledge_id"] for row in rows]


async def unsigned(tx: Tx, before: date) -> list[UUID]:
    """List pledges made before that day without an agreement."""
    rows = await tx.fetch(
        "SELECT pledge_id FROM pledge WHERE status = 'pledged' AND pledged_on < $1 ORDER BY pledged_on LIMIT $2",
        before,
        DUE_MAX,
    )
    return [row["pledge_id"] for row in rows]
