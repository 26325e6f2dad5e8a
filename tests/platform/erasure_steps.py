"""Steps for tests of erasure: a person, two administrators, a notifications service."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from chassis.db.database import Database
from chassis.journal.inbox import Inbox, Outcome
from chassis.journal.outbox import read_aggregate
from services.composition import SERVICES
from services.directory.wiring import appoint_founders
from tests.directory.steps import FIRST, KENYA, OTHER, a_founder, a_role, done, entered
from tests.personas import ISSUER, persona_id

Client = httpx.AsyncClient
ROOT = Path(__file__).parents[2]
SERVICES_TO_ERASE = ("requests", "matching", "pledges", "delivery", "sherloc", "notifications")
SUBJECTS = [{"issuer": ISSUER, "subject": "Canary-subject"}]


async def founded(client_of: Callable[..., Awaitable[Client]], db: Database) -> Client:
    """Return a client of a directory with two administrators and two States."""
    await appoint_founders(db, [a_founder(FIRST, "First"), a_founder(OTHER, "Second")])
    client = await client_of("directory")
    for code in ("KEN", "NOR"):
        await done(client, "/v1/organizations", FIRST, code=code)
    return client


async def canary(api: Client, **changes: Any) -> dict[str, Any]:
    return await entered(api, name="Canary-name", email="canary@ken.example", subjects=SUBJECTS, **changes)


async def erased(api: Client, person: Mapping[str, Any], *, by: str = FIRST) -> dict[str, Any]:
    path = f"/v1/people/{person['person_id']}"
    proposed = await done(api, f"{path}/propose-erasure", by, revision=person["revision"], reason="asked_by_person")
    return await done(api, f"{path}/approve-erasure", "second", revision=proposed["revision"])


async def deliver_facts(inbox: Inbox, directory: Database, person_id: UUID) -> list[Outcome]:
    """Deliver the directory's facts of a person, ending with the erasure; return the outcomes."""
    async with directory.transaction() as tx:
        events = await read_aggregate(tx, person_id)
    return [await inbox.receive(event) for event in events]


async def _kenya(api: Client) -> None:
    """Enter the persona KEN:focal_point, appointed by two people."""
    person = await entered(api, person_id=str(persona_id(KENYA)))
    proposed = await done(api, "/v1/appointments", FIRST, **a_role(person, "focal_point"))
    await done(api, f"/v1/appointments/{proposed['appointment_id']}/approve", "second", revision=1)


@dataclass
class NotificationsService:
    """A notifications service with its inbox."""

    api: Client
    inbox: Inbox
    db: Database
    database_url: str


async def notifications_service(
    client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database], database_url: str
) -> NotificationsService:
    db = databases["notifications"]
    service = SERVICES["notifications"]()
    inbox = Inbox(db, "notifications", service.listens_to, service.handlers)
    return NotificationsService(await client_of("notifications"), inbox, db, database_url)


async def rows(db: Database, *tables: str) -> list[int]:
    async with db.transaction() as tx:
        return [await tx.fetchval(f"SELECT count(*) FROM {table}") for table in tables]
