"""Steps of tests of the chassis."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
from joserfc import jwk

from chassis.db.database import Database, Tx
from chassis.journal import outbox as journal
from chassis.journal.inbox import Inbox
from chassis.journal.outbox import Page
from contracts.facts import Event
from contracts.refusals import Conflict
from contracts.requests import RequestRegistered, RequestWithdrawn


def check_problem(answer: httpx.Response, status: int, slug: str) -> None:
    assert (answer.status_code, answer.json().get("slug")) == (status, slug), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == f"/problems/{slug}"
    assert answer.json()["status"] == status
    assert answer.json()["correlation_id"] == answer.headers["X-Correlation-Id"]


class RecordingConsumer:
    """A consumer that records applied events in order, and can be set to fail."""

    def __init__(self, db: Database) -> None:
        self.effects: list[tuple[UUID, int]] = []
        self.refuse: set[int] = set()
        self.crash: set[int] = set()
        self.inbox = Inbox(
            db, "matching", ["requests"], {RequestRegistered: self.handle, RequestWithdrawn: self.handle}
        )

    async def handle(self, tx: Tx, event: Event, fact: RequestRegistered | RequestWithdrawn) -> None:
        if event.aggregateversion in self.refuse:
            raise Conflict("request-status")
        if event.aggregateversion in self.crash:
            raise RuntimeError("planted")
        # The query claims the event; an event that is not in order ends here.
        await tx.fetchval("SELECT 1")
        self.effects.append((event.aggregate_id, event.aggregateversion))


class JournalPeers:
    """Peers that answer from the journal, like the owner's `/internal/events`."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def events_after(self, _owner: str, after: str) -> Page:
        async with self.db.transaction() as tx:
            return await journal.read(tx, after=after, limit=3)

    async def events_of(self, _owner: str, aggregate_id: UUID, *, after_version: int) -> list[Event]:
        async with self.db.transaction() as tx:
            return await journal.read_aggregate(tx, aggregate_id, after_version=after_version)


async def until(met: Callable[[], bool]) -> None:
    """Wait until it is met, for at most 30 seconds."""
    async with asyncio.timeout(30):
        while not met():
            await asyncio.sleep(0.02)


class Jwks:
    """An issuer's key server that counts requests; `answers` switches it off."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.answers = True
        self.asked = 0
        self.address = ""
        self.date = ""

    def set_keys(self, *kids: str) -> None:
        """Serve new keys with these ids."""
        made = [jwk.OKPKey.generate_key("Ed25519", parameters={"kid": kid}).as_dict(private=False) for kid in kids]
        self.serve("/", {"keys": made})

    def serve(self, path: str, document: Any) -> None:
        self.bodies[path] = json.dumps(document).encode()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        status = b"200 OK" if self.answers else b"503 Service Unavailable"
        body = self.bodies[path]
        date = f"Date: {self.date}\r\n".encode() if self.date else b""
        head = b"HTTP/1.1 %b\r\n%bContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, date, len(body))
        writer.write(head + body)
        await writer.drain()
        writer.close()
