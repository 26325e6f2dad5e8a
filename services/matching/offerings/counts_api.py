"""Counts of the offerings that a caller sees."""

from litestar import get

from chassis.http.application import CurrentCaller, Db, requires
from services.matching.offerings import counts_store
from services.matching.offerings.counts_store import OfferingCounts
from services.matching.policy import Action


@get("/v1/offerings/counts", opt=requires(Action.COUNT_OFFERINGS), summary="Counts of available offerings by pillar")
async def count_offerings(db: Db, caller: CurrentCaller) -> OfferingCounts:
    """With the counts of requests, these counts show the balance of the pillars."""
    async with db.transaction(by=caller) as tx:
        return await counts_store.available(tx)


ROUTES = [count_offerings]
