"""The wiring of the sherloc service."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path

from chassis import clock
from chassis.activity import CLOCK_IDLE_SECONDS
from chassis.db.database import Database, Tx
from chassis.http.parked_api import parked_routes
from chassis.journal.event_feed import FeedPolicy
from chassis.nouns.routes import routes
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
from services.sherloc.contributions import api as contributions_api
from services.sherloc.contributions import import_api as contributions_import_api
from services.sherloc.contributions import store as contribution_store
from services.sherloc.contributions.evolve import evolve as evolve_contribution
from services.sherloc.contributions.exports import api as exports_api
from services.sherloc.contributions.exports import store as export_store
from services.sherloc.contributions.exports.model import evolve as evolve_export
from services.sherloc.dependencies import Dependencies
from services.sherloc.extensions import api as extension_api
from services.sherloc.legislation import api as legislation_api
from services.sherloc.legislation import gaps_api, open_data_api
from services.sherloc.legislation import store as legislation_store
from services.sherloc.legislation.evolve import evolve as evolve_legislation
from services.sherloc.meetings import api as meeting_api
from services.sherloc.outreach import OUTREACH
from services.sherloc.policy import NOUNS
from services.sherloc.practices import api as practice_api
from services.sherloc.practices import store as practice_store
from services.sherloc.practices.evolve import evolve as evolve_practice
from services.sherloc.proposals import api as proposal_api
from services.sherloc.proposals import store as proposal_store
from services.sherloc.proposals.evolve import evolve as evolve_proposal
from services.sherloc.review_progress import api as review_api

CLOCK_SECONDS = 60.0
"""Seconds between two searches for due checks while the service is active."""


async def rebuild(tx: Tx, event: Event) -> None:
    """Fold one fact of a noun that is not declared into its tables, as the action that announced it did."""
    fact = decode_fact(event)
    assert fact is not None, "the service's own journal has only known facts"
    match event.aggregate:
        case "legislation_check":
            await check_store.save(tx, evolve_check(await check_store.get_as_service(tx, event.aggregate_id), fact))
        case "legislation_proposal":
            proposal = evolve_proposal(await proposal_store.get_as_service(tx, event.aggregate_id), fact)
            await proposal_store.save(tx, proposal)
        case "contribution":
            contribution = await contribution_store.get_as_service(tx, event.aggregate_id)
            await contribution_store.save(tx, evolve_contribution(contribution, fact))
        case "contribution_export":
            export = await export_store.get_as_service(tx, event.aggregate_id)
            await export_store.save(tx, evolve_export(export, fact), fact)
        case "practice":
            practice = evolve_practice(await practice_store.get_as_service(tx, event.aggregate_id), fact)
            await practice_store.save(tx, practice, fact)
        case _:
            record = await legislation_store.get_as_service(tx, event.aggregate_id)
            await legislation_store.save(tx, evolve_legislation(record, fact), fact)


async def ask_states(db: Database, *, ahead: timedelta = timedelta()) -> float | None:
    """Ask the States whose yearly check is due, `ahead` of now. Return the seconds until the next one, or None."""
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
    nouns=NOUNS,
    routes=[
        *legislation_api.ROUTES,
        *open_data_api.ROUTES,
        *gaps_api.ROUTES,
        *check_api.ROUTES,
        *proposal_api.ROUTES,
        *contributions_api.ROUTES,
        *contributions_import_api.ROUTES,
        *exports_api.ROUTES,
        *practice_api.ROUTES,
        *extension_api.ROUTES,
        *routes(OUTREACH),
        *review_api.ROUTES,
        *meeting_api.ROUTES,
        *parked_routes("sherloc"),
    ],
    listens_to=("requests", "pledges", "delivery", "directory"),
    handlers=HANDLERS,
    loops=loops,
    rebuild=rebuild,
    tables=(
        *("legislation_proposal", "legislation_check", "legislation_version", "legislation"),
        *("handed_over", "contribution_export", "contribution"),
        *("practice_use", "practice"),
        *(one.table for one in NOUNS),
    ),
    texts=(
        *("legislation_text", "remark", "contribution_text", "contribution_remark", "extension_note"),
        "meeting_lesson",
        *("practice_text", "practice_remark", "practice_stems"),
        *(one.texts_table for one in NOUNS),
    ),
    feed_policy=FeedPolicy(event_feed.visible_events),
    own=own,
)
