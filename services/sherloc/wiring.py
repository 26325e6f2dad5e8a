"""The wiring of the sherloc service."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path

from chassis import clock
from chassis.db.database import Database, Tx
from chassis.http.parked_api import parked_routes
from chassis.journal.event_feed import FeedPolicy
from chassis.service import Running, Service
from chassis.supervise import Loop, while_active
from contracts.facts import Event
from contracts.registry import decode_fact
from services.sherloc import event_feed
from services.sherloc.checks import actions as check_actions
from services.sherloc.checks import api as check_api
from services.sherloc.checks import store as check_store
from services.sherloc.checks.evolve import evolve as evolve_check
from services.sherloc.consumers import HANDLERS
from services.sherloc.dependencies import Dependencies
from services.sherloc.legislation import api as legislation_api
from services.sherloc.legislation import gaps_api
from services.sherloc.legislation import store as legislation_store
from services.sherloc.legislation.evolve import evolve as evolve_legislation
from services.sherloc.proposals import api as proposal_api
from services.sherloc.proposals import store as proposal_store
from services.sherloc.proposals.evolve import evolve as evolve_proposal

CLOCK_SECONDS, CLOCK_IDLE_SECONDS = 60.0, 600.0
"""Between two looks for checks that are due."""


async def rebuild(tx: Tx, event: Event) -> None:
    """Fold one fact of our own journal into the tables, as the action that announced it did."""
    fact = decode_fact(event)
    assert fact is not None, "the own journal only has known facts"
    match fact.aggregate:
        case "legislation_check":
            await check_store.save(tx, evolve_check(await check_store.known(tx, event.aggregate_id), fact))
        case "legislation_proposal":
            proposal = evolve_proposal(await proposal_store.known(tx, event.aggregate_id), fact)
            await proposal_store.save(tx, proposal)
        case _:
            known = await legislation_store.known(tx, event.aggregate_id)
            await legislation_store.save(tx, evolve_legislation(known, fact), fact)


async def ask_states(db: Database, *, ahead: timedelta = timedelta()) -> float | None:
    """Ask the States whose yearly check is due, `ahead` of now. Returns the seconds until the next one is."""
    now = clock.now() + ahead
    async with db.transaction() as tx:
        await check_actions.ask(tx, now)
        return await check_store.due_in_seconds(tx, now)


def own(running: Running) -> Dependencies:
    key = running.settings.reply_key
    return Dependencies(callers=running.callers, reply_key=key.encode() if key else None)


def loops(running: Running) -> Mapping[str, Loop]:
    asking = partial(ask_states, running.db)
    clocked = partial(while_active, running.db.activity, CLOCK_SECONDS, asking, idle_seconds=CLOCK_IDLE_SECONDS)
    return {"yearly checks of the register": clocked}


SERVICE = Service(
    name="sherloc",
    folder=Path(__file__).parent,
    routes=[
        *legislation_api.ROUTES,
        *gaps_api.ROUTES,
        *check_api.ROUTES,
        *proposal_api.ROUTES,
        *parked_routes("sherloc"),
    ],
    listens_to=("requests", "delivery", "directory"),
    handlers=HANDLERS,
    loops=loops,
    rebuild=rebuild,
    tables=("legislation_proposal", "legislation_check", "legislation_version", "legislation"),
    texts=("legislation_text", "remark"),
    feed_policy=FeedPolicy(event_feed.seen),
    own=own,
)
