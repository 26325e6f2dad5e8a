"""Copies of what is published, kept for a minute, and shown for longer while the API does not answer.

They are the same for everybody, and requested without a token.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from services.console.client import ApiUnavailable, Problem

FRESH = timedelta(minutes=1)
PAUSE = timedelta(seconds=10)
"""Time for which the API is not called again after it did not answer, so that pages do not wait for each attempt."""

LAST = timedelta(days=1)
"""Maximum age of a copy that is shown."""

KEPT_MAX = 200


class Copy(Struct, frozen=True):
    """An answer of the API as of `at`; `is_old` if the API has not answered since."""

    body: Any
    at: datetime
    is_old: bool = False


class Copies:
    """The last good answers, for the KEPT_MAX keys that were used last."""

    def __init__(self) -> None:
        self._held: OrderedDict[Hashable, Copy] = OrderedDict()
        self._silent_until: datetime | None = None

    async def get(self, key: Hashable, fetch: Callable[[], Awaitable[Any]], *, now: datetime) -> Copy:
        """Return the copy of `key`, fetched if older than a minute. Raises what `fetch` raises if none can be shown."""
        held = self._held.get(key)
        if held is not None:
            self._held.move_to_end(key)
            if now - held.at < FRESH:
                return held
            if self._silent_until is not None and now < self._silent_until and now - held.at < LAST:
                return replace(held, is_old=True)
        try:
            body = await fetch()
        except (ApiUnavailable, Problem) as error:
            if not is_silence(error):
                self._held.pop(key, None)
                raise
            # A refusal by the rate limit concerns one caller: others still get fresh copies.
            if not (isinstance(error, Problem) and error.status == 429):
                self._silent_until = now + PAUSE
            if held is None or now - held.at >= LAST:
                raise
            return replace(held, is_old=True)
        self._silent_until = None
        made = self._held[key] = Copy(body, now)
        self._held.move_to_end(key)
        while len(self._held) > KEPT_MAX:
            self._held.popitem(last=False)
        return made


def is_silence(error: ApiUnavailable | Problem) -> bool:
    """Check whether the API could not answer. A refusal (such as of what is no longer published) is an answer."""
    return isinstance(error, ApiUnavailable) or error.status == 429 or error.status >= 500
