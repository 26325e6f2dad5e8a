"""Steps of tests about reading texts: requests and matching in one process over HTTP, with a model of letters."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from chassis import clock
from chassis.db.database import Database
from chassis.journal.inbox import Inbox, Outcome
from chassis.journal.outbox import read
from chassis.journal.peers import Peers
from chassis.runtime import http_server, listener, service_tokens
from chassis.settings import Settings
from contracts.matching import MatchRescored
from contracts.registry import decode_fact
from services.matching.consumers import handlers
from services.matching.index.memory import Memory
from services.matching.texts.meaning import Embedder, Model, ModelProblem, ModelUnavailableError
from services.matching.texts.reader import Reader
from tests.builders import a_line, a_request, headers
from tests.matching.offerings.steps import approved
from tests.matching.steps import COORDINATOR, KENYA, NORWAY, Client

MODEL_PROBLEM = ModelProblem("model-not-installed", "It is not installed.")

LETTERS = Model("letters", "1", 3)


class Letters:
    """Embedder that counts letters: the parts of a text that are a, b and c."""

    model = LETTERS

    def __init__(self) -> None:
        self.batches: list[Sequence[str]] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.batches.append(texts)
        rows = np.array([[text.count(letter) for letter in "abc"] for text in texts], dtype=np.float32)
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1)


def nothing() -> Embedder:
    raise ModelUnavailableError(MODEL_PROBLEM)


class Stage:
    """The two services; the reader reads only when a test says so."""

    def __init__(self, api: Client, databases: Mapping[str, Database], peers: Peers) -> None:
        self.api = api
        self.db = databases["matching"]
        self.requests = databases["requests"]
        self.peers = peers
        self._heard = "0.0"
        self.memory = Memory()
        self._inbox = Inbox(self.db, "matching", ["requests"], handlers(self.memory))

    async def files(self, words: str = "aaaa", *lines: Mapping[str, Any], by: str = KENYA, **changes: Any) -> Any:
        """Submit a request whose lines have these words, and let matching receive its facts."""
        said = [line | {"outcome": words, "in_place": ""} for line in lines or [a_line()]]
        body = a_request(title=words, need="", lines=said, **changes)
        filed = await self.api.post("/v1/requests", json=body, headers=headers(by))
        assert filed.status_code == 201, filed.text
        await self.hears()
        return filed.json()

    async def moves(self, request: Mapping[str, Any], name: str, by: str = COORDINATOR, **body: Any) -> Any:
        path = f"/v1/requests/{request['request_id']}/{name}"
        moved = await self.api.post(path, json=body, headers=headers(by, revision=request["revision"]))
        assert moved.status_code == 200, moved.text
        await self.hears()
        return moved.json()

    async def hears(self) -> None:
        async with self.requests.transaction() as tx:
            page = await read(tx, after=self._heard)
        for event in page.events:
            assert await self._inbox.receive(event) is Outcome.APPLIED
        self._heard = page.after

    def reader(self, load: Callable[[], Embedder] = Letters) -> Reader:
        return Reader(self.db, self.peers, self.memory, clock=clock.now, load=load)

    async def reads(self, load: Callable[[], Embedder] = Letters) -> None:
        """Read everything that is due."""
        reader = self.reader(load)
        while await reader.read_next():
            pass

    async def matches(self, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        answer = await self.api.get(f"/v1/matches?request={request['request_id']}", headers=headers(COORDINATOR))
        assert answer.status_code == 200, answer.text
        return list(answer.json()["matches"])

    async def rescored(self) -> list[MatchRescored]:
        async with self.db.transaction() as tx:
            facts = [decode_fact(event) for event in (await read(tx, after="0.0")).events]
        return [fact for fact in facts if isinstance(fact, MatchRescored)]

    async def rows(self, query: str, *args: object) -> list[Any]:
        async with self.db.transaction() as tx:
            return [tuple(row) for row in await tx.fetch(query, *args)]

    async def is_read(self, *about: object) -> list[bool]:
        kept = {str(row[0]) for row in await self.rows("SELECT about_id FROM reading")}
        return [str(one) in kept for one in about]

    async def due_now(self) -> None:
        async with self.db.transaction() as tx:
            await tx.execute("UPDATE to_read SET due_at = now()")


def line_ids(request: Mapping[str, Any]) -> list[UUID]:
    return [UUID(line["line_id"]) for line in request["lines"]]


@contextlib.asynccontextmanager
async def staged(api: Client, settings: Settings, databases: Mapping[str, Database]) -> AsyncIterator[Stage]:
    """Yield a stage; `api` is a client of both services."""
    bound = listener("127.0.0.1", 0)
    server = http_server(cast(Any, api._transport).app, "127.0.0.1", 0)
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started:
        await asyncio.sleep(0.01)
    token_of = service_tokens(settings)
    peers = Peers({"requests": f"http://127.0.0.1:{bound.getsockname()[1]}"}, token_of("matching"))
    try:
        yield Stage(api, databases, peers)
    finally:
        server.should_exit = True
        await serving
        await peers.close()


async def saying(stage: Stage, words: str, by: str = NORWAY, **changes: Any) -> dict[str, Any]:
    """Approve an offering with these words as title."""
    return await approved(stage.api, by, title=words, summary="", **changes)
