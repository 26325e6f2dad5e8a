"""Steps of tests about sessions: planned sessions, their moves, and counts of participants."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import httpx

from services.delivery.deliveries.model import Delivery
from services.delivery.sessions.evolve import evolve
from services.delivery.sessions.model import Session, Terms, plan
from tests.builders import AHEAD, NOON, headers
from tests.delivery.steps import COORDINATOR, NORWAY, Client, a_delivery, days, on

MARCH = days((AHEAD, 3, 1), (AHEAD, 3, 5))
TERMS = {"modality": "in_person", "languages": ["en", "fr"], "place": "Fictitious: Nairobi", "people": 20, "women": 10}


def a_session(*of: Delivery) -> Session:
    """Return a planned session of these deliveries, in March."""
    terms = Terms(modality="in_person", languages=("en",))
    return evolve(None, plan(uuid4(), of or [a_delivery()], MARCH, terms, "hash", "", now=NOON))


def counts(women: int, men: int, function: str = "judge") -> list[dict[str, Any]]:
    return [
        {"sex": sex, "age_band": "35_44", "function": function, "people": people}
        for sex, people in (("women", women), ("men", men))
    ]


def of(delivery_id: str, reported: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"delivery_id": delivery_id, "counts": reported}]


async def expert(api: Client, **changes: Any) -> str:
    """Enter an expert of Norway and return the id."""
    body = {"name": "Fictitious Trainer", "topics": ["extradition"], "languages": ["en"], **changes}
    answer = await api.post("/v1/experts", json=body, headers=headers(NORWAY))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["expert_id"])


async def planning(api: Client, delivery_id: str, by: str = NORWAY, **changes: Any) -> httpx.Response:
    body = {**TERMS, "period": {"from": str(MARCH.starts), "until": str(MARCH.ends)}, **changes}
    return await api.post(f"/v1/deliveries/{delivery_id}/sessions", json=body, headers=headers(by))


async def planned(api: Client, delivery_id: str, by: str = NORWAY, **changes: Any) -> dict[str, Any]:
    answer = await planning(api, delivery_id, by, **changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def shown(api: Client, session_id: str, by: str = COORDINATOR) -> dict[str, Any]:
    answer = await api.get(f"/v1/sessions/{session_id}", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def tried(api: Client, session_id: str, name: str, by: str = NORWAY, **body: Any) -> httpx.Response:
    """Try a move in the current revision; an empty name revises the session."""
    given = headers(by, revision=(await shown(api, session_id))["revision"])
    path = f"/v1/sessions/{session_id}"
    if name:
        return await api.post(f"{path}/{name}", json=body, headers=given)
    return await api.put(path, json=body, headers=given)


async def move(api: Client, session_id: str, name: str, by: str = NORWAY, **body: Any) -> dict[str, Any]:
    answer = await tried(api, session_id, name, by, **body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def listed(api: Client, delivery_id: str, by: str) -> dict[str, Any]:
    answer = await api.get(f"/v1/deliveries/{delivery_id}/sessions", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def held(api: Client, delivery_id: str, women: int, men: int) -> str:
    session_id = str((await planned(api, delivery_id))["session_id"])
    with on(MARCH.ends):
        await move(api, session_id, "hold", participants=of(delivery_id, counts(women, men)))
    return session_id
