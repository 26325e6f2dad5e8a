"""Wiring of the matching service."""

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
from chassis.concurrency import ConcurrencyLimit
from chassis.db.database import Database, OutcomeUnknown, is_transient
from chassis.http.parked_api import parked_routes
from chassis.journal.event_feed import FeedPolicy
from chassis.journal.peers import PeerError
from chassis.service import Running, Service
from chassis.supervise import Loop, every, while_active
from contracts.consents import ConsentPage
from services.matching import event_feed
from services.matching.choices import api as choice_api
from services.matching.cohorts import api as cohort_api
from services.matching.cohorts import similar_api
from services.matching.consumers import HANDLERS, handlers
from services.matching.dependencies import Dependencies
from services.matching.index import store as entry_store
from services.matching.index.meanings import MEANINGS_MAX
from services.matching.index.memory import Memory
from services.matching.index.offering_index import OfferingIndex
from services.matching.joint_deliveries import api as joint_api
from services.matching.lines import consent_store
from services.matching.matches import actions as match_actions
from services.matching.matches import api as match_api
from services.matching.matches import link_api, preview_api, why_not_api
from services.matching.matches import store as match_store
from services.matching.matches.budgets import Budgets
from services.matching.matches.title_reader import Titles
from services.matching.offerings import actions as offering_actions
from services.matching.offerings import api as offering_api
from services.matching.offerings import (
    calendar_api,
    contact_api,
    contact_store,
    open_data_api,
    publication_api,
    translation_api,
)
from services.matching.offerings import counts_api as offering_counts_api
from services.matching.offerings import import_api as offering_import_api
from services.matching.offerings import store as offering_store
from services.matching.packages import api as package_api
from services.matching.rounds import api as round_api
from services.matching.rounds.planner import Planner
from services.matching.scoring import store as scoring_store
from services.matching.scoring import weights_api
from services.matching.texts import api as text_api
from services.matching.texts import store as reading_store
from services.matching.texts.reader import Reader
from services.matching.treaties import api as treaty_api

CONSENTS_SECONDS = 2.0
"""Interval between polls of the consents; well below their age limit (`CONSENTS_AGE_SECONDS_MAX`)."""

CONSENTS_IDLE_SECONDS = 4.2
CONSENTS_FAILED_SECONDS = 0.5

MEMORY_SECONDS = 0.2
"""Interval between updates of the offerings in memory. Changes in between are read for each ranking."""

CONTEXT_SECONDS = 2.0

LAPSE_SECONDS = 60.0
REMIND_SECONDS = DELETE_SECONDS = 600.0
PLAN_SECONDS = 0.5
PLAN_IDLE_SECONDS = 60.0
"""Maximum delay, without writes and expiring leases, for a round left by another process."""

RACE_REPAIR_SECONDS = 10.0
SETTLED_AFTER = timedelta(seconds=20)
"""Time after which an offering that became available is checked; concurrent transactions have ended by then."""

RACE_REPAIR_LOOKBACK = timedelta(minutes=10)
"""Time before the start of the process that is also checked, as the previous process may not have done so."""

log = structlog.get_logger()


async def lapse_offerings(db: Database) -> None:
    async with db.transaction() as tx:
        past = await offering_store.past_validity(tx, clock.now().date())
    for offering_id in past:
        async with db.transaction() as tx:
            await offering_actions.lapse(tx, offering_id, now=clock.now())


async def remind_providers(db: Database) -> None:
    async with db.transaction() as tx:
        await offering_actions.remind(tx, clock.now())


class RaceRepair:
    """Find the effects of races between transactions: missing suggestions, and matches that should have ended.

    An offering that has become available is checked once, after all concurrent transactions have ended.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._checked_until = clock.now() - RACE_REPAIR_LOOKBACK

    async def repair(self) -> None:
        until = clock.now() - SETTLED_AFTER
        async with self._db.transaction() as tx:
            settled = await offering_store.available_since(tx, self._checked_until, until)
            orphaned = await match_store.orphaned(tx)
        for offering_id in settled:
            try:
                async with self._db.transaction() as tx:
                    await offering_actions.reconsider(tx, offering_id, now=clock.now())
            except Exception as error:
                if is_transient(error) or isinstance(error, OutcomeUnknown):
                    raise
                # Continue with the others; it is suggested again when it changes.
                log.exception("race repair of an offering failed", offering_id=str(offering_id))
        self._checked_until = until
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
            await running.callers.calls.pause(CONSENTS_SECONDS, idle_seconds=CONSENTS_IDLE_SECONDS)


async def refresh_consents(running: Running, after: str | None = None) -> str | None:
    """Poll the owner for changed consents, independently of the broker; store the time of the last complete poll.

    The poll starts at the watermark `after`, or at the stored one. Returns the next watermark, or None if the poll
    failed.
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
            log.info("polling of consents failed", reason=str(error))
            return None
        async with running.db.transaction() as tx:
            # The start of the poll by the database's clock; it may be slightly too early, but never too late.
            now = await entry_store.now(tx)
            began = now - timedelta(seconds=time.monotonic() - began_at)
            await consent_store.save_page(tx, page, began_at=began)
        after, more = page.after, page.more
    return page.safe


