"""The matching service, put together."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from chassis.db import Database
from chassis.service import Running, Service
from chassis.supervise import Loop, every
from services.matching import match_actions, match_api, match_store, offering_actions, offering_api, offering_store
from services.matching.consumers import HANDLERS

LAPSE_SECONDS = 60.0
LOOK_SECONDS = 10.0
LOOK_BACK = timedelta(seconds=60)
"""Far above the time a transaction may take: two that did not see each other have both ended by then."""


async def lapse_offerings(db: Database) -> None:
    async with db.transaction() as tx:
        past = await offering_store.past_validity(tx, datetime.now(UTC).date())
    for offering_id in past:
        async with db.transaction() as tx:
            await offering_actions.lapse(tx, offering_id, now=datetime.now(UTC))


async def look_again(db: Database) -> None:
    """Find what two transactions that did not see each other missed: a suggestion, or the end of a match."""
    async with db.transaction() as tx:
        recent = await offering_store.available_since(tx, datetime.now(UTC) - LOOK_BACK)
        strays = await match_store.strays(tx)
    for offering_id in recent:
        async with db.transaction() as tx:
            await offering_actions.look_again(tx, offering_id, now=datetime.now(UTC))
    for match_id in strays:
        async with db.transaction() as tx:
            await offering_actions.expire_stray(tx, match_id, now=datetime.now(UTC))


def loops(running: Running) -> Mapping[str, Loop]:
    return {
        "validity ends": partial(every, LAPSE_SECONDS, partial(lapse_offerings, running.db)),
        "second looks": partial(every, LOOK_SECONDS, partial(look_again, running.db)),
    }


SERVICE = Service(
    name="matching",
    folder=Path(__file__).parent,
    routes=[*offering_api.ROUTES, *match_api.ROUTES],
    listens_to=("requests",),
    handlers=HANDLERS,
    loops=loops,
    rebuild=match_actions.rebuild,
    tables=("match", "capacity", "offering"),
    texts=("offering_text", "remark"),
)
