"""Counts of the requests that a caller sees: how they move through their statuses, and the pillars they are about."""

from datetime import datetime, time, timedelta
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter
from msgspec import Struct

from chassis.http.application import CurrentCaller, Db, Now, requires
from services.requests.policy import Action
from services.requests.request import counts_store as store
from services.requests.request.counts_store import MonthOfRequests

MONTHS_MAX = 36


class RequestCounts(Struct, frozen=True, kw_only=True):
    """Of the requests that the caller sees: `months` oldest first, without those in which no request entered a status.

    `lines` are those of submitted requests; `by_pillar` how many of them name each pillar.
    """

    months: list[MonthOfRequests]
    lines: int
    by_pillar: dict[str, int]


@get("/v1/requests/counts", opt=requires(Action.COUNT), summary="Counts of requests by status, month and pillar")
async def count_requests(
    db: Db, caller: CurrentCaller, now: Now, months: Annotated[int, QueryParameter(ge=1, le=MONTHS_MAX)] = 12
) -> RequestCounts:
    """Each time a request enters a status is counted, in the month in which it did."""
    async with db.transaction(by=caller) as tx:
        found = await store.entered_by_month(tx, since=_first_day(now, months))
        lines, by_pillar = await store.lines_by_pillar(tx)
    return RequestCounts(months=found, lines=lines, by_pillar=by_pillar)


def _first_day(now: datetime, months: int) -> datetime:
    """The beginning of the first of so many months, of which this is the last."""
    first = now.date().replace(day=1)
    for _ in range(months - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    return datetime.combine(first, time(), tzinfo=now.tzinfo)


ROUTES = [count_requests]
