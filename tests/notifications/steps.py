"""Steps of tests of notifications."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from contracts import requests as r
from contracts.facts import Event, Fact
from contracts.values import Language, Period
from tests.builders import NOON, a_caller, an_event, headers

Client = httpx.AsyncClient
REFERENCE = "TA-2026-00007"
PROVIDER = "NOR:provider_officer"
NEXT_WEEK = datetime(2026, 11, 25, 12, tzinfo=UTC) + timedelta(days=8)


def a_subscription(**changes: Any) -> dict[str, Any]:
    return {"email": "person@organization.example", "language": "en", "channels": ["inbox", "mail"]} | changes


async def subscribe(api: Client, *appointments: str, **changes: Any) -> None:
    for appointment in appointments:
        answer = await api.put("/v1/subscriptions", json=a_subscription(**changes), headers=headers(appointment))
        assert answer.status_code == 200, answer.text


async def notifications_of(api: Client, appointment: str, query: str = "", **more: str) -> list[dict[str, Any]]:
    answer = await api.get(f"/v1/notifications{query}", headers=headers(appointment) | more)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["notifications"])


def a_wanted_line(kind: str = "mla_training", **changes: Any) -> r.Line:
    values = {
        "line_id": uuid4(),
        "kind": kind,
        "topics": ("mutual_legal_assistance",),
        "articles": ("UNTOC:18",),
        "paragraphs": ("I.k",),
        "pillars": (),
        "institution": "central_authority",
        "group_size": 25,
        "languages": (Language.EN,),
        "modality": "in_person",
        "window": Period(starts=date(2027, 2, 1), ends=date(2027, 6, 30)),
        "gender_marker": 1,
        "human_rights_marker": 1,
    }
    return r.Line(**(values | changes))


class RequestStory:
    """The facts of one request of Kenya, received one after the other."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.request_id = uuid4()
        self.events: list[Event] = []

    async def tell(self, fact: Fact) -> Event:
        event = an_event(fact, len(self.events) + 1)
        self.events.append(event)
        await self.inbox.receive(event)
        return event

    def _content(self, **changes: Any) -> dict[str, Any]:
        lines = (a_wanted_line(), a_wanted_line("sherloc_training", topics=(), articles=(), paragraphs=("I.c",)))
        return {
            "request_id": self.request_id,
            "state": "KEN",
            "language": Language.EN,
            "visibility": "providers",
            "addressee": "any",
            "addressed_states": (),
            "circulation_rule": "none",
            "lines": lines,
            "texts_hash": "0" * 64,
        } | changes

    async def submitted(self, **changes: Any) -> Event:
        return await self.tell(r.RequestSubmitted(**self._content(**changes), reference=REFERENCE, submitted_at=NOON))

    async def revised(self) -> Event:
        content = self._content()
        del content["state"]
        return await self.tell(r.RequestRevised(**content, revised_at=NOON))

    async def registered(self) -> Event:
        return await self.tell(
            r.RequestRegistered(request_id=self.request_id, state="KEN", reference=REFERENCE, registered_at=NOON)
        )

    async def opened(self) -> Event:
        return await self.tell(
            r.RequestOpened(request_id=self.request_id, state="KEN", priority="normal", opened_at=NOON)
        )

    async def held(self) -> Event:
        return await self.tell(r.RequestHeld(request_id=self.request_id, state="KEN", reason="other", held_at=NOON))

    async def resumed(self) -> Event:
        return await self.tell(r.RequestResumed(request_id=self.request_id, state="KEN", resumed_at=NOON))

    async def consented(self, *recipients: str, starts_at: datetime | None = None) -> UUID:
        consent_id = uuid4()
        await self.tell(
            r.ConsentGiven(
                request_id=self.request_id,
                state="KEN",
                consent_id=consent_id,
                recipients=recipients,
                given_at=NOON,
                starts_at=starts_at,
            )
        )
        return consent_id

    async def withdrew(self, consent_id: UUID) -> Event:
        return await self.tell(
            r.ConsentWithdrawn(
                request_id=self.request_id, state="KEN", consent_id=consent_id, circulation="none", withdrawn_at=NOON
            )
        )


async def an_alert(api: Client, frequency: str = "daily", **more: Any) -> None:
    body = {"subject": "requests", "frequency": frequency} | more
    answer = await api.post("/v1/alerts", json=body, headers=headers(PROVIDER))
    assert answer.status_code == 201, answer.text


async def a_circulating_request(inbox: Inbox) -> RequestStory:
    story = RequestStory(inbox)
    await story.submitted()
    await story.registered()
    await story.opened()
    await story.consented("NOR")
    return story


async def the_digest_of_more_readers(db: Database, readers: int) -> None:
    """Copy the only digest, with its hits, for other readers of the same State, up to `readers` in all."""
    async with db.transaction() as tx:
        await tx.execute(
            """
            WITH reader AS (
                SELECT gen_random_uuid() AS person_id, gen_random_uuid() AS digest_id FROM generate_series(2, $1)
            ), due AS (
                INSERT INTO digest (digest_id, person_id, organization, role, frequency, due_at, status)
                SELECT reader.digest_id, reader.person_id, organization, role, frequency, due_at, status
                FROM reader, digest
            )
            INSERT INTO hit (hit_id, person_id, organization, role, subject, request_id, digest_id, recorded_at)
            SELECT gen_random_uuid(), reader.person_id, organization, role, subject, request_id, reader.digest_id,
                recorded_at FROM reader, hit
            """,
            readers,
        )


async def appointed(db: Database, who: str, *, ended: bool = False) -> None:
    organization, role = who.split(":")
    async with db.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO caller (appointment_id, person_id, organization, role, starts, ended, version)
            VALUES ($1, $2, $3, $4, '2026-01-01', $5, 1)
            """,
            uuid4(),
            a_caller(who).person_id,
            organization,
            role,
            ended,
        )


def opened(request_id: UUID | None = None, state: str = "KEN") -> r.RequestOpened:
    return r.RequestOpened(request_id=request_id or uuid4(), state=state, priority="normal", opened_at=NOON)
