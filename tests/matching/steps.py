"""Steps of tests about matches: facts of a request, an approved offering, a presented match."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from uuid import UUID

import httpx

from chassis import clock
from chassis.db.database import Database
from chassis.journal.inbox import Handler, Inbox, Outcome
from contracts.deliveries import DeliveryBegun, DeliveryCompleted, DeliveryTerminated, delivery_id_of
from contracts.facts import Fact
from contracts.requests import RequestOpened, RequestRegistered, RequestSubmitted
from services.matching.consumers import HANDLERS
from services.matching.texts import meaning
from tests.builders import NOON, an_event, headers
from tests.matching.builders import a_submission
from tests.matching.offerings.steps import approved

Client = httpx.AsyncClient
COORDINATOR = "UNODC:coordinator"
NORWAY = "NOR:provider_officer"
CEB = "UNODC-CEB:provider_officer"
KENYA = "KEN:focal_point"


class Owner:
    """The requests service as matching receives it: its facts, in order for each request."""

    def __init__(self, db: Database, handlers: Mapping[type[Fact], Handler] = HANDLERS) -> None:
        self.db = db
        self.inbox = Inbox(db, "matching", ["requests"], handlers)
        self.versions: dict[UUID, int] = {}

    async def publish(self, *facts: Fact) -> Outcome:
        outcome = Outcome.REPEATED
        for fact in facts:
            version = self.versions[fact.aggregate_id] = self.versions.get(fact.aggregate_id, 0) + 1
            outcome = await self.inbox.receive(an_event(fact, version))
            assert outcome is Outcome.APPLIED
        return outcome


def ids(fact: RequestSubmitted) -> dict[str, Any]:
    return {"request_id": fact.request_id, "state": fact.state}


async def opened(owner: Owner, submission: RequestSubmitted | None = None) -> RequestSubmitted:
    """Publish the facts of a request that is open for proposals."""
    submission = submission or a_submission()
    await owner.publish(
        submission,
        RequestRegistered(**ids(submission), reference="TA-2026-1", registered_at=NOON),
        RequestOpened(**ids(submission), priority="high", opened_at=NOON),
    )
    return submission


async def matches_of(api: Client, fact: RequestSubmitted, by: str = COORDINATOR) -> list[dict[str, Any]]:
    answer = await api.get(f"/v1/matches?request={fact.request_id}", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["matches"])


async def move(api: Client, match: Mapping[str, Any], name: str, by: str, **body: Any) -> dict[str, Any]:
    answer = await attempt(api, match, name, by, **body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def attempt(api: Client, match: Mapping[str, Any], name: str, by: str, **body: Any) -> httpx.Response:
    path = f"/v1/matches/{match['match_id']}/{name}"
    return await api.post(path, json=body, headers=headers(by, revision=match["revision"]))


async def delivered(db: Database, match: Mapping[str, Any], *moves: str, reason: str = "other") -> None:
    """Send matching the facts that the delivery of a match has begun, is complete, or was terminated."""
    now = clock.now()
    ids = {name: UUID(match[name]) for name in ("match_id", "request_id", "line_id")}
    ids["delivery_id"] = delivery_id_of(ids["match_id"])
    sides = {name: match[name] for name in ("state", "provider")}
    facts: dict[str, Fact] = {
        "begun": DeliveryBegun(**ids, **sides, begun_at=now),
        "completed": DeliveryCompleted(**ids, **sides, completed_on=now.date(), completed_at=now),
        "terminated": DeliveryTerminated(**ids, **sides, reason=reason, terminated_at=now),
    }
    for name in moves:
        async with db.transaction() as tx:
            await HANDLERS[type(facts[name])](tx, an_event(facts[name], 1), facts[name])


async def shown(api: Client, match: Mapping[str, Any], by: str = COORDINATOR) -> dict[str, Any]:
    """Return the match as this caller sees it now."""
    answer = await api.get(f"/v1/matches/{match['match_id']}", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def presented(api: Client, owner: Owner, by: str = NORWAY) -> dict[str, Any]:
    await approved(api, by)
    request = await opened(owner)
    return await move(api, (await matches_of(api, request))[0], "present", COORDINATOR)


def settled(matches: Iterable[Mapping[str, Any]]) -> bool:
    """Return True once text meaning changes no score any more; without a model, at once."""
    return not a_model_is_there() or all(match["judgement"] for match in matches if match["status"] == "suggested")


@cache
def a_model_is_there() -> bool:
    return meaning.model_problem() is None


def data_of(row: Any) -> dict[str, Any]:
    return dict(json.loads(row["event"])["data"])


async def begin(api: Client, line_id: UUID, offering: Mapping[str, Any], by: str, **more: Any) -> httpx.Response:
    body = {"line_id": str(line_id), "offering_id": offering["offering_id"]} | more
    return await api.post("/v1/matches", json=body, headers=headers(by))
