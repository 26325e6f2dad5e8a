"""Records what one real call asks of PostgreSQL, so that the bare variant always does the same."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import asyncpg
import httpx

from chassis.auth.callers import Callers
from chassis.db.database import Database
from chassis.db.migrate import role_of
from chassis.db.pool import Pool
from chassis.http.application import application
from chassis.ids import new_id
from chassis.journal.bus import Bus
from chassis.journal.outbox import Relay
from chassis.journal.peers import Peers
from chassis.runtime import verifier
from chassis.service import Running
from chassis.settings import Settings
from services.requests.request.reference import new_reference
from services.requests.wiring import SERVICE as REQUESTS
from tests.personas import appoint_persona, with_test_appointments

WORD_BITS = 32
"""Maximum number of bits of an integer that is repeated unchanged.

A larger one was drawn at random or hashed, and has to differ in every repetition.
"""

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|TA-\d{4}-\d{5}-\d{5}")
"""An id, or a reference number of a request."""


@dataclass(frozen=True)
class Statement:
    """One round trip: the method of asyncpg that was called, and its arguments."""

    method: str
    query: str
    args: tuple[object, ...]


class Recorder:
    """Replaces a pool; the connection that it returns records its statements."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.statements: list[Statement] = []

    async def acquire(self, *, within_seconds: float, reading: bool = False) -> "Recorded":
        return Recorded(self._connection, self)

    def release(self, connection: "Recorded", *, sound: bool) -> None:
        assert sound, "the recorded call has to succeed"


class Recorded:
    """An asyncpg connection that records its statements."""

    def __init__(self, connection: Any, recorder: Recorder) -> None:
        self._connection = connection
        self._recorder = recorder

    def __getattr__(self, method: str) -> Callable[..., Any]:
        asked = getattr(self._connection, method)

        async def ask(query: str, *args: object, **limits: float) -> Any:
            self._recorder.statements.append(Statement(method, query, args))
            return await asked(query, *args, **limits)

        return ask


async def record_filing(settings: Settings, headers: Mapping[str, str], body: Mapping[str, Any]) -> list[Statement]:
    """Return the statements of one real `POST /v1/requests`.

    If there are several, BEGIN, which names the caller, and COMMIT are among them.
    """
    assert settings.database_url is not None, "the servers provide an address"
    connection = await asyncpg.connect(
        settings.database_url, server_settings={"search_path": REQUESTS.name, "role": role_of(REQUESTS.name)}
    )
    recorder = Recorder(connection)
    try:
        db, bus = Database(cast(Pool, recorder), REQUESTS.name), Bus("nats://127.0.0.1:1", REQUESTS.name)
        peers = Peers({}, lambda: "")
        callers = with_test_appointments(Callers(db, peers))
        appoint_persona("KEN:focal_point")
        running = Running(REQUESTS, settings, db, bus, Relay(db, bus), peers, callers)
        app = application([running], verifier(settings, callers))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bench") as client:
            answer = await client.post("/v1/requests", headers=dict(headers), json=dict(body))
        await peers.close()
    finally:
        await connection.close()
    assert answer.status_code == 201, f"the call that is recorded has to succeed: {answer.text}"
    begun = [one for one in recorder.statements if one.query.startswith("BEGIN")]
    assert len(begun) == (len(recorder.statements) > 1), "one POST is one transaction, or one statement"
    return recorder.statements


# -- repetition for other records -------------------------------------------------------------------------------------

Fresh = Callable[[str], UUID | str]
Filler = Callable[[Fresh], object]


class Repetition:
    """Recorded statements, each time with new ids and references in place of all, including those inside texts."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._statements = [(s.method, s.query, [_filler(arg) for arg in s.args]) for s in statements]

    def again(self) -> list[tuple[str, str, list[object]]]:
        ids: dict[str, UUID | str] = {}

        def fresh(recorded: str) -> UUID | str:
            if recorded not in ids:
                ids[recorded] = new_reference(2026) if recorded.startswith("TA-") else new_id()
            return ids[recorded]

        return [(method, query, [fill(fresh) for fill in fillers]) for method, query, fillers in self._statements]


def _filler(arg: object) -> Filler:
    if isinstance(arg, UUID):
        recorded = str(arg)
        return lambda fresh: fresh(recorded)
    if isinstance(arg, str) and _ID.search(arg):
        texts, ids = _ID.split(arg), _ID.findall(arg)
        return lambda fresh: texts[0] + "".join([f"{fresh(i)}{t}" for i, t in zip(ids, texts[1:], strict=True)])
    if isinstance(arg, list | tuple):
        fillers = [_filler(one) for one in arg]
        return lambda fresh: [fill(fresh) for fill in fillers]
    if isinstance(arg, int) and arg.bit_length() > WORD_BITS:
        return lambda _fresh: new_id().int >> 1 & (1 << 62) - 1
    return lambda _fresh: arg
