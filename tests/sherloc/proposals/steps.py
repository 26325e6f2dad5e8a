"""Steps of tests of proposals: a request of one line, and its completed delivery, as facts of their services."""

from typing import Any
from uuid import uuid4

from msgspec.structs import replace

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from contracts.deliveries import DeliveryCompleted
from contracts.facts import Event
from contracts.registry import decode_fact
from contracts.requests import RequestSubmitted
from services.documents.examples import example_event
from services.sherloc.consumers import HANDLERS
from services.sherloc.wiring import SERVICE
from tests.builders import an_event

ARTICLES = ("UNTOC:16", "UNTOC:18")


def facts(kind: str = "legislative_drafting", articles: tuple[str, ...] = ARTICLES, state: str = "KEN") -> list[Event]:
    """The facts of a request of one line, and of its completed delivery."""
    submitted, completed = _example(RequestSubmitted), _example(DeliveryCompleted)
    request_id, line_id, delivery_id = uuid4(), uuid4(), uuid4()
    line = replace(submitted.lines[0], line_id=line_id, kind=kind, articles=articles)
    submitted = replace(submitted, request_id=request_id, state=state, lines=(line,))
    of_request = {"request_id": request_id, "line_id": line_id, "state": state}
    return [
        an_event(submitted, 1),
        an_event(replace(completed, delivery_id=delivery_id, match_id=uuid4(), **of_request), 1),
    ]


def _example(kind: Any) -> Any:
    return decode_fact(example_event(kind))


async def hear(db: Database, *events: Event) -> None:
    inbox = Inbox(db, "sherloc", SERVICE.listens_to, HANDLERS)
    for event in events:
        await inbox.receive(event)
