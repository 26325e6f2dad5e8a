"""A pledges service with its own database and event loop, for Hypothesis state machines with synchronous rules."""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

import httpx
import msgspec
from hypothesis import note
from msgspec import Struct

from chassis.db.database import Database
from chassis.db.migrate import role_of
from chassis.http.application import application
from chassis.journal.inbox import Inbox, Outcome
from chassis.journal.peers import Peers
from chassis.rebuild import verify as verify_tables
from chassis.runtime import verifier
from contracts.consents import EVERYTHING, VisibilityQuery, VisibleRequest
from contracts.facts import Fact
from contracts.reference.refusal_words import refusal_words
from services.pledges.allocations.consents import OWNER
from services.pledges.consumers import HANDLERS
from services.pledges.ledger import store as ledger_store
from services.pledges.ledger.postings import EntryType
from services.pledges.ledger.verify import verify
from services.pledges.pledge import store as pledge_store
from services.pledges.wiring import SERVICE
from tests.builders import an_event, headers
from tests.conftest import Servers, running_of, settings_of
from tests.databases import connected, new_database
from tests.pledges.ledger.count import Count
from tests.pledges.ledger.invariants import check_invariants
from tests.pledges.steps import FINANCE

T = TypeVar("T")
NIL = UUID(int=0)
RECORDS_MAX = 10_000


