"""Copies of what is published, kept for two seconds, and shown for longer while the service does not answer.

They are the same for everybody, and requested without a token. Facts drop the copies that show their record; so that
none is missed, an old copy is shown only while this process has received all of them since the copy was made.
"""

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from chassis.journal.bus import Bus
from contracts.owners import owner_of
from services.console.client import ApiUnavailable, Problem

FRESH = timedelta(seconds=2)
BROWSER_SECONDS = 2
"""Time for which others may keep a page. With FRESH and the time to make it, less than five seconds."""

PAUSE = timedelta(seconds=10)
"""Time for which a service is not called again after it did not answer, so that pages do not wait for each attempt."""

LAST = timedelta(days=1)
"""Maximum age of a copy that is shown."""

GONE = (404, 410)
KEPT_MAX = 200
NAMED_MAX = 10_000
"""Number of records of recent facts that are remembered, for answers that were under way when the fact came."""

FOLLOWED = ("ta.requests.request.>", "ta.requests.public_summary.>", "ta.matching.offering.>")
"""Facts of the records whose texts are published."""

ID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Copy(Struct, frozen=True):
    """An answer of the API as of `at`, and the ids in it; `is_old` if the API has not answered since."""

    body: Any
    at: datetime
    ids: frozenset[bytes] = frozenset()
    is_old: bool = False


class Copies:
    """The last good answers, for the KEPT_MAX keys that were used last."""

    def __init__(self) -> None:
        self._held: OrderedDict[Hashable, Copy] = OrderedDict()
        self._silent_until: dict[str, datetime] = {}
        self._is_following = False
        self._facts = 0
        self._named: OrderedDict[bytes, int] = OrderedDict()

    async def get(self, path: str, key: Hashable, fetch: Callable[[], Awaitable[Any]], *, now: datetime) -> Copy:
        """Return the copy of `key`, fetched unless it is fresh. Raises what `fetch` raises if none can be shown.

        `path` tells the service that answers.
        """
        owner, held = owner_of(path), self._held.get(key)
        if held is not None:
            self._held.move_to_end(key)
            if now - held.at < FRESH:
                return held
            if now < self._silent_until.get(owner, now) and (old := self._old(key, now)):
                return old
        facts = self._facts
        try:
            body = await fetch()
        except (ApiUnavailable, Problem) as error:
            if is_silence(error):
                self._silent_until[owner] = now + PAUSE
                if old := self._old(key, now):
                    return old
            elif isinstance(error, Problem) and error.status in GONE:
                self._held.pop(key, None)
            raise
        self._silent_until.pop(owner, None)
        made = Copy(body, now, _ids(body))
        if all(self._named.get(one, 0) <= facts for one in made.ids):
            self._held[key] = made
            self._held.move_to_end(key)
        while len(self._held) > KEPT_MAX:
            self._held.popitem(last=False)
        return made

    def _old(self, key: Hashable, now: datetime) -> Copy | None:
        """Return the copy to show instead of an answer. A fact may have dropped it while the answer was awaited."""
        held = self._held.get(key)
        if held is None or not self._is_following or now - held.at >= LAST:
            return None
        return replace(held, is_old=True)

    async def follow(self, bus: Bus) -> None:
        """Drop copies by the facts of their records, until the connection to the broker is lost."""
        await bus.wait_connected()
        try:
            async for facts in bus.messages(FOLLOWED):
                if not self._is_following:
                    self.begin()
                for fact in facts:
                    self.drop(fact)
        finally:
            self._is_following = False

    def begin(self) -> None:
        """Forget the copies made before; those made from now on are dropped in time."""
        self._held.clear()
        self._is_following = True

    def drop(self, fact: bytes) -> None:
        """Drop the copies that show a record named in a fact."""
        self._facts += 1
        named = frozenset(ID.findall(fact))
        self._held = OrderedDict((key, one) for key, one in self._held.items() if not one.ids & named)
        for one in named:
            self._named[one] = self._facts
            self._named.move_to_end(one)
        while len(self._named) > NAMED_MAX:
            self._named.popitem(last=False)


def is_silence(error: ApiUnavailable | Problem) -> bool:
    """Check whether the service could not answer. A refusal is an answer, also one by the rate limit."""
    return isinstance(error, ApiUnavailable) or error.status >= 500


def _ids(body: Any) -> frozenset[bytes]:
    """Return the ids in an answer; a file of figures has none."""
    return frozenset() if isinstance(body, httpx.Response) else frozenset(ID.findall(msgspec.json.encode(body)))
