"""Retention of the contact point of an offering, some years after its end."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from chassis import retention
from chassis.db.database import Database
from chassis.rebuild import verify
from chassis.retention import prune
from chassis.settings import RETENTION_DAYS
from services.matching.wiring import SERVICE
from tests.builders import headers
from tests.databases import connected
from tests.matching.offerings.steps import approved
from tests.matching.steps import NORWAY, Client

CONTACT = {"name": "Fictitious Person", "function": "Head of unit", "email": "person@example.org"}
PERIOD = timedelta(days=1095)


async def with_contact(api: Client, *, withdrawn: bool) -> str:
    offering = await approved(api)
    path = f"/v1/offerings/{offering['offering_id']}"
    named = await api.put(f"{path}/contact", json=CONTACT, headers=headers(NORWAY, revision=offering["revision"]))
    assert named.status_code == 200, named.text
    if withdrawn:
        given = headers(NORWAY, revision=named.json()["revision"])
        assert (await api.post(f"{path}/withdraw", json={}, headers=given)).status_code == 200
    return str(offering["offering_id"])


async def contact(api: Client, offering_id: str) -> Any:
    return (await api.get(f"/v1/offerings/{offering_id}/contact", headers=headers(NORWAY))).json()["contact"]


async def pruned(db: Database, ahead: timedelta) -> object:
    async with db.transaction() as tx:
        done = await prune(tx, "matching", SERVICE.retention, RETENTION_DAYS, ahead=ahead)
    return {one.kind: one.deleted for one in done}.get("contacts")


async def test_contact_is_deleted_after_the_end_of_its_offering_unless_it_is_on_hold(
    api: Client, db: Database, database_url: str
) -> None:
    ended, held, available = [await with_contact(api, withdrawn=gone) for gone in (True, True, False)]
    async with db.transaction() as tx:
        await retention.hold(tx, UUID(held), "dispute")

    assert await pruned(db, PERIOD - timedelta(days=1)) == {}
    assert await pruned(db, PERIOD + timedelta(days=1)) == {"offering_contact_text": 1}
    assert await pruned(db, PERIOD + timedelta(days=1)) == {}

    assert [await contact(api, one) for one in (ended, held, available)] == [None, CONTACT, CONTACT]
    async with connected(database_url, "matching", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)
