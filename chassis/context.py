"""The context of an action, in addition to its command."""

from datetime import date, datetime

from msgspec import Struct

from contracts.values import Caller, Language


class Context(Struct, frozen=True, kw_only=True):
    """The caller, the time, and the revision of the record that the caller has read.

    `expected` is 0 if the route needs no revision. `language` is that of the caller's `Accept-Language`, if sent.
    """

    caller: Caller
    now: datetime
    expected: int = 0
    language: Language | None = None

    @property
    def today(self) -> date:
        """The day of `now`, in UTC."""
        return self.now.date()
