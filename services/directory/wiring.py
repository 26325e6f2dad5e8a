"""The directory, put together."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from chassis.db import Database
from chassis.erasure import Ledger
from chassis.following import Followed
from chassis.service import Running, Service
from chassis.settings import Settings
from chassis.supervise import Loop, every
from services.directory import actions, api, appointment_api, feed_api, following, store

LEDGER_SECONDS = 10.0
LONG_AGO = datetime.fromtimestamp(0, UTC)
OVERLAP = timedelta(minutes=5)
"""An erasure has the time of its begin, and is seen when it has committed."""


def loops(running: Running) -> Mapping[str, Loop]:
    return {"erasures": partial(keep_ledger, running.db, running.settings)}


async def keep_ledger(db: Database, settings: Settings) -> None:
    """Write down outside the database who was erased, within seconds."""
    after = LONG_AGO

    async def write() -> None:
        nonlocal after
        began_at = datetime.now(UTC)
        await write_down(db, settings, after=after)
        after = began_at - OVERLAP

    await every(LEDGER_SECONDS, write)


async def write_down(db: Database, settings: Settings, *, after: datetime = LONG_AGO) -> None:
    """Add who has been erased since then to the file of erasures."""
    async with db.transaction() as tx:
        found = [actions.erasure_of(person) for person in await store.erased(tx, after=after)]
    if found:
        await asyncio.to_thread(Ledger(settings).add, found)


SERVICE = Service(
    name="directory",
    folder=Path(__file__).parent,
    routes=[*api.ROUTES, *appointment_api.ROUTES, *feed_api.ROUTES],
    loops=loops,
    rebuild=actions.rebuild,
    tables=("appointment", "person", "organization"),
    texts=("organization_text", "person_text", "person_subject", "appointment_text"),
    forget=actions.forget,
    followed=Followed(following.seen),
)


async def found(db: Database, founders: Sequence[actions.Founder]) -> None:
    """Appoint the first administrators. Raises Conflict where there are, Invalid for too few."""
    async with db.transaction() as tx:
        await actions.found(tx, founders, now=datetime.now(UTC))