async def refresh_offerings(db: Database, memory: Memory) -> None:
    """Update the offerings in memory from PostgreSQL: all on first use, then changes."""
    if memory.outdated:
        async with db.transaction() as tx:
            begun_at = await entry_store.now(tx)
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
                    index.set_vector(offering_id, vector)
        memory.install(index, begun_at)
    async with db.transaction() as tx:
        await memory.apply_changes(tx, await entry_store.now(tx))


async def refresh_context(db: Database, memory: Memory) -> None:
    """Cache the scoring context: the weights in force, and the completed deliveries of all providers in memory."""
    if memory.index is not None:
        began_at = time.monotonic()
        async with db.transaction() as tx:
            memory.set_context(await scoring_store.current_context(tx, memory.index.providers.numbers), began_at)


async def delete_old_changes(db: Database) -> None:
    async with db.transaction() as tx:
        await entry_store.delete_old_changes(tx)


async def plan_rounds(planner: Planner) -> float | None:
    while await planner.plan_next():
        pass
    return planner.due_in_seconds


def own(running: Running) -> Dependencies:
    key = running.settings.reply_key
    return Dependencies(
        budgets=Budgets(running.peers),
        titles=Titles(running.peers),
        callers=running.callers,
        memory=Memory(),
        previews=ConcurrencyLimit(
            running_max=preview_api.OF_ONE_ORGANIZATION_MAX, waiting_max=preview_api.OF_ONE_ORGANIZATION_WAITING_MAX
        ),
        comparisons=ConcurrencyLimit(
            running_max=similar_api.AT_ONCE_MAX, waiting_max=similar_api.OF_ONE_ORGANIZATION_WAITING_MAX
        ),
        comparison_slots=asyncio.Semaphore(similar_api.AT_ONCE_MAX),
        reply_key=key.encode() if key else None,
    )


def loops(running: Running) -> Mapping[str, Loop]:
    db, activity, memory = running.db, running.db.activity, running.own.memory
    reader = Reader(db, running.peers, memory, clock=clock.now)
    return {
        "texts": reader.run,
        "consents": partial(poll_consents, running),
        "offerings in memory": partial(while_active, activity, MEMORY_SECONDS, partial(refresh_offerings, db, memory)),
        "weights and experience in memory": partial(
            while_active, activity, CONTEXT_SECONDS, partial(refresh_context, db, memory)
        ),
        "old changes deleted": partial(every, DELETE_SECONDS, partial(delete_old_changes, db)),
        "validity ends": partial(every, LAPSE_SECONDS, partial(lapse_offerings, db)),
        "reminders to reconfirm": partial(every, REMIND_SECONDS, partial(remind_providers, db)),
        "race repair": partial(while_active, activity, RACE_REPAIR_SECONDS, RaceRepair(db).repair),
        "rounds": partial(
            while_active,
            activity,
            PLAN_SECONDS,
            partial(plan_rounds, Planner(db, memory)),
            idle_seconds=PLAN_IDLE_SECONDS,
        ),
    }


SERVICE = Service(
    name="matching",
    folder=Path(__file__).parent,
    routes=[
        *offering_api.ROUTES,
        *translation_api.ROUTES,
        *offering_import_api.ROUTES,
        *offering_counts_api.ROUTES,
        *contact_api.ROUTES,
        *publication_api.ROUTES,
        *open_data_api.ROUTES,
        *calendar_api.ROUTES,
        *link_api.ROUTES,
        *match_api.ROUTES,
        *package_api.ROUTES,
        *choice_api.ROUTES,
        *cohort_api.ROUTES,
        *joint_api.ROUTES,
        *why_not_api.ROUTES,
        *text_api.ROUTES,
        *preview_api.ROUTES,
        *treaty_api.ROUTES,
        *weights_api.ROUTES,
        *round_api.ROUTES,
        *similar_api.ROUTES,
        *parked_routes("matching"),
    ],
    listens_to=("requests", "delivery", "directory"),
    handlers=HANDLERS,
    configured_handlers=lambda running: handlers(running.own.memory),
    loops=loops,
    rebuild=match_actions.rebuild,
    tables=(
        "line_ranking",
        "match",
        "joint_delivery_member",
        "joint_delivery",
        "match_move",
        "package",
        "capacity",
        "offering_translation",
        "offering",
        "treaty_status",
        "weights",
        "round",
    ),
    texts=(
        *("offering_text", "offering_translation_text", "offering_contact_text", "offering_public_text"),
        *("remark", "round_papers", "reading"),
    ),
    retention={"contacts": contact_store.prune},
    feed_policy=FeedPolicy(event_feed.visible_events),
    own=own,
)
