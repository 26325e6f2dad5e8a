"""Background reading of the texts of submitted requests and approved offerings, and rescoring of their matches.

Pending texts are in a table: a reader claims one request or offering under a lease, fetches its text, processes it in a
thread, and saves the reading and its effects in one transaction. If the reader dies, the lease expires and another one
claims it. After repeated failures it is parked, so that it does not block others.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import msgspec
import structlog

from chassis.db.database import Database, with_retries
from chassis.journal.peers import PeerError, Peers
from chassis.supervise import finish_despite_cancel, yield_cpu
from chassis.telemetry import with_correlation
from contracts.words import RequestWords
from services.matching.index.memory import Memory
from services.matching.lines import store as line_store
from services.matching.matches import rescoring
from services.matching.offerings import store as offering_store
from services.matching.texts import meaning, reading
from services.matching.texts import store as reading_store
from services.matching.texts.meaning import Embedder, ModelUnavailableError
from services.matching.texts.reading import Reading, Wording
from services.matching.texts.store import Task

POLL_SECONDS = 0.5
POLL_IDLE_SECONDS = 30.0
"""Maximum delay, without writes and due times, for texts requeued by an operator."""

log = structlog.get_logger()


class Reader:
    """Reads one text at a time; `load` returns the model, or raises ModelUnavailableError if none is usable."""

    def __init__(
        self,
        db: Database,
        peers: Peers,
        memory: Memory,
        *,
        clock: Callable[[], datetime],
        load: Callable[[], Embedder] = meaning.load,
    ) -> None:
        self._db = db
        self._peers = peers
        self._memory = memory
        self._clock = clock
        self._load = load
        self._embedder: Embedder | None = None
        self._loaded = False
        self._due_in_seconds: float | None = None
        # One thread leaves the other processor to requests.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader")

    async def run(self) -> None:
        """Read until cancelled; a reading in progress is finished."""
        while True:
            began = time.monotonic()
            if await finish_despite_cancel(self.read_next()):
                # Requests for suggestions come first, however much there is to read.
                await yield_cpu(time.monotonic() - began)
            else:
                await self._db.activity.pause(
                    POLL_SECONDS, idle_seconds=POLL_IDLE_SECONDS, due_in_seconds=self._due_in_seconds
                )

    async def read_next(self) -> bool:
        """Read the text due first; return False if there is none."""
        async with self._db.transaction() as tx:
            task = await reading_store.claim(tx)
            if task is None:
                self._due_in_seconds = await reading_store.due_in_seconds(tx)
        if task is None:
            return False
        with with_correlation(None):
            try:
                await self._read(task)
            except Exception as error:
                # Only the error's class is kept, because its message may quote the text.
                reason = "words-not-fetched" if isinstance(error, PeerError) else f"failed: {type(error).__name__}"
                await with_retries(lambda: self._retry_later(task, reason))
        return True

    async def _read(self, task: Task) -> None:
        if task.about == "offering":
            await self._read_offering(task)
        else:
            await self._read_request(task)

    async def _read_request(self, task: Task) -> None:
        words = await self._words(task)
        if words is None:
            # The request was withdrawn, or returned and revised: there is nothing to read.
            await with_retries(lambda: self._done(task))
            return
        readings = await self._in_thread(reading.of_lines(words))
        await with_retries(lambda: self._save_lines(task, words.texts_hash, readings))

    async def _words(self, task: Task) -> RequestWords | None:
        named = {"texts": task.texts_hash} if task.texts_hash else {}
        body = await self._peers.find("requests", f"/internal/requests/{task.about_id}/words", named)
        return msgspec.json.decode(body, type=RequestWords) if body else None

    async def _save_lines(self, task: Task, texts_hash: str, readings: Sequence[Reading]) -> None:
        async with self._db.transaction() as tx:
            lines = await line_store.lines_of(tx, task.about_id)
            if await reading_store.hold(tx, task):
                known = {line.line_id for line in lines}
                kept = [one for one in readings if one.about_id in known]
                await reading_store.save(tx, kept, texts_hash, request_id=task.about_id)
                await rescoring.lines(tx, self._memory, lines, now=self._clock())
                await reading_store.done(tx, task)

    async def _read_offering(self, task: Task) -> None:
        async with self._db.transaction() as tx:
            offering = await offering_store.get_as_service(tx, task.about_id)
            texts = (await offering_store.texts(tx, [task.about_id])).get(task.about_id)
        if offering is None or texts is None or offering.texts_hash != task.texts_hash:
            await with_retries(lambda: self._done(task))
            return
        (read,) = await self._in_thread([reading.of_offering(task.about_id, texts.title, texts.summary)])
        await with_retries(lambda: self._save_offering(task, offering.texts_hash, read))

    async def _save_offering(self, task: Task, texts_hash: str, read: Reading) -> None:
        async with self._db.transaction() as tx:
            offering = await offering_store.get_as_service(tx, task.about_id)
            if offering is not None and await reading_store.hold(tx, task):
                await reading_store.save(tx, [read], texts_hash)
                await rescoring.offering(tx, offering, now=self._clock())
                await reading_store.done(tx, task)

    async def _done(self, task: Task) -> None:
        async with self._db.transaction() as tx:
            await reading_store.done(tx, task)

    async def _retry_later(self, task: Task, reason: str) -> None:
        async with self._db.transaction() as tx:
            parked = await reading_store.retry_later(tx, task, reason)
        say = log.warning if parked else log.info
        say("text parked" if parked else "text not read yet", about=task.about, id=str(task.about_id), reason=reason)

    async def _in_thread(self, wordings: Sequence[Wording]) -> list[Reading]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._read_now, wordings)

    def _read_now(self, wordings: Sequence[Wording]) -> list[Reading]:
        if not self._loaded:
            try:
                self._embedder = self._load()
            except ModelUnavailableError as error:
                # Running without a model is a valid choice.
                say = log.info if error.problem.slug == "model-not-installed" else log.warning
                say("texts are not embedded", lack=error.problem.slug, reason=error.problem.reason)
            self._loaded = True
        return reading.read(wordings, self._embedder)
