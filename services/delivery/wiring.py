"""The wiring of the delivery service."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import structlog

from chassis import clock
from chassis.activity import CLOCK_IDLE_SECONDS
from chassis.db.database import Database, Tx
from chassis.files import store as folders
from chassis.files.scanner import Scanner, Verdict, scanner_of
from chassis.files.storage import Storage, scan_file
from chassis.http.parked_api import parked_routes
from chassis.journal.event_feed import FeedPolicy
from chassis.service import Running, Service
from chassis.supervise import Loop, every, while_active
from contracts.facts import Event
from contracts.registry import decode_fact
from services.delivery import event_feed
from services.delivery.action_points import actions as action_point_actions
from services.delivery.action_points import api as action_point_api
from services.delivery.action_points import store as action_point_store
from services.delivery.action_points.evolve import evolve as evolve_action_point
from services.delivery.agreements import api as agreement_api
from services.delivery.agreements import store as agreement_store
from services.delivery.agreements.evolve import evolve as evolve_agreement
from services.delivery.consumers import HANDLERS, forget
from services.delivery.contacts import store as contact_store
from services.delivery.deliveries import actions as delivery_actions
from services.delivery.deliveries import api as delivery_api
from services.delivery.deliveries import store as delivery_store
from services.delivery.deliveries.consents import Consents
from services.delivery.deliveries.evolve import evolve
from services.delivery.deliveries.funding import Funding
from services.delivery.dependencies import Dependencies
from services.delivery.effects import api as effect_api
from services.delivery.experts import api as expert_api
from services.delivery.experts import store as expert_store
from services.delivery.experts.evolve import evolve as evolve_expert
from services.delivery.files import actions as file_actions
from services.delivery.files import api as file_api
from services.delivery.files import store as file_store
from services.delivery.files.evolve import evolve as evolve_file
from services.delivery.files.model import Quota
from services.delivery.follow_ups import actions as follow_up_actions
from services.delivery.follow_ups import api as follow_up_api
from services.delivery.follow_ups import store as follow_up_store
from services.delivery.follow_ups.evolve import evolve as evolve_follow_up
from services.delivery.policy import NOUNS
from services.delivery.results import api as result_api
from services.delivery.results import store as result_store
from services.delivery.results.evolve import evolve as evolve_result
from services.delivery.screenings import api as screening_api
from services.delivery.screenings import store as screening_store
from services.delivery.screenings.evolve import evolve as evolve_screening
from services.delivery.sessions import api as session_api
from services.delivery.sessions import store as session_store
from services.delivery.sessions.evolve import evolve as evolve_session
from services.delivery.strategies import api as strategy_api
from services.delivery.strategies import store as strategy_store
from services.delivery.strategies.evolve import evolve as evolve_strategy
from services.delivery.thread import api as thread_api
from services.delivery.thread import store as thread_store
from services.delivery.thread.evolve import evolve as evolve_message

FOLDER = "delivery"
"""Subfolder of the files' folder. Services that share the folder each delete unknown files in their own subfolder."""

SCAN_SECONDS = 1.0
SCANNER_RETRY_SECONDS = 10.0
"""Pause in seconds after the scanner gave no verdict."""

SWEEP_SECONDS = 3600.0
CLOCK_SECONDS = 10.0
MEBIBYTE = 1024 * 1024

log = structlog.get_logger()


async def rebuild(tx: Tx, event: Event) -> None:
    """Fold one fact of the service's journal into the tables, like the action that announced it."""
    fact = decode_fact(event)
    assert fact is not None, "the own journal contains known facts only"
    match fact.aggregate:
        case "agreement":
            agreement = evolve_agreement(await agreement_store.get_as_service(tx, event.aggregate_id), fact)
            await agreement_store.save(tx, agreement, fact)
        case "file":
            await file_store.save(tx, evolve_file(await file_store.get_as_service(tx, event.aggregate_id), fact))
        case "message":
            await thread_store.save(tx, evolve_message(await thread_store.get_as_service(tx, event.aggregate_id), fact))
        case "session":
            await session_store.save(
                tx, evolve_session(await session_store.get_as_service(tx, event.aggregate_id), fact)
            )
        case "result":
            await result_store.save(tx, evolve_result(await result_store.get_as_service(tx, event.aggregate_id), fact))
        case "action_point":
            point = evolve_action_point(await action_point_store.get_as_service(tx, event.aggregate_id), fact)
            await action_point_store.save(tx, point)
        case "screening":
            screening = evolve_screening(await screening_store.get_as_service(tx, event.aggregate_id), fact)
            await screening_store.save(tx, screening)
        case "strategy":
            await strategy_store.save(
                tx, evolve_strategy(await strategy_store.get_as_service(tx, event.aggregate_id), fact)
            )
        case "follow_up":
            found = await follow_up_store.get_as_service(tx, event.aggregate_id)
            await follow_up_store.save(tx, evolve_follow_up(found, fact))
        case "expert":
            await expert_store.save(tx, evolve_expert(await expert_store.get_as_service(tx, event.aggregate_id), fact))
        case _:
            await delivery_store.save(tx, evolve(await delivery_store.get_as_service(tx, event.aggregate_id), fact))


