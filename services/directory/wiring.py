"""The wiring of the directory service."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from chassis import clock
from chassis.db.database import Database
from chassis.erasure import ErasureLedger
from chassis.journal.event_feed import FeedPolicy
from chassis.service import Running, Service
from chassis.settings import Settings
from chassis.supervise import Loop, every, while_active
from services.directory import event_feed
from services.directory.appointments import api as appointment_api
from services.directory.callers import api as feed_api
from services.directory.clients import actions as client_actions
from services.directory.clients import api as client_api
from services.directory.clients import token_api
from services.directory.clients.tokens import Tokens
from services.directory.people import actions, api, store
from services.directory.subjects import api as subject_api

log = structlog.get_logger()

RECORD_ERASURES_SECONDS = 10.0
EXPIRING_SECONDS = 600.0
LONG_AGO = datetime.fromtimestamp(0, UTC)
OVERLAP = timedelta(minutes=5)
"""Overlap of searches for erasures: an erasure has its transaction's start time and is visible from its commit."""


def loops(running: Running) -> Mapping[str, Loop]:
    tokens: Tokens = running.own
    if tokens.open:
        tokens.check()
    else:
        log.warning("there are no API clients: ENTRAIDE_API_CLIENT_KEYS is not set")
    return {
        "erasures": partial(record_erasures, running.db, running.settings),
        "expiring clients": partial(every, EXPIRING_SECONDS, partial(announce_expiring, running.db)),
    }


def own(running: Running) -> Tokens:
    return Tokens(running.settings)


async def announce_expiring(db: Database) -> None:
    """Announce the API clients that expire soon."""
    async with db.transaction() as tx:
        await client_actions.announce_expiring(tx, now=clock.now())


async def record_erasures(db: Database, settings: Settings) -> None:
    """Write erasures to a file outside the database.

    The process that made them writes them within seconds, another one within a minute.
    """
    after = LONG_AGO

    async def write() -> None:
        nonlocal after
        began_at = clock.now()
        await append_erasures(db, settings, after=after)
        after = began_at - OVERLAP

    await while_active(db.activity, RECORD_ERASURES_SECONDS, write)


async def append_erasures(db: Database, settings: Settings, *, after: datetime = LONG_AGO) -> None:
    """Append the people erased after a time to the file of erasures."""
    async with db.transaction() as tx:
        found = [actions.erasure_of(person) for person in await store.erased(tx, after=after)]
    if found:
        await asyncio.to_thread(ErasureLedger(settings).add, found)


SERVICE = Service(
    name="directory",
    folder=Path(__file__).parent,
    routes=[
        *api.ROUTES,
        *subject_api.ROUTES,
        *appointment_api.ROUTES,
        *client_api.ROUTES,
        *token_api.ROUTES,
        *feed_api.ROUTES,
    ],
    loops=loops,
    own=own,
    rebuild=actions.rebuild,
    tables=("appointment", "client", "person", "organization"),
    texts=(
        "organization_text",
        "person_text",
        "person_subject",
        "proposed_subjects",
        "appointment_text",
        "client_text",
        "client_secret",
        "client_use",
    ),
    forget=actions.forget,
    feed_policy=FeedPolicy(event_feed.visible_events),
)


async def appoint_founders(db: Database, founders: Sequence[actions.Founder]) -> None:
    """Appoint the first administrators. Raises Conflict if two are in force, Invalid for fewer than two founders."""
    async with db.transaction() as tx:
        await actions.appoint_founders(tx, founders, now=clock.now())
