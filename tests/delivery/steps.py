"""Steps of tests about deliveries: a confirmed match, a delivery that both sides may begin, and its moves."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx

from chassis import clock
from chassis.db.database import Database
from chassis.journal.inbox import Inbox, Outcome
from contracts.deliveries import DeliveryOpened, delivery_id_of
from contracts.facts import Fact
from contracts.matching import MatchConfirmed, MatchRevoked
from contracts.values import Money, Period
from services.delivery.consumers import HANDLERS
from services.delivery.deliveries.evolve import evolve
from services.delivery.deliveries.model import Delivery
from tests.builders import AHEAD, NOON, an_event, headers
from tests.clocks import Ticking

Client = httpx.AsyncClient
COORDINATOR, AUDITOR, OTHER_SERVICE = "UNODC:coordinator", "UNODC:auditor", "UNODC:service"
KENYA, KENYAS_OFFICIAL, NORWAY = "KEN:focal_point", "KEN:official", "NOR:provider_officer"
OTHERS = ("UGA:focal_point", "FRA:provider_officer", "NOR:donor_officer", "NOR:focal_point", "UNODC:finance_officer")
SPRING = Period(starts=date(AHEAD, 2, 1), ends=date(AHEAD, 6, 30))
IN_SPRING = datetime.combine(date(AHEAD, 3, 1), NOON.timetz())
WHY = "Fictitious: advice in writing, without sessions."
CONTACT = {"name": "Fictitious Person", "email": "person@example.org", "function": "Head of unit"}


def a_confirmation(**changes: Any) -> MatchConfirmed:
    """Return a confirmed match of a line of Kenya with an offering of Norway."""
    values: dict[str, Any] = {name: uuid4() for name in ("match_id", "request_id", "line_id", "offering_id")}
    values |= {"state": "KEN", "provider": "NOR", "capacity_period": SPRING, "window": SPRING, "confirmed_at": NOON}
    return MatchConfirmed(**values | changes)


def a_delivery(**changes: Any) -> Delivery:
    """Return an open delivery of Norway to Kenya."""
    fact = a_confirmation()
    values: dict[str, Any] = {
        name: getattr(fact, name) for name in ("match_id", "request_id", "line_id", "offering_id")
    }
    values |= {
        "delivery_id": delivery_id_of(fact.match_id),
        "state": "KEN",
        "provider": "NOR",
        "period": SPRING,
        "opened_at": NOON,
    }
    return evolve(None, DeliveryOpened(**values | changes))


def a_version(**changes: Any) -> dict[str, Any]:
    return {
        "period": {"from": f"{AHEAD}-03-01", "until": f"{AHEAD}-03-05"},
        "modality": "in_person",
        "languages": ["en"],
        "language": "en",
        "scope": "Fictitious sample: a course of five days.",
        "place": "Nairobi",
        "participants": 25,
        "women": 10,
        "costs": [{"side": "provider", "cost": "travel", "money": {"minor": 900_000, "currency": "USD"}}],
        "clauses": [{"clause": "confidentiality", "text": "Fictitious sample: materials stay with the two sides."}],
    } | changes


class Matching:
    """Publishes facts of the matching service to the delivery service."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._inbox = Inbox(db, "delivery", ["matching"], HANDLERS)
        self._versions: dict[UUID, int] = {}

    async def publish(self, fact: Fact) -> None:
        version = self._versions[fact.aggregate_id] = self._versions.get(fact.aggregate_id, 0) + 1
        assert await self._inbox.receive(an_event(fact, version)) is Outcome.APPLIED

    async def confirms(self, **changes: Any) -> str:
        """Confirm a match, and return the id of the delivery that it opens."""
        return await self.opens(a_confirmation(**changes))

    async def opens(self, fact: MatchConfirmed) -> str:
        await self.publish(fact)
        return str(delivery_id_of(fact.match_id))

    async def revokes(self, delivery: Mapping[str, Any]) -> None:
        ids = {name: UUID(delivery[name]) for name in ("request_id", "line_id", "offering_id")}
        sides = {name: delivery[name] for name in ("state", "provider")}
        period = SPRING
        await self.publish(
            MatchRevoked(
                match_id=UUID(delivery["match_id"]),
                **ids,
                **sides,
                reason="other",
                capacity_period=period,
                revoked_at=clock.now(),
            )
        )


async def shown(api: Client, delivery_id: str, by: str = COORDINATOR) -> dict[str, Any]:
    answer = await api.get(f"/v1/deliveries/{delivery_id}", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def tried(
    api: Client, delivery_id: str, name: str, by: str, *, method: str = "POST", revision: int | None = None, **body: Any
) -> httpx.Response:
    """Try a move in the current revision, or in the one given."""
    revision = revision or (await shown(api, delivery_id))["revision"]
    path = f"/v1/deliveries/{delivery_id}/{name}"
    return await api.request(method, path, json=body, headers=headers(by, revision=revision))


async def move(api: Client, delivery_id: str, name: str, by: str, **body: Any) -> dict[str, Any]:
    answer = await tried(api, delivery_id, name, by, **body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def agreed(api: Client, matching: Matching, **changes: Any) -> str:
    """Open a delivery for which both sides waive an agreement, and return its id."""
    delivery_id = await matching.confirms(**changes)
    for side in (f"{changes.get('state', 'KEN')}:focal_point", NORWAY):
        await move(api, delivery_id, "waive-agreement", side)
    return delivery_id


async def begun(api: Client, matching: Matching, **changes: Any) -> str:
    delivery_id = await agreed(api, matching, **changes)
    await move(api, delivery_id, "begin", NORWAY)
    return delivery_id


async def completed(api: Client, delivery_id: str) -> dict[str, Any]:
    """Let Norway propose that a delivery is complete, and Kenya confirm it."""
    await move(api, delivery_id, "propose-completion", NORWAY, comment=WHY)
    return await move(api, delivery_id, "confirm-completion", KENYA)


def days(first: tuple[int, int, int], last: tuple[int, int, int]) -> Period:
    return Period(starts=date(*first), ends=date(*last))


def on(day: date) -> Any:
    """Set the services' day to this one in a `with` statement."""
    return clock.use_clock(Ticking(datetime.combine(day, NOON.timetz())))


def slug(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["slug"]


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


async def facts_of(db: Database) -> list[str]:
    async with db.transaction() as tx:
        rows = await tx.fetch("SELECT type FROM journal WHERE aggregate = 'delivery' ORDER BY position")
    return [row["type"].split(".")[2] for row in rows]