async def scan_continuously(db: Database, storage: Storage, scanner: Scanner) -> None:
    while True:
        if await scan(db, storage, scanner):
            await asyncio.sleep(SCANNER_RETRY_SECONDS)
        else:
            await db.activity.pause(SCAN_SECONDS)


async def scan(db: Database, storage: Storage, scanner: Scanner) -> int:
    """Scan the files that wait for it; return the number for which the scanner gave no verdict.

    Two processes may scan the same file; one verdict is recorded.
    """
    async with db.transaction() as tx:
        pending = await file_store.pending(tx)
    silent = 0
    for file_id in pending:
        verdict = await scan_file(storage, scanner, file_id)
        if verdict is None:
            silent += 1
            continue
        async with db.transaction() as tx:
            await file_actions.judge(tx, file_id, verdict, now=clock.now())
        if verdict is Verdict.INFECTED:
            await storage.drop(file_id)
    return silent


async def remind(db: Database) -> float | None:
    """Remind the owners of action points that are due. They fall due at midnight."""
    async with db.transaction() as tx:
        await action_point_actions.remind(tx, clock.now())
    return None


async def complete_by_silence(db: Database) -> float | None:
    """Complete deliveries whose proposed completion was not answered in time. It ends at midnight."""
    async with db.transaction() as tx:
        await delivery_actions.complete_by_silence(tx, clock.now())
    return None


async def sweep(db: Database, storage: Storage) -> None:
    """Delete stored files that no row refers to."""

    async def wanted(file_ids: Sequence[UUID]) -> set[UUID]:
        async with db.transaction() as tx:
            return await file_store.with_content(tx, file_ids)

    await folders.sweep(storage.files, wanted)


async def expire_follow_ups(db: Database, *, ahead: timedelta = timedelta()) -> float | None:
    """Make the moves of follow-ups that are due `ahead` of now. Return the seconds until the next one is due."""
    now = clock.now() + ahead
    async with db.transaction() as tx:
        await follow_up_actions.expire(tx, now)
        return await follow_up_store.due_in_seconds(tx, now)


def own(running: Running) -> Dependencies:
    settings = running.settings
    return Dependencies(
        funding=Funding(running.peers),
        consents=Consents(running.peers),
        storage=Storage(
            files=folders.Folder(settings.files_folder / FOLDER),
            scanner=scanner_of(settings.scanner) if settings.scanner else None,
        ),
        quota=Quota(files_max=settings.files_state_count, bytes_max=settings.files_state_mebibytes * MEBIBYTE),
        callers=running.callers,
        reply_key=settings.reply_key.encode() if settings.reply_key else None,
    )


def loops(running: Running) -> Mapping[str, Loop]:
    storage: Storage = running.own.storage
    if storage.scanner is None:
        log.warning("no file is taken in: ENTRAIDE_SCANNER is off; those that wait go on waiting")
    looking: dict[str, Loop] = (
        {"scanner of deliveries": partial(scan_continuously, running.db, storage, storage.scanner)}
        if storage.scanner
        else {}
    )
    clocked = partial(while_active, running.db.activity, CLOCK_SECONDS, idle_seconds=CLOCK_IDLE_SECONDS)
    return looking | {
        "unreferenced files of deliveries": partial(every, SWEEP_SECONDS, partial(sweep, running.db, storage)),
        "action points": partial(clocked, partial(remind, running.db)),
        "completions": partial(clocked, partial(complete_by_silence, running.db)),
        "follow-ups": partial(clocked, partial(expire_follow_ups, running.db)),
    }


SERVICE = Service(
    name="delivery",
    folder=Path(__file__).parent,
    nouns=NOUNS,
    routes=[
        *delivery_api.ROUTES,
        *agreement_api.ROUTES,
        *file_api.ROUTES,
        *thread_api.ROUTES,
        *session_api.ROUTES,
        *result_api.ROUTES,
        *action_point_api.ROUTES,
        *screening_api.ROUTES,
        *expert_api.ROUTES,
        *follow_up_api.ROUTES,
        *effect_api.ROUTES,
        *strategy_api.ROUTES,
        *parked_routes("delivery"),
    ],
    listens_to=("matching", "requests", "directory"),
    handlers=HANDLERS,
    loops=loops,
    rebuild=rebuild,
    retention={"contacts": contact_store.prune},
    tables=(
        "result",
        "action_point",
        "strategy",
        "screening",
        "follow_up",
        "session",
        "expert",
        "message",
        "file",
        "agreement_version",
        "agreement",
        "delivery",
        *(one.table for one in NOUNS),
    ),
    texts=(
        *("contact_text", "remark", "agreement_text", "file_text", "message_text", "read_mark"),
        *("session_text", "participant_count", "result_text", "action_point_text", "screening_text", "expert_text"),
        *("follow_up_text", "strategy_text"),
        *(one.texts_table for one in NOUNS),
    ),
    forget=forget,
    feed_policy=FeedPolicy(event_feed.visible_events),
    own=own,
)
