"""The matching service, put together."""

import asyncio
import time
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import msgspec
import structlog

from chassis import clock
from chassis.db.database import Database, OutcomeUnknown, is_transient
from chassis.journal.event_feed import FeedPolicy
from chassis.journal.peers import PeerError
from chassis.service import Running, Service
from chassis.supervise import Loop, every, while_active
from contracts.consents import ConsentPage
from services.matching import event_feed
from services.matching.choices import api as choice_api
from services.matching.cohorts import api as cohort_api
from services.matching.cohorts import similar_api
from services.matching.consumers import HANDLERS
from services.matching.index import store as entry_store
from services.matching.index.meanings import MEANINGS_MAX
from services.matching.index.memory import memory_of
from services.matching.index.offering_index import OfferingIndex
from services.matching.lines import consent_store
from services.matching.matches import actions as match_actions
from services.matching.matches import api as match_api
from services.matching.matches import preview_api, why_not_api
from services.matching.matches import store as match_store
from services.matching.matches.budgets import Budgets
from services.matching.offerings import actions as offering_actions
from services.matching.offerings import api as offering_api
from services.matching.offerings import store as offering_store
from services.matching.rounds import api as round_api
from services.matching.rounds.planner import Planner
from services.matching.scoring import store as scoring_store
from services.matching.scoring import weights_api
from services.matching.texts import api as text_api
from services.matching.texts import store as reading_store
from services.matching.texts.reader import Reader
from services.matching.treaties import api as treaty_api

CONSENTS_SECONDS = 2.0
"""Well below the time after which what hangs on consents is not shown."""

CONSENTS_IDLE_SECONDS = 3.5
CONSENTS_FAILED_SECONDS = 1.0

MEMORY_SECONDS = 0.2
"""What changes meanwhile is looked at by each who asks."""

KNOWN_SECONDS = 2.0

LAPSE_SECONDS = 60.0
PLAN_SECONDS = 0.5
PLAN_IDLE_SECONDS = 60.0
"""Where nothing is written and no lease lapses: so late at most is a round planned that another process has left."""

LOOK_SECONDS = 10.0
SETTLED = timedelta(seconds=20)
"""Above the time a transaction may take: two that did not see each other have both ended by then."""

LOOK_BACK = timedelta(minutes=10)
"""What became available so long before a process began is looked at by it as well: the one before may not have."""

log = structlog.get_logger()


async def lapse_offerings(db: Database) -> None:
    async with db.transaction() as tx:
        past = await offering_store.past_validity(tx, clock.now().date())
    for offering_id in past:
        async with db.transaction() as tx:
            await offering_actions.lapse(tx, offering_id, now=clock.now())


