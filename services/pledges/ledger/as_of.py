"""Moments of the ledger: one that is told of has to be final, so that what was told of it never changes."""

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
AsAt = Annotated[str | None, QueryParameter(max_length=40, schema_extra={"format": "date-time"})]
"""A parameter of what can be asked as at a moment; as text, since msgspec reads a number as seconds since 1970."""

FINAL_SECONDS_MAX = 5.0
FINAL_POLL_SECONDS = 0.1


async def final_as_of(db: Database, caller: Caller, given: str | None, *, now: datetime) -> datetime | None:
    """The moment that is asked for, once it is final; none where it is asked how things stand.

    Raises Invalid as `moment_of`, Conflict as `wait_until_final`.
    """
    if given is None:
        return None
    moment = moment_of(given)
    await wait_until_final(db, caller, moment, now=now)
    return moment


async def wait_until_final(db: Database, caller: Caller, moment: datetime, *, now: datetime) -> None:
    """Have the books closed up to that moment. Raises Conflict for one to come, or where somebody writes that long."""
    closed: snapshots.Finality | None = None
    ends = time.monotonic() + FINAL_SECONDS_MAX
    while True:
        async with db.transaction(by=caller) as tx:
            finality_watermark = await snapshots.finality_watermark(tx)
        if moment <= finality_watermark:
            return
        if moment > now or time.monotonic() > ends:
            raise Conflict("moment-not-final", finality_watermark=finality_watermark.isoformat())
        async with db.transaction(by=caller) as tx, tx.as_service():
            # A number of before the moment was closed makes it final never: a new one is taken at once.
            reaches = closed if closed and closed.until >= moment else None
            closed = await snapshots.close(tx, reaches, now=clock.now())
        if closed.finality_watermark < moment:
            await asyncio.sleep(FINAL_POLL_SECONDS)


def beginning_of_day(moment: datetime) -> datetime:
    """Of its day in UTC: of totals of all donors no more is told, since a moment apart each payment would follow."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def moment_of(given: str) -> datetime:
    """Raises Invalid for what is no moment of RFC 3339, with its offset, or outside the years that UTC can say."""
    try:
        if MOMENT.match(given):
            return datetime.fromisoformat(given.upper()).astimezone(UTC)
    except (OverflowError, ValueError):
        pass
    raise Invalid("invalid-field", field="as_at", expected="a moment with its offset from UTC")
