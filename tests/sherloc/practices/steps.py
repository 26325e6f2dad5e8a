"""Steps of tests of practices: an author records a practice, a coordinator catalogues it."""

from typing import Any
from uuid import UUID, uuid4

import httpx

from chassis.db.database import Database
from chassis.journal.inbox import Inbox, Outcome
from contracts.deliveries import DeliveryCompleted
from services.sherloc.consumers import HANDLERS
from tests.builders import NOON, an_event, headers

Client = httpx.AsyncClient
COORDINATOR, AUDITOR = "UNODC:coordinator", "UNODC:auditor"
KENYA, KENYAS_OFFICIAL, UGANDA = "KEN:focal_point", "KEN:official", "UGA:focal_point"
NORWAY, KENYAS_PROVIDER = "NOR:provider_officer", "KEN:provider_officer"
OTHERS = (UGANDA, NORWAY, KENYAS_PROVIDER, "NOR:donor_officer", "UNODC:finance_officer")
FORM = {
    "practice_kind": "practice",
    "title": "Fictitious: one form for urgent requests",
    "text": "Fictitious: prosecutors answered urgent requests within two days, since they came in one form.",
    "language": "en",
    "country_review": "nothing",
    "articles": ["UNTOC:18"],
    "topics": ["mutual_legal_assistance"],
}


async def recording(api: Client, by: str = KENYA, **changes: Any) -> httpx.Response:
    return await api.post("/v1/practices", json=FORM | changes, headers=headers(by))


async def recorded(api: Client, by: str = KENYA, **changes: Any) -> str:
    answer = await recording(api, by, **changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["practice_id"])


async def reading(api: Client, practice_id: str, by: str) -> httpx.Response:
    return await api.get(f"/v1/practices/{practice_id}", headers=headers(by))


async def shown(api: Client, practice_id: str, by: str) -> dict[str, Any]:
    answer = await reading(api, practice_id, by)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def tried(api: Client, practice_id: str, name: str, by: str, *, revision: int, **body: Any) -> httpx.Response:
    return await api.post(f"/v1/practices/{practice_id}/{name}", json=body, headers=headers(by, revision=revision))


async def move(api: Client, practice_id: str, name: str, by: str, **body: Any) -> dict[str, Any]:
    """Make a move in the current revision, by a caller who sees the practice."""
    revision = (await shown(api, practice_id, by))["revision"]
    answer = await tried(api, practice_id, name, by, revision=revision, **body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def catalogued(api: Client, by: str = KENYA, **changes: Any) -> str:
    practice_id = await recorded(api, by, **changes)
    await move(api, practice_id, "submit", by)
    await move(api, practice_id, "catalogue", COORDINATOR)
    return practice_id


async def found(api: Client, by: str = UGANDA, **query: Any) -> list[str]:
    answer = await api.get("/v1/practices", params=query, headers=headers(by))
    assert answer.status_code == 200, answer.text
    return [one["practice_id"] for one in answer.json()["practices"]]


async def completed(db: Database, *, state: str = "KEN", provider: str = "NOR") -> UUID:
    """Receive a completed delivery twice, and return its id."""
    fact = DeliveryCompleted(
        **{name: uuid4() for name in ("delivery_id", "match_id", "request_id", "line_id")},
        state=state,
        provider=provider,
        completed_on=NOON.date(),
        completed_at=NOON,
    )
    inbox = Inbox(db, "sherloc", ["delivery"], HANDLERS)
    event = an_event(fact, 1)
    assert (Outcome.APPLIED, Outcome.REPEATED) == (await inbox.receive(event), await inbox.receive(event))
    return fact.delivery_id


def slug(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["slug"]
