"""Which pledges it is time to remind of, and which have waited too long for a signature."""

from datetime import date, datetime
from uuid import UUID

from chassis.db.database import Tx
from contracts.facts import fact_type
from contracts.rewording import PledgeReworded
from services.pledges.pledge.schedule import REMINDER_DAYS

DUE_MAX = 100
"""Pledges in one turn; the others have theirs in the next."""

_REWORDED = fact_type(PledgeReworded)


async def reminders_due(tx: Tx, now: datetime) -> list[UUID]:
    """Pledges with an instalment of which something has not come, and a reminder's day has.

    Whoever works on a pledge is not disturbed: what happened to it in the last day counts as work, but not other words.
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
    """Pledges made before that day over which nobody has signed an agreement."""
    rows = await tx.fetch(
        "SELECT pledge_id FROM pledge WHERE status = 'pledged' AND pledged_on < $1 ORDER BY pledged_on LIMIT $2",
        before,
        DUE_MAX,
    )
    return [row["pledge_id"] for row in rows]
