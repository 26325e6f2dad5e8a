"""Steps of tests about strategies of requests, and their action points."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from contracts.facts import Fact
from contracts.requests import RequestDeclined, RequestRegistered, RequestWithdrawn
from contracts.strategies import StakeholderKind
from contracts.values import Language
from services.delivery.consumers import HANDLERS
from services.delivery.strategies.evolve import evolve
from services.delivery.strategies.model import Outline, Strategy, draw_up
from tests.builders import NOON, an_event, headers
from tests.delivery.steps import COORDINATOR, KENYA, Client, Matching, a_confirmation

OUTLINE = Outline(stakeholders=(StakeholderKind.MINISTRY, StakeholderKind.CIVIL_SOCIETY), language=Language.EN)
DUE = NOON.date() + timedelta(days=30)
STRATEGY = {
    "title": "Fictitious: strategy against trafficking in persons",
    "stakeholders": ["ministry", "civil_society"],
    "roles": "Fictitious: the Ministry of Justice leads; shelters are consulted.",
    "language": "en",
}
MILESTONE = {
    "source": "strategy_milestone",
    "text": "Fictitious: the strategy is adopted by the cabinet.",
    "language": "en",
    "owner": "state",
    "due_on": str(DUE),
}


def a_strategy() -> Strategy:
    """Return an active strategy of Kenya."""
    return evolve(None, draw_up(uuid4(), uuid4(), "KEN", OUTLINE, "hash", others=0, now=NOON))


async def a_request(matching: Matching) -> str:
    """Open a delivery of Norway for a request of Kenya, and return the request's id."""
    fact = a_confirmation()
    await matching.opens(fact)
    return str(fact.request_id)


async def a_registered_request(db: Database) -> str:
    """Register a request of Kenya without a delivery, and return its id."""
    fact = RequestRegistered(request_id=uuid4(), state="KEN", reference="KEN-1", registered_at=NOON)
    await Inbox(db, "delivery", ["requests"], HANDLERS).receive(an_event(fact, 1))
    return str(fact.request_id)


async def request_ends(db: Database, request_id: str, how: type[Fact]) -> None:
    """End a request: its State withdraws it, or a coordinator declines it."""
    about: dict[str, Any] = {"request_id": UUID(request_id), "state": "KEN"}
    withdrawn = RequestWithdrawn(**about, withdrawn_at=NOON)
    fact = withdrawn if how is RequestWithdrawn else RequestDeclined(**about, reason="not_eligible", declined_at=NOON)
    await Inbox(db, "delivery", ["requests"], HANDLERS).receive(an_event(fact, 2))


async def drawing_up(api: Client, request_id: str, by: str = KENYA, **changes: Any) -> httpx.Response:
    return await api.post("/v1/strategies", json={**STRATEGY, "request_id": request_id, **changes}, headers=headers(by))


async def drawn_up(api: Client, request_id: str, by: str = KENYA, **changes: Any) -> str:
    answer = await drawing_up(api, request_id, by, **changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["strategy_id"])


async def shown(api: Client, strategy_id: str, by: str = COORDINATOR) -> dict[str, Any]:
    answer = await api.get(f"/v1/strategies/{strategy_id}", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def tried(api: Client, strategy_id: str, name: str, by: str = KENYA, **body: Any) -> httpx.Response:
    """Try a move in the current revision; an empty name revises the strategy."""
    given = headers(by, revision=(await shown(api, strategy_id))["revision"])
    path = f"/v1/strategies/{strategy_id}"
    if name:
        return await api.post(f"{path}/{name}", json=body, headers=given)
    return await api.put(path, json=body, headers=given)


async def adding(api: Client, strategy_id: str, by: str = KENYA, **changes: Any) -> httpx.Response:
    path = f"/v1/strategies/{strategy_id}/action-points"
    return await api.post(path, json={**MILESTONE, **changes}, headers=headers(by))


async def added(api: Client, strategy_id: str, by: str = KENYA, **changes: Any) -> dict[str, Any]:
    answer = await adding(api, strategy_id, by, **changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
