"""The confirmed deliveries of an offering."""

from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts.values import Caller, Period
from services.matching.matches.model import AGREED
from services.matching.offerings.model import Offering

DELIVERIES_MAX = 1000


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A confirmed delivery; `days` are the days of its capacity period that its line asks for."""

    match_id: UUID
    state: str
    kind: str
    days: Period


async def deliveries(tx: Tx, offering: Offering, caller: Caller) -> list[Delivery]:
    """List the deliveries that the caller sees as matches, in the order of their days."""
    rows = await tx.fetch(
        """
        SELECT match_id, line_id, state, capacity_from, capacity_until FROM match
        WHERE provider = $1 AND offering_id = $2
          AND sees_match(request_id, state, provider, presented_at, interested_at, confirmed_at, $3, $4)
          AND status = ANY ($5::text[])
        ORDER BY capacity_from, match_id LIMIT $6
        """,
        offering.provider,
        offering.offering_id,
        caller.organization,
        caller.role,
        list(AGREED),
        DELIVERIES_MAX,
    )
    # A provider may not read the lines, but the agreement shows it their kind and days.
    async with tx.as_service():
        lines = await tx.fetch(
            "SELECT line_id, kind, starts, ends FROM wanted_line WHERE line_id = ANY ($1::uuid[])",
            [row["line_id"] for row in rows],
        )
    by_id = {line["line_id"]: line for line in lines}
    found = [
        Delivery(
            match_id=row["match_id"],
            state=row["state"],
            kind=line["kind"],
            days=_days(
                Period(starts=row["capacity_from"], ends=row["capacity_until"]),
                Period(starts=line["starts"], ends=line["ends"]),
            ),
        )
        for row in rows
        if (line := by_id.get(row["line_id"]))
    ]
    return sorted(found, key=lambda one: (one.days.starts, one.match_id))


def _days(period: Period, window: Period) -> Period:
    """The days of the window within the period; all of the period if its window was overridden."""
    if not period.overlaps(window):
        return period
    return Period(starts=max(period.starts, window.starts), ends=min(period.ends, window.ends))
