"""The directory, put together."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from chassis.db import Database
from chassis.service import Service
from services.directory import actions, api, appointment_api, feed_api

SERVICE = Service(
    name="directory",
    folder=Path(__file__).parent,
    routes=[*api.ROUTES, *appointment_api.ROUTES, *feed_api.ROUTES],
    rebuild=actions.rebuild,
    tables=("appointment", "person", "organization"),
    texts=("organization_text", "person_text", "person_subject", "appointment_text"),
)


async def found(db: Database, founders: Sequence[actions.Founder]) -> None:
    """Appoint the first administrators. Raises Conflict where there are, Invalid for too few."""
    async with db.transaction() as tx:
        await actions.found(tx, founders, now=datetime.now(UTC))
