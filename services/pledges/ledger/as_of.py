"""The parameter `as_of` of reports: the moment has to be final, so that a report as of it never changes."""

import asyncio
import re
import time
from datetime import UTC, datetime
from typing import Annotated

from litestar.params import QueryParameter

from chassis import clock
from chassis.db.database import Database
from contracts.refusals import Conflict, Invalid
from contracts.values import Caller
from services.pledges.ledger import snapshots

MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d[0-9:.]*([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)
AsOf = Annotated[str | None, QueryParameter(max_length=40, schema_extra={"format": "date-time"})]
"""The query parameter `as_of`, read as text because msgspec reads a number as seconds since 1970."""

FINAL_SECONDS_MAX = 5.0
FINAL_POLL_SECONDS = 0.1


async def final_as_of(db: Database, caller: Caller, given: str | None, *, now: datetime) -> datetime | None:
    """Parse `as_of` and wait until it is final; None if it was not given.

    Raises Invalid like `moment_of`, Conflict like `wait_until_final`.
    """
    if given is None:
        return None
    moment = moment_of(given)
    await wait_until_final(db, caller, moment, now=now)
    return moment


async def wait_until_final(db: Database, caller: Caller, moment: datetime, *, now: datetime) -> None:
    """Wait until the moment is final. Raises Conflict for a future moment, or after `FINAL_SECONDS_MAX`."""
    closed: snapshots.Finality | None = None
    ends = time.monotonic() + FINAL_SECONDS_MAX
    while True:
        async with db.transaction(by=caller) as tx:
            finality_watermark = await snapshots.finality_watermark(tx)
        if moment <= finality_watermark:
            return
        if moment > now or time.monotonic() > ends:
            raise Conflict("moment-not-final", final_until=finality_watermark.isoformat())
        async with db.transaction(by=caller) as tx, tx.as_service():
            # A close that ends before the moment never makes it final, so close again at once.
            reaches = closed if closed and closed.until >= moment else None
            closed = await snapshots.close(tx, reaches, now=clock.now())
        if closed.finality_watermark < moment:
            await asyncio.sleep(FINAL_POLL_SECONDS)


def beginning_of_day(moment: datetime) -> datetime:
    """Return midnight UTC of the day.

    Totals as of two later moments would disclose each donor's payment between them.
    """
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def moment_of(given: str) -> datetime:
    """Parse an RFC 3339 date-time with an offset.

    Raises Invalid for anything else, or a moment outside the years of datetime in UTC.
    """
    try:
        if MOMENT.match(given):
            return datetime.fromisoformat(given.upper()).astimezone(UTC)
    except (OverflowError, ValueError):
        pass
    raise Invalid("invalid-field", field="as_of", expected="moment")