class Sent(Struct, frozen=True):
    """A sent command, with the ids of the record in its answer."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any] | bytes
    ids: Mapping[str, Any]


class Consented(httpx.AsyncBaseTransport):
    """A stub of the requests service that states which requests are shown to which organization."""

    def __init__(self) -> None:
        self.shown: set[tuple[str, UUID]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/internal/shown"
        asked = msgspec.json.decode(await request.aread(), type=VisibilityQuery)
        reported = [
            VisibleRequest(request_id=one, fields=EVERYTHING) for one in asked.request_ids if self.shows(asked, one)
        ]
        return httpx.Response(200, content=msgspec.json.encode(reported))

    def shows(self, asked: VisibilityQuery, request_id: UUID) -> bool:
        return (asked.organization, request_id) in self.shown


class DrivenLedger:
    """A running service, in which every command succeeds, or is refused with a slug and changes nothing."""

    def __init__(self, servers: Servers, template: str) -> None:
        self._runner, self._open = asyncio.Runner(), AsyncExitStack()
        self.consented = Consented()
        self.sent: list[Sent] = []
        self.posted: set[str] = set()
        """Paths with successful commands."""
        self.refusals: set[str] = set()
        self.run(self._start(servers, template))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def stop(self) -> None:
        try:
            self.run(self._open.aclose())
        finally:
            self._runner.close()

    async def _start(self, servers: Servers, template: str) -> None:
        self._url = await self._open.enter_async_context(new_database(servers.postgres.dsn(), template))
        self.db = await Database.connect(self._url, "pledges", role=role_of("pledges"))
        self._open.push_async_callback(self.db.close)
        settings = settings_of(servers, self._url)
        (alone,) = running_of(settings, {"pledges": self.db}, "pledges")
        running = replace(alone, peers=Peers({OWNER: "http://test"}, lambda: "", self.consented))
        app = application([running], verifier(settings, running.callers), settings=settings)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = await self._open.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://test")
        )
        self._inbox = Inbox(self.db, "pledges", ["matching"], HANDLERS)

    # -- reads ------------------------------------------------------------------------------------------------------

    async def read(self, path: str) -> bytes:
        answer = await self.client.get(path, headers=headers(FINANCE))
        assert answer.status_code == 200, f"{path}: {answer.text}"
        return answer.content

    async def get(self, path: str, by: str = FINANCE) -> Any:
        answer = await self.client.get(path, headers=headers(by))
        assert answer.status_code == 200, f"{path}: {answer.text}"
        return answer.json()

    async def written(self) -> int:
        """Return the number of facts in the journal."""
        async with self.db.transaction() as tx:
            return int(await tx.fetchval("SELECT count(*) FROM journal"))

    # -- commands ---------------------------------------------------------------------------------------------------

    async def send(self, path: str, by: str, *, revision: int | None = None, **body: Any) -> dict[str, Any] | None:
        """Return the record after the command; None if the command was refused, without any new fact."""
        return await self._send(path, by, body, headers(by, revision=revision))

    async def send_file(self, path: str, by: str, content: bytes, kind: Mapping[str, str]) -> dict[str, Any] | None:
        """Like `send`, with a file or table as body; `kind` are its headers."""
        return await self._send(path, by, content, {**headers(by), **kind})

    async def _send(
        self, path: str, by: str, body: Mapping[str, Any] | bytes, with_key: Mapping[str, str]
    ) -> dict[str, Any] | None:
        before = await self.written()
        answer = await self._post(path, body, with_key)
        said = answer.json()
        revision = with_key.get("If-Match")
        note(f"{by} {path} {body!s:.400} If-Match {revision}: {answer.status_code} {said.get('slug', '')}")
        if answer.is_success:
            ids = {name: value for name, value in said.items() if name.endswith("_id")}
            if before < await self.written():
                self.sent.append(Sent(path, with_key, body, ids))
                self.posted.add(path)
            return dict(said)
        assert 400 <= answer.status_code < 500, answer.text
        assert said["slug"] in refusal_words(), answer.text
        assert before == await self.written(), f"f'refused, but written: {answer.text}'"
        self.refusals.add(said["slug"])
        return None

    async def _post(self, path: str, body: Mapping[str, Any] | bytes, sent: Mapping[str, str]) -> httpx.Response:
        if isinstance(body, bytes):
            return await self.client.post(path, content=body, headers=sent)
        return await self.client.post(path, json=body, headers=sent)

    async def send_again(self, sent: Sent, *, changed: bool) -> None:
        """Repeat a command, or use its key with another body, and check that nothing changes."""
        before = await self.written()
        body = sent.body
        if changed:
            body = body + b"\n" if isinstance(body, bytes) else {**body, "once": "more"}
        answer = await self._post(sent.path, body, sent.headers)
        note(f"again {sent.path} {body!s:.400}: {answer.status_code}")
        if changed:
            assert 400 <= answer.status_code < 500, answer.text
        else:
            assert answer.is_success, answer.text
            assert sent.ids.items() <= answer.json().items(), "a repeat returns the same record"
        assert before == await self.written()

    async def hear(self, fact: Fact, version: int, **envelope: Any) -> None:
        """Deliver a fact of another service twice, and check that the second delivery changes nothing."""
        event = an_event(fact, version, **envelope)
        assert [Outcome.APPLIED, Outcome.REPEATED] == [await self._inbox.receive(event) for _ in range(2)]

    # -- checks -----------------------------------------------------------------------------------------------------

    async def check_books(self) -> None:
        async with self.db.transaction() as tx:
            report = await verify(tx)
        assert report.findings == []

    async def check_invariants(self, count: Count) -> None:
        """Check the invariants of all entries, in the order in which they were recorded, and of all pledges."""
        async with self.db.transaction() as tx:
            entries = await ledger_store.page(tx, after=NIL, limit=RECORDS_MAX)
            pledges = await pledge_store.page_of_pledges(tx, after=NIL, limit=RECORDS_MAX)
        assert len(entries) == len(count.entries)
        # Both halves of a carry-over are recorded at the same moment, the outgoing one first.
        entries.sort(key=lambda one: (one.recorded_at, one.type == EntryType.BROUGHT_FORWARD))
        check_invariants(entries, pledges, count)

    async def check_journal(self) -> None:
        """Check that a rebuild from the journal gives the same tables."""
        async with connected(self._url, "pledges", owner=True) as owner:
            assert await verify_tables(owner, SERVICE) == []
