"""A pledges service with a database and a loop of its own, for a machine of Hypothesis, whose rules are no coroutines."""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from typing import Any, TypeVar

import httpx
from hypothesis import note
from msgspec import Struct

from chassis.db import Database
from chassis.http import application
from chassis.inbox import Inbox, Outcome
from chassis.migrate import role_of
from chassis.rebuild import verify as verify_tables
from chassis.runtime import verifier
from contracts.facts import Fact
from contracts.reference.refusal_words import refusal_words
from services.pledges.consumers import HANDLERS
from services.pledges.verify import verify
from services.pledges.wiring import SERVICE
from tests.builders import an_event, headers
from tests.conftest import Servers, own_database, running_of, settings_of
from tests.service.test_pledges import FINANCE

T = TypeVar("T")


class Sent(Struct, frozen=True):
    """A command as it was sent, and the record that it was answered with."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    ids: Mapping[str, Any]


class DrivenLedger:
    """Whatever is sent is answered with what was done or with a no that has a name, which leaves nothing behind."""

    def __init__(self, servers: Servers, template: str) -> None:
        self._runner, self._open = asyncio.Runner(), AsyncExitStack()
        self.sent: list[Sent] = []
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
        self._url = await self._open.enter_async_context(own_database(servers, template))
        self.db = await Database.connect(self._url, "pledges", role=role_of("pledges"))
        self._open.push_async_callback(self.db.close)
        settings = settings_of(servers, self._url)
        running = running_of(settings, {"pledges": self.db}, "pledges")
        app = application(running, verifier(settings, running[0].callers), settings=settings)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
        self.client = await self._open.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://test")
        )
        self._inbox = Inbox(self.db, "pledges", ["matching"], HANDLERS)

    # -- what is told ------------------------------------------------------------------------------------------------

    async def read(self, path: str) -> bytes:
        answer = await self.client.get(path, headers=headers(FINANCE))
        assert answer.status_code == 200, f"{path}: {answer.text}"
        return answer.content

    async def get(self, path: str) -> Any:
        answer = await self.client.get(path, headers=headers(FINANCE))
        assert answer.status_code == 200, f"{path}: {answer.text}"
        return answer.json()

    async def written(self) -> int:
        """How many facts the journal holds."""
        async with self.db.transaction() as tx:
            return int(await tx.fetchval("SELECT count(*) FROM journal"))

    # -- what is done ------------------------------------------------------------------------------------------------

    async def send(self, path: str, by: str, *, revision: int | None = None, **body: Any) -> dict[str, Any] | None:
        """The record as it is after it; None where it was refused, of which the journal then knows nothing."""
        before, with_key = await self.written(), headers(by, revision=revision)
        answer = await self.client.post(path, json=body, headers=with_key)
        said = answer.json()
        note(f"{by} {path} {body!s:.400} If-Match {revision}: {answer.status_code} {said.get('slug', '')}")
        if answer.is_success:
            ids = {name: value for name, value in said.items() if name.endswith("_id")}
            self.sent.append(Sent(path, with_key, body, ids))
            return dict(said)
        assert 400 <= answer.status_code < 500, answer.text
        assert said["slug"] in refusal_words(), answer.text
        assert before == await self.written(), f"refused, and done: {answer.text}"
        self.refusals.add(said["slug"])
        return None

    async def send_again(self, sent: Sent, *, changed: bool) -> None:
        """The same command once more, or its key with another body: neither changes anything."""
        before = await self.written()
        body = {**sent.body, "once": "more"} if changed else sent.body
        answer = await self.client.post(sent.path, json=body, headers=sent.headers)
        note(f"again {sent.path} {body}: {answer.status_code}")
        if changed:
            assert 400 <= answer.status_code < 500, answer.text
        else:
            assert answer.is_success, answer.text
            assert sent.ids.items() <= answer.json().items(), "it is about the same record"
        assert before == await self.written()

    async def hear(self, fact: Fact, version: int, **envelope: Any) -> None:
        """A fact of another service, twice; the second time it is nothing new."""
        event = an_event(fact, version, **envelope)
        assert [Outcome.APPLIED, Outcome.REPEATED] == [await self._inbox.receive(event) for _ in range(2)]

    # -- what has to hold --------------------------------------------------------------------------------------------

    async def check_books(self) -> None:
        async with self.db.transaction() as tx:
            report = await verify(tx)
        assert (report.findings, report.more) == ([], 0)

    async def check_journal(self) -> None:
        """The journal alone makes the same tables."""
        owner = await Database.connect(self._url, "pledges", owner=True)
        try:
            assert await verify_tables(owner, SERVICE) == []
        finally:
            await owner.close()
