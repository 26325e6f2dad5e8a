"""Counts of the requests that entered each status in each month, and of the lines that name each pillar.

Only requests that the caller sees are counted.
"""

from collections.abc import Mapping
from datetime import date, datetime

from msgspec import Struct

from chassis.db.database import Tx
from services.requests.request.values import Status

ENTERED: Mapping[str, Status] = {
    "requests.request.submitted.v1": Status.SUBMITTED,
    "requests.request.returned.v1": Status.RETURNED,
    "requests.request.registered.v1": Status.REGISTERED,
    "requests.request.opened.v1": Status.OPEN,
    "requests.request.started.v1": Status.IN_DELIVERY,
    "requests.request.delivered.v1": Status.DELIVERED,
    "requests.request.closed.v1": Status.CLOSED,
    "requests.request.held.v1": Status.ON_HOLD,
    "requests.request.declined.v1": Status.NOT_ACCEPTED,
    "requests.request.lapsed.v1": Status.LAPSED,
    "requests.request.withdrawn.v1": Status.WITHDRAWN,
}
"""Maps each fact to the status that a request enters with it.

A request leaves `on_hold` and `closed` for a status that it had before; that is not counted.
"""


class MonthOfRequests(Struct, frozen=True, kw_only=True):
    """Number of times that requests entered each status in the month that begins on the day `month`, in UTC."""

    month: date
    entered: dict[Status, int]


async def entered_by_month(tx: Tx, *, since: datetime) -> list[MonthOfRequests]:
    """Return the counts by month, oldest first. Row-level security of `request` selects what the caller sees."""
    rows = await tx.fetch(
        """
        SELECT date_trunc('month', j.recorded_at AT TIME ZONE 'UTC')::date AS month, j.type, count(*) AS times
        FROM request AS r JOIN journal AS j ON j.aggregate_id = r.request_id
        WHERE j.type = ANY ($1) AND j.recorded_at >= $2 GROUP BY 1, 2 ORDER BY 1, 2
        """,
        list(ENTERED),
        since,
    )
    months: dict[date, dict[Status, int]] = {}
    for row in rows:
        months.setdefault(row["month"], {})[ENTERED[row["type"]]] = row["times"]
    return [MonthOfRequests(month=month, entered=entered) for month, entered in months.items()]


async def lines_by_pillar(tx: Tx) -> tuple[int, dict[str, int]]:
    """Return the number of lines of submitted requests, and of those that name each pillar; a line may name several."""
    rows = await tx.fetch(
        """
        SELECT pillar, count(DISTINCT l.line_id) AS lines FROM request AS r JOIN request_line AS l USING (request_id)
            CROSS JOIN LATERAL unnest('{""}'::text[] || l.pillars) AS pillar
        WHERE r.status <> 'draft' GROUP BY pillar
        """
    )
    found = {row["pillar"]: row["lines"] for row in rows}
    return found.pop("", 0), found
