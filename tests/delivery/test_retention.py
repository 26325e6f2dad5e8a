"""Retention of the contacts of a delivery, some years after its end."""

from datetime import timedelta
from uuid import UUID

from chassis import retention
from chassis.db.database import Database
from chassis.retention import prune
from chassis.settings import RETENTION_DAYS
from services.delivery.wiring import SERVICE
from tests.delivery.steps import CONTACT, KENYA, SPRING, Client, Matching, begun, completed, move, on, shown

LONG_AFTER = timedelta(days=3 * 1095)


async def test_contacts_are_deleted_after_the_end_unless_the_request_is_on_hold(
    api: Client, matching: Matching, db: Database
) -> None:
    ended, held, open_one = [await begun(api, matching) for _ in range(3)]
    for delivery_id in (ended, held, open_one):
        await move(api, delivery_id, "contacts", KENYA, method="PUT", contacts=[CONTACT])
    for delivery_id in (ended, held):
        with on(SPRING.ends):
            await completed(api, delivery_id)
    request_id = (await shown(api, held))["request_id"]
    async with db.transaction() as tx:
        await retention.hold(tx, UUID(request_id), "evaluation")
        done = await prune(tx, "delivery", SERVICE.retention, RETENTION_DAYS, ahead=LONG_AFTER)

    assert {"contact_text": 1} == next(one.deleted for one in done if one.kind == "contacts")
    left = [len((await shown(api, one))["contacts"]["state"]) for one in (ended, held, open_one)]
    assert [0, 1, 1] == left
