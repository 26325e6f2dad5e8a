"""Steps of tests about follow-ups of a completed delivery, on later days."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import httpx
from msgspec.structs import replace

from chassis.db.database import Database
from contracts.answer_links import AnswerLink, Purpose, token_of
from contracts.deliveries import DeliveryCompleted
from contracts.follow_ups import follow_up_id_of
from contracts.values import Side
from services.delivery.deliveries.evolve import evolve as evolve_delivery
from services.delivery.deliveries.model import Delivery, DeliveryStatus
from services.delivery.follow_ups import actions
from services.delivery.follow_ups.evolve import evolve
from services.delivery.follow_ups.model import FollowUp, schedule
from tests.builders import AHEAD, a_caller, headers
from tests.delivery.steps import COORDINATOR, KENYA, Client, Matching, a_delivery, begun, on
from tests.delivery.steps import completed as complete

KEY = b"0123456789abcdef0123456789abcdef"
LAST_DAY = date(AHEAD, 3, 5)
DUE = {6: datetime(AHEAD, 9, 5, tzinfo=UTC), 12: datetime(AHEAD + 1, 3, 5, tzinfo=UTC)}
LINK = "/v1/follow-ups/link"


def a_follow_up(side: Side = Side.STATE, month: int = 6) -> FollowUp:
    """Return a scheduled follow-up."""
    now = datetime.combine(LAST_DAY, time(9), UTC)
    fact = completion(a_delivery_in_progress(), now)
    facts = [one for one in schedule(fact) if (one.side, one.month) == (side, month)]
    return evolve(None, facts[0])


def completion(delivery: Delivery, now: datetime) -> DeliveryCompleted:
    """Return the completion of a delivery on this day, proposed by the provider and confirmed by the State."""
    proposed = delivery.propose_completion(Side.PROVIDER, now.date(), None, delivery.period.ends, (), now=now)
    return evolve_delivery(delivery, proposed).confirm_completion(Side.STATE, now=now)


def a_delivery_in_progress() -> Delivery:
    return replace(a_delivery(), status=DeliveryStatus.IN_DELIVERY)


async def completed(api: Client, matching: Matching, **changes: Any) -> str:
    delivery_id = await begun(api, matching, **changes)
    with on(LAST_DAY):
        await complete(api, delivery_id)
    return delivery_id


def id_of(delivery_id: str, month: int = 6, side: Side = Side.STATE) -> str:
    return str(follow_up_id_of(UUID(delivery_id), month, side))


async def expire(db: Database, at: datetime) -> int:
    async with db.transaction() as tx:
        return await actions.expire(tx, at)


async def shown(api: Client, follow_up_id: str, by: str = COORDINATOR) -> dict[str, Any]:
    answer = await api.get(f"/v1/follow-ups/{follow_up_id}", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def answering(api: Client, follow_up_id: str, by: str = KENYA, **body: Any) -> httpx.Response:
    given = headers(by, revision=(await shown(api, follow_up_id))["revision"])
    return await api.post(f"/v1/follow-ups/{follow_up_id}/answer", json=body, headers=given)


def link(follow_up_id: str, by: str = KENYA, key: bytes = KEY) -> str:
    token = token_of(
        key, AnswerLink(purpose=Purpose.FOLLOW_UP, about=UUID(follow_up_id), person_id=a_caller(by).person_id)
    )
    return f"{LINK}?token={token}"


def at_noon(moment: datetime, days: int = 0) -> Any:
    return on((moment + timedelta(days=days)).date())
