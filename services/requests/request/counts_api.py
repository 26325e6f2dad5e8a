"""Counts of the requests that a caller sees, by the statuses they entered and the pillars they are about."""

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
    """Counts of the requests that the caller sees.

    `months` are oldest first, without those in which no request entered a status. `lines` is the number of lines of
    submitted requests, `by_pillar` how many of them name each pillar.
    """

    months: list[MonthOfRequests]
    lines: int
    by_pillar: dict[str, int]


@get("/v1/requests/counts", opt=requires(Action.COUNT), summary="Counts of requests by status, month and pillar")
async def count_requests(
    db: Db, caller: CurrentCaller, now: Now, months: Annotated[int, QueryParameter(ge=1, le=MONTHS_MAX)] = 12
) -> RequestCounts:
    """Counts each time a request enters a status, in the month in which it does."""
    async with db.transaction(by=caller) as tx:
        found = await store.entered_by_month(tx, since=_first_day(now, months))
        lines, by_pillar = await store.lines_by_pillar(tx)
    return RequestCounts(months=found, lines=lines, by_pillar=by_pillar)


def _first_day(now: datetime, months: int) -> datetime:
    """Return the beginning of the first of `months` months, of which the current one is the last."""
    first = now.date().replace(day=1)
    for _ in range(months - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    return datetime.combine(first, time(), tzinfo=now.tzinfo)


ROUTES = [count_requests]
