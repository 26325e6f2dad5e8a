"""The requests service, put together."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from chassis.db import Database
from chassis.service import Running, Service
from chassis.supervise import Loop, every
from services.requests import actions, api, audience_api, consent_api
from services.requests.consumers import HANDLERS

CLOCK_SECONDS = 10.0


async def end_windows(db: Database) -> None:
    async with db.transaction() as tx:
        await actions.end_windows(tx, datetime.now(UTC))


async def end_consents(db: Database) -> None:
    async with db.transaction() as tx:
        await actions.end_consents(tx, datetime.now(UTC))


async def remind_or_lapse(db: Database) -> None:
    async with db.transaction() as tx:
        await actions.remind_or_lapse(tx, datetime.now(UTC))


def loops(running: Running) -> Mapping[str, Loop]:
    return {
        "objection windows": partial(every, CLOCK_SECONDS, partial(end_windows, running.db)),
        "periods of consent": partial(every, CLOCK_SECONDS, partial(end_consents, running.db)),
        "reminders": partial(every, CLOCK_SECONDS, partial(remind_or_lapse, running.db)),
    }


SERVICE = Service(
    name="requests",
    folder=Path(__file__).parent,
    routes=[*api.ROUTES, *consent_api.ROUTES, *audience_api.ROUTES],
    listens_to=("matching", "directory"),
    handlers=HANDLERS,
    loops=loops,
    rebuild=actions.rebuild,
    tables=("consent", "line_match", "request_line", "request"),
    texts=("request_text", "line_text", "remark", "consent_text"),
)
