"""The context of an action, besides its command."""

from datetime import date, datetime

from msgspec import Struct

from contracts.values import Caller


class Context(Struct, frozen=True, kw_only=True):
    """The caller, the time, and the revision of the record that the caller has read.

    `expected` is 0 if the route needs no revision.
    """

    caller: Caller
    now: datetime
    expected: int = 0

    @property
    def today(self) -> date:
        """The day of `now`, in UTC."""
        return self.now.date()
