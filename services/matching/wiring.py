"""The matching service, put together."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
import structlog

from chassis.db import Database
from chassis.following import Followed
from chassis.peers import PeerError
from chassis.service import Running, Service
from chassis.supervise import Loop, every
from contracts.consents import ConsentPage
from services.matching import (
    consent_store,
    following,
    match_actions,
    match_api,
    match_store,
    offering_actions,
    offering_api,
    offering_store,
    similar_api,
    text_api,
    treaty_api,
    why_not_api,
)
from services.matching.consumers import HANDLERS
from services.matching.reader import Reader

CONSENTS_SECONDS = 2.0
"""Well below the time after which what hangs on consents is not shown."""

LAPSE_SECONDS = 60.0
LOOK_SECONDS = 10.0
LOOK_BACK = timedelta(seconds=60)
"""Far above the time a transaction may take: two that did not see each other have both ended by then."""

log = structlog.get_logger()


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


async def read_consents(running: Running) -> None:
    """Ask the owner which consents changed, however the broker fares; it is kept when that last came to its end."""
    async with running.db.transaction() as tx:
        after, began_at = await consent_store.begin_reading(tx)
    more = True
    while more:
        try:
            body = await running.peers.get("requests", "/internal/consents", {"after": after})
            page = msgspec.json.decode(body, type=ConsentPage)
        except (PeerError, msgspec.DecodeError) as error:
            log.info("consents not heard", reason=str(error))
            return
        async with running.db.transaction() as tx:
            await consent_store.keep(tx, page, began_at=began_at)
        after, more = page.after, page.more


def loops(running: Running) -> Mapping[str, Loop]:
    reader = Reader(running.db, running.peers, clock=lambda: datetime.now(UTC))
    return {
        "texts": reader.run,
        "consents": partial(every, CONSENTS_SECONDS, partial(read_consents, running)),
        "validity ends": partial(every, LAPSE_SECONDS, partial(lapse_offerings, running.db)),
        "second looks": partial(every, LOOK_SECONDS, partial(look_again, running.db)),
    }


SERVICE = Service(
    name="matching",
    folder=Path(__file__).parent,
    routes=[
        *offering_api.ROUTES,
        *match_api.ROUTES,
        *why_not_api.ROUTES,
        *text_api.ROUTES,
        *similar_api.ROUTES,
        *treaty_api.ROUTES,
    ],
    listens_to=("requests", "directory"),
    handlers=HANDLERS,
    loops=loops,
    rebuild=match_actions.rebuild,
    tables=("match", "capacity", "offering", "treaty_status"),
    texts=("offering_text", "remark", "reading"),
    followed=Followed(following.seen),
)