class RaceRepair:
    """Find what two transactions that did not see each other missed: a suggestion, or the end of a match.

    An offering that has become available is looked at once, when whatever was under way then has ended.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._looked_until = clock.now() - LOOK_BACK

    async def repair(self) -> None:
        until = clock.now() - SETTLED
        async with self._db.transaction() as tx:
            settled = await offering_store.available_since(tx, self._looked_until, until)
            orphaned = await match_store.orphaned(tx)
        for offering_id in settled:
            try:
                async with self._db.transaction() as tx:
                    await offering_actions.reconsider(tx, offering_id, now=clock.now())
            except Exception as error:
                if is_transient(error) or isinstance(error, OutcomeUnknown):
                    raise
                # The others have their turn; it is looked at again once it has changed.
                log.exception("offering not looked at again", offering_id=str(offering_id))
        self._looked_until = until
        for match_id in orphaned:
            async with self._db.transaction() as tx:
                await offering_actions.expire_orphaned(tx, match_id, now=clock.now())


async def poll_consents(running: Running) -> None:
    after = None
    while True:
        after = await refresh_consents(running, after)
        if after is None:
            await asyncio.sleep(CONSENTS_FAILED_SECONDS)
        else:
            await running.db.activity.pause(CONSENTS_SECONDS, idle_seconds=CONSENTS_IDLE_SECONDS)


async def refresh_consents(running: Running, after: str | None = None) -> str | None:
    """Ask the owner which consents changed, however the broker fares; it is kept when that last came to its end.

    From a watermark on, which is looked up where it is not given; returns the next one, None where it is not known.
    """
    if after is None:
        async with running.db.transaction() as tx:
            after = (await consent_store.begin_reading(tx))[0]
    began_at, more = time.monotonic(), True
    while more:
        try:
            body = await running.peers.get("requests", "/internal/consents", {"after": after})
            page = msgspec.json.decode(body, type=ConsentPage)
        except (PeerError, msgspec.DecodeError) as error:
            log.info("consents not heard", reason=str(error))
            return None
        async with running.db.transaction() as tx:
            # By the database's clock, and rather too early than too late.
            now = await entry_store.now(tx)
            began = now - timedelta(seconds=time.monotonic() - began_at)
            await consent_store.keep(tx, page, began_at=began)
        after, more = page.after, page.more
    return page.safe


async def refresh_offerings(db: Database) -> None:
    """Keep the offerings in memory as PostgreSQL has them: all of them at first, then what has changed."""
    memory = memory_of(db)
    async with db.transaction() as tx:
        begun_at = await entry_store.now(tx)
    if memory.outdated:
        index, after = OfferingIndex(), UUID(int=0)
        while True:
            async with db.transaction() as tx:
                page = await entry_store.page(tx, after)
            if not page:
                break
            index.add(page)
            after = page[-1].offering_id
            if len(index) <= MEANINGS_MAX:
                async with db.transaction() as tx:
                    read = await reading_store.vectors(tx, [one.offering_id for one in page])
                for offering_id, vector in read.items():
                    index.know(offering_id, vector)
        memory.begin(index, begun_at)
    async with db.transaction() as tx:
        await memory.follow(tx, begun_at)


async def read_known(db: Database) -> None:
    """Keep in memory the weights in force, and what the providers in memory have completed: it is all that ever was."""
    memory = memory_of(db)
    if memory.index is not None:
        began_at = time.monotonic()
        async with db.transaction() as tx:
            memory.know(await scoring_store.known(tx, memory.index.providers.numbers), began_at)


async def forget_changes(db: Database) -> None:
    async with db.transaction() as tx:
        await entry_store.forget_changes(tx)


async def plan_rounds(planner: Planner) -> float | None:
    while await planner.plan_next():
        pass
    return planner.due_in_seconds


def loops(running: Running) -> Mapping[str, Loop]:
    reader, activity = Reader(running.db, running.peers, clock=clock.now), running.db.activity
    return {
        "texts": reader.run,
        "consents": partial(poll_consents, running),
        "offerings in memory": partial(while_active, activity, MEMORY_SECONDS, partial(refresh_offerings, running.db)),
        "weights and experience in memory": partial(
            while_active, activity, KNOWN_SECONDS, partial(read_known, running.db)
        ),
        "changes forgotten": partial(every, LAPSE_SECONDS, partial(forget_changes, running.db)),
        "validity ends": partial(every, LAPSE_SECONDS, partial(lapse_offerings, running.db)),
        "race repair": partial(while_active, activity, LOOK_SECONDS, RaceRepair(running.db).repair),
        "rounds": partial(
            while_active,
            activity,
            PLAN_SECONDS,
            partial(plan_rounds, Planner(running.db)),
            idle_seconds=PLAN_IDLE_SECONDS,
        ),
    }


SERVICE = Service(
    name="matching",
    folder=Path(__file__).parent,
    routes=[
        *offering_api.ROUTES,
        *match_api.ROUTES,
        *choice_api.ROUTES,
        *cohort_api.ROUTES,
        *why_not_api.ROUTES,
        *text_api.ROUTES,
        *preview_api.ROUTES,
        *treaty_api.ROUTES,
        *weights_api.ROUTES,
        *round_api.ROUTES,
        *similar_api.ROUTES,
    ],
    listens_to=("requests", "directory"),
    handlers=HANDLERS,
    loops=loops,
    rebuild=match_actions.rebuild,
    tables=("line_ranking", "match", "match_move", "capacity", "offering", "treaty_status", "weights", "round"),
    texts=("offering_text", "remark", "round_papers", "reading"),
    feed_policy=FeedPolicy(event_feed.seen),
    own=lambda running: Budgets(running.peers),
)
